"""What recipes of all tasks have in common."""

import difflib
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from pipelines.data.validation.section import Validate
from pipelines.recipe.section import Fraction, Section
from pipelines.recipe.training import Train


class Data(Section):
    """Where the images come from and which of them training never sees.

    ``source: frames`` reads ``folder`` as films, a folder of frames each: films, not frames, are held out.
    A folder whose sub-folders are called like splits, ``train`` and ``val`` or ``test``, is read by these, as
    ``train_split`` and ``eval_split`` say. ``class_names`` are the classes of a folder by number, instead of those that
    are there. ``held_out`` names files of the source; without it ``eval_fraction`` of them, by content, are held out. A
    ``dataset`` is a name that `keras_genssl.data.load` knows, a directory of IDX files or an NPZ archive, and its
    splits are used as they are. A ``table`` is a CSV file of pairs of image files, for ``prepare.preparation: pairs``;
    pairs that share an image are held out together, or as its column ``split`` says. When more than
    ``max_failure_rate`` of the images cannot be used, the run ends. ``schema`` is a file that the data is held against,
    instead of the schema of the recipe's first run; ``validate`` says what an anomaly does.
    """

    source: Literal["embedded", "folder", "frames", "dataset", "pairs"] = "embedded"
    folder: str | None = None
    dataset: str | None = None
    table: str | None = None
    train_split: str = "train"
    eval_split: str = "test"
    held_out: Annotated[list[str], Field(min_length=1)] | None = None
    class_names: Annotated[list[str], Field(min_length=2)] | None = None
    eval_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1
    max_failure_rate: Fraction = 0.5
    # Pydantic's classes have methods of these names.
    schema_file: str | None = Field(default=None, alias="schema")
    validation: Validate = Field(default=Validate(), alias="validate")

    @model_validator(mode="after")
    def _source_is_named(self) -> "Data":
        if self.source in ("folder", "frames") and self.folder is None:
            raise ValueError(f"`source: {self.source}` needs `folder`, or `--data DIR` on the command line")
        if self.source == "dataset" and self.dataset is None:
            raise ValueError("`source: dataset` needs `dataset`, a name such as fashion_mnist")
        if self.source == "pairs" and self.table is None:
            raise ValueError("`source: pairs` needs `table`, or `--data TABLE.csv` on the command line")
        readers = {"folder": ("folder", "frames"), "dataset": ("dataset",), "table": ("pairs",)}
        for key, sources in readers.items():
            if getattr(self, key) is not None and self.source not in sources:
                raise ValueError(f"`{key}` is read only with `source: {' or '.join(sources)}`")
        if self.class_names is not None and self.source not in ("folder", "frames"):
            raise ValueError("`class_names` numbers the sub-folders of a folder: `source` must be folder or frames")
        if self.held_out is not None and self.source == "dataset":
            raise ValueError("`held_out` names files, and a dataset has splits: use `eval_split`")
        if self.held_out is not None and self.source == "pairs":
            raise ValueError("`held_out` names images, and a table has pairs: give it a column `split`")
        return self


class Export(Section):
    """The name under which the model is pushed; ``{size}`` in it becomes ``prepare.size``."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9_]|\{size\})*$")


class Recipe(Section):
    """A whole recipe, checked; what a task adds stands in a class of its own.

    Class attributes:
        own_data: what `--data` changes beside the source: the thresholds of a recipe are those of the images that it
            ships with.
        own_pairs: the same where it names a table of pairs.
    """

    own_data: ClassVar[tuple[str, ...]] = ()
    own_pairs: ClassVar[tuple[str, ...]] = ()

    task: str
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*$")
    description: str
    data: Data = Data()
    prepare: Any
    model: Any
    train: Train
    evaluate: Any
    export: Export
    full_scale: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _pairs_are_learnt_from(self) -> "Recipe":
        if self.data.source == "pairs" and self.prepare.preparation != "pairs":
            raise ValueError(
                "`data.source: pairs` is for recipes with `prepare.preparation: pairs`. "
                f"Received: {self.prepare.preparation}"
            )
        return self

    @model_validator(mode="after")
    def _tuples_are_of_films(self) -> "Recipe":
        if self.prepare.preparation == "frame_tuples" and self.data.source != "frames":
            raise ValueError(
                "`prepare.preparation: frame_tuples` is drawn from films: `data.source` must be frames. "
                f"Received: {self.data.source}"
            )
        return self

    @model_validator(mode="after")
    def _optimizers_are_of_players(self) -> "Recipe":
        players = self.model.players
        for name in self.train.optimizers:
            if name not in players:
                near = difflib.get_close_matches(name, players, n=1)
                known = f"the players {', '.join(players)}" if players else "no players: it has one optimizer"
                hint = f" Did you mean `{near[0]}`?" if near else ""
                raise ValueError(
                    f"`train.optimizers` must name players. Received: {name}; {self.model.method} has {known}.{hint}"
                )
        return self
