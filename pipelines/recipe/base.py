"""What the recipes of all tasks have in common."""

import difflib
from typing import Any, ClassVar

from pydantic import Field, model_validator

from pipelines.data.sources import SOURCES, Embedded, Inputs, Source
from pipelines.recipe.method import Sections
from pipelines.recipe.training import Train
from pipelines.section import Section


class Export(Section):
    """The name under which the model is pushed; ``{size}`` in it becomes ``prepare.size``."""

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9_]|\{size\})*$")


class Recipe(Section):
    """A whole recipe, validated. A subclass adds what its task needs.

    Class attributes:
        own_data: the changes that `--data` makes besides replacing the source: a recipe's thresholds hold only for the
            images that it ships with.
        own_pairs: the same for `--data` that names pairs of images.
        own_names: the names with which `--data` may give several folders that form one source.
    """

    own_data: ClassVar[tuple[str, ...]] = ()
    own_pairs: ClassVar[tuple[str, ...]] = ()
    own_names: ClassVar[tuple[str, ...]] = ()

    task: str
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*$")
    description: str
    data: Inputs = Embedded()
    prepare: Any
    model: Any
    train: Train
    evaluate: Any
    export: Export
    full_scale: dict[str, Any] | None = None

    @property
    def sections(self) -> Sections:
        """Returns the sections that the model is built from."""
        return Sections(self.prepare, self.train)

    @property
    def inputs(self) -> dict[str, Source]:
        """Returns the sources by name. A single unnamed source has the empty string as its name."""
        return dict(self.data) if isinstance(self.data, dict) else {"": self.data}

    @property
    def source(self) -> Source:
        """Returns the source of a recipe that has exactly one."""
        (source,) = self.inputs.values()
        return source

    def prepared_as(self, name: str) -> Any:
        """Returns the preparation of one input: `prepare` for every input, unless a subclass says otherwise."""
        return self.prepare

    @model_validator(mode="after")
    def _the_inputs_are_read(self) -> "Recipe":
        given, wanted = [name for name in self.inputs if name], list(self.model.inputs(self.prepare))
        if sorted(given) != sorted(wanted):
            rule = f"name the inputs {' and '.join(wanted)}" if wanted else "be one source, without a name"
            raise ValueError(
                f"`data` must {rule}, for {self.model.method}. Received: {' and '.join(given) or 'one source'}"
            )
        return self

    @model_validator(mode="after")
    def _the_data_can_be_prepared(self) -> "Recipe":
        for name, source in self.inputs.items():
            prepare = self.prepared_as(name)
            if not source.gives & prepare.reads:
                fitting = " or ".join(kind.tag() for kind in SOURCES if kind.gives & prepare.reads)
                raise ValueError(
                    f"`prepare.preparation: {prepare.preparation}` is made of {' or '.join(sorted(prepare.reads))}: "
                    f"`data.{name}{'.' if name else ''}source` must be {fitting}. Received: {source.source}"
                )
        return self

    @model_validator(mode="after")
    def _thresholds_are_of_what_is_measured(self) -> "Recipe":
        known = self.evaluate.numbers.joined(self.model.numbers).names
        for name in self.evaluate.bless or {}:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean `{near[0]}`?" if near else ""
                raise ValueError(
                    f"`evaluate.bless` must name numbers out of {', '.join(known)}. Received: {name}.{hint}"
                )
        return self

    @model_validator(mode="after")
    def _players_are_the_methods(self) -> "Recipe":
        players = self.model.players
        for name in self.train.players:
            if name not in players:
                near = difflib.get_close_matches(name, players, n=1)
                known = f"the players {', '.join(players)}" if players else "no players: it has one optimizer"
                hint = f" Did you mean `{near[0]}`?" if near else ""
                raise ValueError(
                    f"`train.players` must name players. Received: {name}; {self.model.method} has {known}.{hint}"
                )
        used = [self.train.optimizer, *(player.optimizer for player in self.train.players.values())]
        if players and any(getattr(optimizer, "ema", None) is not None for optimizer in used):
            raise ValueError(
                "`ema` of an optimizer averages the weights that one optimizer updates. "
                f"Received: {self.model.method} with the players {', '.join(players)}"
            )
        return self
