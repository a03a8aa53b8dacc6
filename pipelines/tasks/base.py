"""The base class of all tasks: what the components ask of a task."""

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
from pipelines.recipe.trial import Trial
from pipelines.report.judgement import Cell, Gallery, Judgement, Table, Tile, markdown, minus, numeric
from pipelines.report.signatures import Tensors, described
from pipelines.tasks import images

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

R = TypeVar("R", bound=Recipe)


@dataclasses.dataclass(frozen=True)
class Nouns:
    """The words for what is counted, in lines such as "60,000 images to train on".

    Attributes:
        examples: the examples of the source.
        train: the examples that training reads.
        held_out: the examples that the evaluation reads.
        remedy: the advice if there are too few examples to train on.
    """

    examples: str = "images"
    train: str = "images to train on"
    held_out: str = "held out"
    remedy: str = "give more images, or a smaller train.batch_size"


class Task(ABC, Generic[R]):
    """One kind of job.

    Measuring and reading training data are in modules of their own, ``measure`` and ``data`` in the task's package:
    the key of a training depends on the code of ``data``, and the key of an evaluation on the code of ``measure``.
    What report, card and console say about an evaluation follows from the declaration of its numbers.

    Args:
        methods: the recipe classes of methods that declare numbers of their own.

    Attributes:
        numbers: the numbers and baselines that evaluations measure; a subclass declares those of its task.
        nouns: the words for examples.
    """

    numbers: Numbers
    nouns: ClassVar[Nouns] = Nouns()

    def __init__(self, methods: Iterable[type[Method]] = ()):
        # Set on the instance and not on the class: the class is part of keys, and a new method must not change them.
        self.numbers = self.numbers.joined(*(method.numbers for method in methods))

    # What a run does.

    def judged_on(self, recipe: R) -> Preparation:
        """Returns the preparation whose examples are measured; by default the one that training reads."""
        return recipe.prepare

    @abstractmethod
    def training_data(self, recipe: R, examples: Path) -> tf.data.Dataset:
        """Returns the dataset for `fit`, made by `data.load`.

        Args:
            recipe: the completed recipe.
            examples: the directory of prepared examples.
        """

    def batches(self, recipe: R, examples: Path) -> tf.data.Dataset:
        """Returns `training_data`, which has at least one batch.

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
        """Returns a JSON value of everything that the evaluation depends on besides weights, data and code.

        By default this is the section `evaluate`: what is measured, and the thresholds.
        """
        return {"evaluate": recipe.evaluate.model_dump(mode="json")}

    @abstractmethod
    def evaluate(self, recipe: R, trial: Trial) -> dict[str, Any]:
        """Measures the trained model.

        Args:
            recipe: the completed recipe.
            trial: the trained model, the examples that it is measured on, and the directories for files.

        Returns:
            A JSON value with ``numbers`` (name -> value), ``baselines`` (name -> its numbers) and whatever else report
            and card show. ``examples`` (name of a number -> the example that it was measured on) is optional and is
            shown when a threshold fails. The evaluator adds the comparisons with the baselines and the verdict.
        """

    def export_probe(self, recipe: R, model: Callable[[], keras.Model], examples: Path) -> tuple[Any, Any]:
        """Returns the input for checking the SavedModel, and the answer of the model in memory (`export.check`)."""
        return images.export_probe(model(), examples, self.asked(recipe))

    def asked(self, recipe: R) -> str:
        """Returns the feature of prepared examples with which the exporter checks a SavedModel that takes images."""
        return "image"

    # What readers see.

    def identity(self, recipe: R) -> dict[str, Any]:
        """Returns the entries of the card that all versions of a served model share."""
        return {"method": recipe.model.method, "image": list(recipe.prepare.shape)}

    @abstractmethod
    def caption(self, evaluation: dict[str, Any]) -> str:
        """Says in one or two sentences how the numbers were measured."""

    @abstractmethod
    def galleries(self, recipe: R, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
        """Returns the pictures of the report; their files are in the directory ``pictures``."""

    @abstractmethod
    def usage(self, signatures: dict[str, dict[str, Tensors]]) -> str:
        """Returns Python code that uses the pushed model; ``{path}`` stands for its directory in quotes.

        Args:
            signatures: what the SavedModel serves (`saved_model.signatures`).
        """

    def note(self, card: dict[str, Any]) -> str:
        """Returns more text for the card, below its tables; empty by default."""
        return ""

    def others(self, evaluation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Returns other measured parts of the model, such as another layer, as (heading, its numbers)."""
        return []

    def tables(self, evaluation: dict[str, Any]) -> list[Table]:
        """Returns the tables of report and card, with the model above its baselines."""
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
        return [Table("numbers", "The model and its baselines", self.caption(evaluation), head, cells)]

    def judgement(self, recipe: R, evaluation: dict[str, Any], pictures: Path) -> Judgement:
        """Returns what the report shows of the evaluation; its pictures are in the directory ``pictures``."""
        return Judgement(
            summary=self.numbers.summary(evaluation),
            tiles=self._tiles(evaluation),
            tables=self.tables(evaluation),
            galleries=self.galleries(recipe, evaluation, pictures),
        )

    def card_text(self, card: dict[str, Any], path: str) -> str:
        """Returns the card's tables and how to use the model, in Markdown.

        Args:
            card: the whole card.
            path: the path of the SavedModel, ``<name>/<version>``.
        """
        evaluation = card["evaluation"]
        size = []
        if "image" in card:
            height, width, channels = card["image"]
            size = [f"Images of {height} x {width} pixels, {channels} {'channel' if channels == 1 else 'channels'}."]
        parts = [
            self.caption(evaluation),
            *map(markdown, self.tables(evaluation)),
            *([self.note(card)] if self.note(card) else []),
            *size,
            described(card["signatures"], path),
            f"```python\n{self.usage(card['signatures']).replace('{path}', json.dumps(path))}\n```",
        ]
        return "\n\n".join(parts) + "\n"

    def held_out(self, evaluation: dict[str, Any]) -> list[str] | None:
        """Returns the names of the held-out examples if there are few enough to list; otherwise None."""
        return None

    def statistics(self, examples: dict[str, Any], prepared: dict[str, Any]) -> dict[str, Any]:
        """Returns the rows of the report's table of the data.

        Args:
            examples: the manifest of the examples.
            prepared: the manifest of the prepared examples.
        """
        return {
            f"{self.nouns.examples} to train on": examples["splits"]["train"]["records"],
            f"{self.nouns.examples} held out": examples["splits"]["eval"]["records"],
        }

    def _tiles(self, evaluation: dict[str, Any]) -> list[Tile]:
        """Returns the numbers that are shown in large letters, without their deviations."""
        tiles = []
        for number in self.numbers.numbers:
            value = evaluation["numbers"].get(number.name)
            if number.tile and value is not None:
                text = minus(number.written({number.name: value}))
                unit = number.unit or ("%" if text.endswith("%") else "")
                heading = self.numbers.heading(number, evaluation)
                tiles.append(Tile(heading, text.removesuffix("%"), unit, number.is_good(value)))
        return tiles
