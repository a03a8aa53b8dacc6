"""What the components ask of a task."""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pipelines.data.preparations.base import Preparation
from pipelines.errors import UserError
from pipelines.recipe.base import Recipe
from pipelines.recipe.method import Method
from pipelines.recipe.numbers import Numbers
from pipelines.report.judgement import Cell, Gallery, Judgement, Table, Tile, markdown, minus, numeric
from pipelines.tasks import images

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

R = TypeVar("R", bound=Recipe)

FILES_IN = (
    "Encoded images are read in eight bits, upright as EXIF says, with transparency on white. The output `error` says\n"
    "why an image was refused, and is empty for the others."
)
"""What a card says of signatures that take image files, in Markdown."""


@dataclasses.dataclass(frozen=True)
class Nouns:
    """What is counted is called so in lines such as "60,000 images to train on".

    Attributes:
        examples: what the source holds.
        train: what training reads.
        held_out: what the evaluation reads.
        remedy: the advice where there are too few to train on.
    """

    examples: str = "images"
    train: str = "images to train on"
    held_out: str = "held out"
    remedy: str = "give more images, or a smaller train.batch_size"


class Task(ABC, Generic[R]):
    """One kind of job.

    What is measured and what training reads lie in modules of their own, ``measure`` and ``data`` of the task's
    package: a run is named by the code of the second, and an evaluation found again by that of the first. What is
    said of an evaluation, in report, card and console, follows from the declaration of its numbers.

    Args:
        methods: the recipe classes of methods that have numbers of their own.

    Attributes:
        numbers: what evaluations measure, and beside what; a class names those of its task.
        nouns: what examples are called.
    """

    numbers: Numbers
    nouns: ClassVar[Nouns] = Nouns()

    def __init__(self, methods: Iterable[type[Method]] = ()):
        # Of the object, not of its class: that is in keys, which a new method does not move.
        self.numbers = self.numbers.joined(*(method.numbers for method in methods))

    # What a run does.

    def judged_on(self, recipe: R) -> Preparation:
        """The preparation whose examples are measured; by default the one that training reads."""
        return recipe.prepare

    @abstractmethod
    def training_data(self, recipe: R, examples: Path) -> tf.data.Dataset:
        """What `fit` is given: a `data.load`.

        Args:
            recipe: settled.
            examples: the prepared directory.
        """

    def batches(self, recipe: R, examples: Path) -> tf.data.Dataset:
        """`training_data`, of one batch at least.

        Raises:
            UserError: there are fewer examples than a batch.
        """
        size = recipe.train.batch_size
        try:
            data = self.training_data(recipe, examples)
            if int(data.cardinality()) > 0:
                return data
        except ValueError:
            if images.count(examples, "train") >= size:
                raise
        raise UserError(f"{examples}: there are fewer {self.nouns.train} than one batch of {size}; {self.nouns.remedy}")

    def judged_by(self, recipe: R) -> dict[str, Any]:
        """JSON value of all that the evaluation depends on besides weights, data and code.

        By default what is measured, and the thresholds.
        """
        return {"evaluate": recipe.evaluate.model_dump(mode="json")}

    @abstractmethod
    def evaluate(
        self,
        recipe: R,
        model: Callable[[], keras.Model],
        examples: Path,
        content: str,
        directory: Path,
        shared: Path,
    ) -> dict[str, Any]:
        """Measures the trained model.

        Args:
            recipe: settled.
            model: makes the model.
            examples: the prepared directory.
            content: the digest of what is in it.
            directory: for pictures; all files in it are kept.
            shared: for what many evaluations have in common, kept between runs.

        Returns:
            A JSON value: ``numbers``, name -> value, ``baselines``, name -> the numbers of it, and whatever else report
            and card say. ``examples``, name of a number -> the example that it was measured on, is said with the
            thresholds that fail. The evaluator adds comparisons with the baselines, and the verdict.
        """

    def export_probe(self, recipe: R, model: Callable[[], keras.Model], examples: Path) -> tuple[Any, Any]:
        """What the exporter asks the SavedModel, and what the model in memory answers (`export.check`)."""
        return images.export_probe(model(), examples, self.asked(recipe))

    def asked(self, recipe: R) -> str:
        """The feature of prepared examples that the exporter asks the SavedModel, where it takes images."""
        return "image"

    # What people are told.

    def identity(self, recipe: R) -> dict[str, Any]:
        """What all versions of a served model have in common: keys of its card and their values."""
        return {"method": recipe.model.method, "image": list(recipe.prepare.shape)}

    @abstractmethod
    def caption(self, evaluation: dict[str, Any]) -> str:
        """How the numbers were measured, in a sentence or two."""

    @abstractmethod
    def galleries(self, recipe: R, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """The pictures of the report, whose files are in the directory ``pictures``."""

    @abstractmethod
    def usage(self, parameters: dict[str, Any]) -> str:
        """Python code that uses the pushed model, ``{path}`` being its directory in quotes.

        Args:
            parameters: of the recipe, section -> its values, as a card has them.
        """

    @abstractmethod
    def signatures(self, card: dict[str, Any]) -> dict[str, str]:
        """The signatures of the SavedModel: name -> what goes in and what comes out."""

    def note(self, card: dict[str, Any]) -> str:
        """What else a card says below its tables; by default nothing."""
        return ""

    def others(self, evaluation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """What else of the model was measured, such as another layer: heading -> its numbers."""
        return []

    def tables(self, evaluation: dict[str, Any]) -> list[Table]:
        """The tables of report and card: the model above its baselines."""
        rows = [
            ("this model", evaluation["numbers"]),
            *self.others(evaluation),
            *self.numbers.rows(evaluation),
        ]
        columns = self.numbers.columns(evaluation["numbers"])
        if not columns:
            return []
        head = ["", *(self.numbers.title(number, evaluation) for number in columns)]
        cells = [[Cell(who), *(numeric(number.written(values)) for number in columns)] for who, values in rows]
        return [Table("numbers", "Measured beside baselines", self.caption(evaluation), head, cells)]

    def judgement(self, recipe: R, evaluation: dict[str, Any], pictures: Path) -> Judgement:
        """What the report shows of the evaluation, whose pictures are in the directory ``pictures``."""
        return Judgement(
            summary=self.numbers.summary(evaluation),
            tiles=self._tiles(evaluation),
            tables=self.tables(evaluation),
            galleries=self.galleries(recipe, evaluation, pictures),
            usage=self.usage(recipe.model_dump(mode="json", include={"prepare", "model"})),
        )

    def card_text(self, card: dict[str, Any], path: str) -> str:
        """The card's tables and how to use the model, in Markdown.

        Args:
            card: the whole card.
            path: of the SavedModel, ``<name>/<version>``.
        """
        evaluation = card["evaluation"]
        signatures = self.signatures(card)
        named = "; ".join(f"`{name}`: {what}" for name, what in signatures.items())
        size = ""
        if "image" in card:
            height, width, channels = card["image"]
            size = f"Images of {height} x {width} pixels, {channels} {'channel' if channels == 1 else 'channels'}. "
        files = [FILES_IN] if any("encoded image" in what for what in signatures.values()) else []
        parts = [
            self.caption(evaluation),
            *map(markdown, self.tables(evaluation)),
            *([self.note(card)] if self.note(card) else []),
            "\n".join(
                [f"{size}Signatures: {named}. `saved_model_cli show --dir {path} --all` tells what each takes.", *files]
            ),
            f"```python\n{self.usage(card['parameters']).replace('{path}', json.dumps(path))}\n```",
        ]
        return "\n\n".join(parts) + "\n"

    def held_out(self, evaluation: dict[str, Any]) -> list[str] | None:
        """The names of what training never saw, where it is few enough to be named."""
        return None

    def statistics(self, examples: dict[str, Any], prepared: dict[str, Any]) -> dict[str, Any]:
        """The table of the data in the report.

        Args:
            examples: the manifest of the examples.
            prepared: that of the prepared ones.
        """
        return {
            f"{self.nouns.examples} to train on": examples["splits"]["train"]["records"],
            f"{self.nouns.examples} held out": examples["splits"]["eval"]["records"],
        }

    def _tiles(self, evaluation: dict[str, Any]) -> list[Tile]:
        """The numbers in large letters, without the deviation."""
        tiles = []
        for number in self.numbers.numbers:
            value = evaluation["numbers"].get(number.name)
            if number.tile and value is not None:
                text = minus(number.written({number.name: value}))
                unit = number.unit or ("%" if text.endswith("%") else "")
                heading = self.numbers.heading(number, evaluation)
                tiles.append(Tile(heading, text.removesuffix("%"), unit, number.is_good(value)))
        return tiles
