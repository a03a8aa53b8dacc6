"""The base class of all sources of images, and what reading one needs."""

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args

from pydantic import Field, model_validator

from pipelines.data.validation.section import Validate
from pipelines.section import Fraction, Section

if TYPE_CHECKING:
    from pipelines.beam import progress
    from pipelines.runtime.artifact import Artifact
    from pipelines.runtime.component import Component
    from pipelines.runtime.engines import Workers

IMAGES, FILMS, PAIRS = "images", "films", "pairs"  # the kinds of examples that a source can have


@dataclasses.dataclass(frozen=True)
class Reading:
    """How a run reads a source.

    Attributes:
        home: the directory in which the run's output keeps all examples.
        exclude: folders that the run writes; they are not searched for images.
        labels: whether to write the labels too, if the source has some.
        workers: the number of processes that read, or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.
        note: shows the user a line.
    """

    home: Path
    exclude: tuple[Path, ...] = ()
    labels: bool = False
    workers: "Workers" = 1
    tell: "progress.Tell | None" = None
    note: Callable[[str], None] = lambda text: None


class Source(Section):
    """The section `data`: where the images come from, and which of them are held out from training.

    If more than ``max_failure_rate`` of the images cannot be used, the run ends. ``schema`` names a file that the data
    is checked against, instead of the schema of the recipe's first run; ``validate`` says what happens at an anomaly.
    A key with the value null counts as left out.

    Class attributes:
        example_gen: the module that reads the source; it has a `SPEC` and a function `read(source, reading)`.
        place: the keys that say where the images are; empty if no place must be given.
        needs: what a user must give if the place is missing.
        refuses: key of another source -> why this one does not have it.
        gives: what one example is: an image, a frame of a film (which is an image too), or a pair of images.
        counted: the word for its examples; None uses the word of the recipe's task.
        told: the words for a source of the user's own files, such as "a folder of the user's".
    """

    example_gen: ClassVar[str]
    place: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[str] = ""
    refuses: ClassVar[Mapping[str, str]] = {}
    gives: ClassVar[frozenset[str]] = frozenset({IMAGES})
    counted: ClassVar[str | None] = None
    told: ClassVar[str] = ""

    source: str
    max_failure_rate: Fraction = 0.5
    # Pydantic's classes have methods with these names, hence the aliases.
    schema_file: str | None = Field(default=None, alias="schema")
    validation: Validate = Field(default=Validate(), alias="validate")

    @model_validator(mode="before")
    @classmethod
    def _it_says_where(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        given = {key: item for key, item in value.items() if item is not None}
        for key, why in cls.refuses.items():
            if key in given:
                raise ValueError(f"`{key}` {why}")
        missing = [f"`{key}`" for key in cls.place if key not in given]
        if missing:
            raise ValueError(f"`source: {cls.tag()}` needs {' and '.join(missing)}, {cls.needs}")
        return given

    @classmethod
    def tag(cls) -> str:
        """Returns the name of the kind in recipes: the value of ``source``."""
        (tag,) = get_args(cls.model_fields["source"].annotation)
        return tag

    @classmethod
    def takes(cls, paths: Mapping[str, Path]) -> bool:
        """Returns whether paths of the command line can mean this kind of source.

        Args:
            paths: name -> path; an unnamed one has the empty string as its name.
        """
        return False

    @classmethod
    def given(cls, paths: Mapping[str, Path], section: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the section `data` that ``--data`` puts in place of the recipe's.

        Args:
            paths: the given paths, which the class `takes`.
            section: the recipe's section. What it says about the data is kept, except the names of held-out images.
        """
        fields = {field.alias or name for name, field in cls.model_fields.items()}
        kept = {key: value for key, value in section.items() if key in fields and key != "held_out"}
        told = zip(cls.place, (paths[name] for name in sorted(paths)), strict=True)
        return {**kept, "source": cls.tag(), **{key: str(path.expanduser().resolve()) for key, path in told}}

    @property
    def component(self) -> "Component":
        """Returns the spec of the ExampleGen that reads the source."""
        return importlib.import_module(self.example_gen).SPEC

    def read(self, reading: Reading) -> "Artifact":
        """Reads the examples of the source and writes them as records.

        Raises:
            UserError: the source cannot be read, or holds nothing that can be used.
        """
        return importlib.import_module(self.example_gen).read(self, reading)

    @property
    def where(self) -> str:
        """Returns the place or the name of the source."""
        return " and ".join(str(path.expanduser().resolve()) for path in self._paths())

    @property
    def described(self) -> str:
        """Describes for readers of a model's card where the images come from, without paths of this machine."""
        return f"{self.told}: {' and '.join(path.name for path in self._paths())}"

    @property
    def published(self) -> str | None:
        """Returns the name of a data set that others know too; None for the user's own images."""
        return None

    @property
    def called(self) -> str:
        """Returns the name of the source in tables of results."""
        return self.published or self.source

    @property
    def license(self) -> str:
        """Returns the license of what is learnt from the source."""
        return "not stated: the weights derive from the images given"

    def identity(self) -> dict[str, Any]:
        """Returns what distinguishes the data from other data, as a JSON value: all keys but those for checking it."""
        loose = {"max_failure_rate", "schema_file", "validation"}
        return self.model_dump(mode="json", exclude=loose, exclude_none=True)

    def _paths(self) -> list[Path]:
        return [Path(getattr(self, key)) for key in self.place]


class Divided(Source):
    """A source that is divided by content: about ``eval_fraction`` of its examples are held out."""

    eval_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1

    @property
    def split(self) -> dict[str, Any]:
        """Returns the fractions of the examples."""
        return {"train": 1 - self.eval_fraction, "eval": self.eval_fraction}


class Files(Divided):
    """A source of files, each an example. ``held_out`` names held-out files instead of a fraction."""

    held_out: Annotated[list[str], Field(min_length=1)] | None = None

    @property
    def split(self) -> dict[str, Any]:
        """Returns the names of held-out files, or the fractions of the files."""
        return super().split if self.held_out is None else {"eval": self.held_out}
