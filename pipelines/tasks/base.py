"""What the components ask of a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pipelines.recipe.base import Recipe
from pipelines.recipe.preparations.images import Preparation
from pipelines.report.judgement import Judgement
from pipelines.tasks.words import Words

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

R = TypeVar("R", bound=Recipe)


class Task(ABC, Generic[R]):
    """One kind of job.

    What is measured and what training reads lie in modules of their own, ``measure`` and ``data`` of the task's
    package: a run is named by the code of the second, and an evaluation found again by that of the first.

    Class attributes:
        words: what people call what the components count.
    """

    words: ClassVar[Words] = Words()

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
        """Measures the trained model and decides on the blessing.

        Args:
            recipe: settled.
            model: makes the model.
            examples: the prepared directory.
            content: the digest of what is in it.
            directory: for pictures; all files in it are kept.
            shared: for what many evaluations have in common, kept between runs.

        Returns:
            A JSON value: the numbers, ``blessed``, and ``reasons`` against the blessing.
        """

    @abstractmethod
    def summary(self, evaluation: dict[str, Any]) -> str:
        """The evaluation in a line."""

    def numbers(self, evaluation: dict[str, Any]) -> dict[str, float | None]:
        """The numbers that thresholds bound, of an evaluation or of what a card keeps of one."""
        return evaluation["numbers"]

    @abstractmethod
    def export_probe(self, recipe: R, model: Callable[[], keras.Model], examples: Path) -> tuple[Any, Any]:
        """What the exporter asks the SavedModel, and what the model in memory answers (`export.check`)."""

    @abstractmethod
    def identity(self, recipe: R) -> dict[str, Any]:
        """What all versions of a served model have in common: keys of its card and their values."""

    @abstractmethod
    def judgement(self, recipe: R, evaluation: dict[str, Any], pictures: Path) -> Judgement:
        """What the report shows of the evaluation, whose pictures are in the directory ``pictures``."""

    def card(self, recipe: R, evaluation: dict[str, Any]) -> dict[str, Any]:
        """The part of the evaluation that the model's card keeps; by default all but the verdict."""
        return {key: value for key, value in evaluation.items() if key not in ("blessed", "reasons")}

    @abstractmethod
    def card_text(self, card: dict[str, Any], path: str) -> str:
        """The card's tables and how to use the model, in Markdown.

        Args:
            card: the whole card.
            path: of the SavedModel, ``<name>/<version>``.
        """

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
            f"{self.words.examples} to train on": examples["splits"]["train"]["records"],
            f"{self.words.examples} held out": examples["splits"]["eval"]["records"],
        }
