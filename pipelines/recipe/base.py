"""What recipes of all tasks have in common."""

import difflib
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from pipelines.data.sources import SOURCES, AnySource, Embedded
from pipelines.recipe.method import Sections
from pipelines.recipe.section import Section
from pipelines.recipe.training import Train


class Export(Section):
    """The name under which the model is pushed; ``{size}`` in it becomes ``prepare.size``."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9_]|\{size\})*$")


class Recipe(Section):
    """A whole recipe, checked; what a task adds stands in a class of its own.

    Class attributes:
        own_data: what `--data` changes beside the source: the thresholds of a recipe are those of the images that it
            ships with.
        own_pairs: the same where it names pairs of images.
    """

    own_data: ClassVar[tuple[str, ...]] = ()
    own_pairs: ClassVar[tuple[str, ...]] = ()

    task: str
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*$")
    description: str
    data: AnySource = Embedded()
    prepare: Any
    model: Any
    train: Train
    evaluate: Any
    export: Export
    full_scale: dict[str, Any] | None = None

    @property
    def sections(self) -> Sections:
        """Those that the model is made of."""
        return Sections(self.prepare, self.train)

    @field_validator("data", mode="before")
    @classmethod
    def _photographs_by_default(cls, value: Any) -> Any:
        return {"source": "embedded", **value} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _the_data_can_be_prepared(self) -> "Recipe":
        made_of, given = self.prepare.reads, self.data
        if not given.gives & made_of:
            fitting = " or ".join(kind.tag() for kind in SOURCES if kind.gives & made_of)
            raise ValueError(
                f"`prepare.preparation: {self.prepare.preparation}` is made of {' or '.join(sorted(made_of))}: "
                f"`data.source` must be {fitting}. Received: {given.source}"
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
