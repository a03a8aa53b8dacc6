"""A data set that `keras_genssl.data.load` knows."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pipelines.data.sources.base import Source

LICENSES = {"fashion_mnist": "Apache-2.0 (the data set Fashion-MNIST is under MIT)"}


class Dataset(Source):
    """A ``dataset``: a name that `keras_genssl.data.load` knows, a directory of IDX files, or an NPZ archive.

    Its splits are used as they are. ``train_without`` lists the numbers of classes that training never sees: their
    images are left out of the training split and stay in the other, as anomalies.
    """

    example_gen: ClassVar[str] = "pipelines.data.example_gen.dataset"
    place: ClassVar[tuple[str, ...]] = ("dataset",)
    needs: ClassVar[str] = "a name such as fashion_mnist"
    refuses: ClassVar[Mapping[str, str]] = {
        "held_out": "names files, and a dataset has splits: use `eval_split`",
        "eval_fraction": "divides files, and a dataset has splits: use `train_split` and `eval_split`",
    }

    source: Literal["dataset"]
    dataset: str
    train_split: str = "train"
    eval_split: str = "test"
    train_without: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None

    @property
    def where(self) -> str:
        return self.dataset

    @property
    def described(self) -> str:
        return f"the data set {self._named}"

    @property
    def published(self) -> str | None:
        return self._named

    @property
    def license(self) -> str:
        return LICENSES.get(self.dataset, super().license)

    @property
    def _named(self) -> str:
        """Returns the name of the data set, with what training leaves out of it."""
        classes = ", ".join(map(str, self.train_without or ()))
        return f"{self.dataset} without class {classes}" if classes else self.dataset
