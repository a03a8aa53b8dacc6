"""What every source of images is, and what it needs to be read."""

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

IMAGES, FILMS, PAIRS = "images", "films", "pairs"  # what the examples of a source are
EvalFraction = Annotated[float, Field(gt=0, lt=1)]


@dataclasses.dataclass(frozen=True)
class Reading:
    """How a run reads a source.

    Attributes:
        home: the directory of all examples of the run's output.
        exclude: folders that the run writes, in which no image of the user's is looked for.
        labels: write the labels too, where the source has some.
        workers: processes that read, or the engine that has them.
        tell: is called with a `progress.Progress`, from another thread, as shards are written.
        note: shows the user a line.
    """

    home: Path
    exclude: tuple[Path, ...] = ()
    labels: bool = False
    workers: "Workers" = 1
    tell: "progress.Tell | None" = None
    note: Callable[[str], None] = lambda text: None


class Source(Section):
    """The section `data`: where the images come from, and which of them training never sees.

    When more than ``max_failure_rate`` of the images cannot be used, the run ends. ``schema`` is a file that the data
    is held against, instead of the schema of the recipe's first run; ``validate`` says what an anomaly does. A key that
    is null counts as one that is left out.

    Class attributes:
        example_gen: the module that reads the source: its `SPEC`, and a function `read(source, reading)`.
        place: the keys that say where the images lie; none where nothing must be said.
        needs: what a user must give where the place is missing.
        refuses: key of another source -> why this one has none such.
        gives: what one example is: an image, a frame of a film (which is an image too), or a pair of images.
        counted: what its examples are called; None: what the recipe's task calls them.
    """

    example_gen: ClassVar[str]
    place: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[str] = ""
    refuses: ClassVar[Mapping[str, str]] = {}
    gives: ClassVar[frozenset[str]] = frozenset({IMAGES})
    counted: ClassVar[str | None] = None

    source: str
    max_failure_rate: Fraction = 0.5
    # Pydantic's classes have methods of these names.
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
        """What recipes call it: the value of ``source``."""
        (tag,) = get_args(cls.model_fields["source"].annotation)
        return tag

    @classmethod
    def takes(cls, paths: Mapping[str, Path]) -> bool:
        """Whether paths of the command line may mean such a source.

        Args:
            paths: name -> path; the name of one that has none is the empty string.
        """
        return False

    @classmethod
    def given(cls, paths: Mapping[str, Path], section: Mapping[str, Any]) -> dict[str, Any]:
        """The section that ``--data`` puts in the place of another.

        Args:
            paths: what was given, which the class `takes`.
            section: of the recipe; what it says of the data stays, but for the names of images that are held out.
        """
        fields = {field.alias or name for name, field in cls.model_fields.items()}
        kept = {key: value for key, value in section.items() if key in fields and key != "held_out"}
        told = zip(cls.place, (paths[name] for name in sorted(paths)), strict=True)
        return {**kept, "source": cls.tag(), **{key: str(path.expanduser().resolve()) for key, path in told}}

    @property
    def component(self) -> "Component":
        """The spec of the ExampleGen that reads it."""
        return importlib.import_module(self.example_gen).SPEC

    def read(self, reading: Reading) -> "Artifact":
        """Its examples, as records.

        Raises:
            UserError: it cannot be read, or holds nothing that can be used.
        """
        return importlib.import_module(self.example_gen).read(self, reading)

    @property
    def where(self) -> str:
        """Where it lies, or what it is called."""
        raise NotImplementedError

    @property
    def described(self) -> str:
        """Where the images come from, for readers of a model's card; no path of this machine."""
        raise NotImplementedError

    @property
    def published(self) -> str | None:
        """The name of a data set that others know too; None for images of one's own."""
        return None

    @property
    def called(self) -> str:
        """What tables of results call it."""
        return self.published or self.source

    @property
    def license(self) -> str:
        """The license of what is learnt from it."""
        return "not stated: the weights derive from the images given"

    def identity(self) -> dict[str, Any]:
        """What tells the data from others, as a JSON value: all but how strictly they are looked at."""
        loose = {"max_failure_rate", "schema_file", "validation"}
        return self.model_dump(mode="json", exclude=loose, exclude_none=True)


class Divided(Source):
    """A source of files: ``held_out`` names some; without it ``eval_fraction`` of them, by content, are held out."""

    held_out: Annotated[list[str], Field(min_length=1)] | None = None
    eval_fraction: EvalFraction = 0.1

    @property
    def split(self) -> dict[str, Any]:
        """Names of what is held out, or fractions of the files."""
        if self.held_out is not None:
            return {"eval": self.held_out}
        return {"train": 1 - self.eval_fraction, "eval": self.eval_fraction}
