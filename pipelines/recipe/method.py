"""The base class of all methods in recipes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pipelines.errors import UserError
from pipelines.recipe.losses import Loss
from pipelines.recipe.numbers import Numbers, Values
from pipelines.recipe.phase import Phase
from pipelines.recipe.training import Train
from pipelines.section import Section

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from keras_genssl.data import FewLabels


@dataclasses.dataclass(frozen=True)
class Sections:
    """The sections besides `model` that a model is built from.

    Attributes:
        prepare: gives the shape of the examples and other settings that methods read.
        train: gives the seed and the length of the training.
        loss: the section `loss`; None in recipes without one.
    """

    prepare: Any
    train: Train
    loss: Loss | None = None


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """The numbers that only the prepared data can tell. A method asks for one with a field of its name.

    Attributes:
        num_examples: the number of training examples.
        num_classes: the number of classes; None for data without labels.
    """

    num_examples: int
    num_classes: int | None = None


class Method(Section):
    """The section `model`: its fields are the keys, and `build` makes the model.

    A field with the name of a constructor argument of the model is passed as that argument (`made`). The other fields
    configure the networks, which `build` makes. So this is the whole class of a method that trains two networks:

        class DCGAN(Method):
            players = ("generator", "discriminator")

            method: Literal["DCGAN"]
            latent_dim: PositiveInt = 100  # an argument of `models.DCGAN`
            ema: float | None = None  # an argument too
            filters: PositiveInt = 64  # for the networks

            def build(self, sections):
                from keras_genssl import backbones, models

                shape = sections.prepare.shape
                return self.made(
                    models.DCGAN,
                    generator=backbones.dcgan_generator(shape, self.latent_dim, self.filters),
                    discriminator=backbones.dcgan_discriminator(shape, self.filters),
                )

    Recipes are read without Keras, so a method imports Keras inside its functions.

    Class attributes:
        players: the names of the method's players; empty for a method with one optimizer.
        numbers: what `measure` adds to the numbers of the task, with the baselines.
    """

    players: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[Numbers] = Numbers()

    method: str

    def build(self, sections: Sections) -> keras.Model:
        """Makes the model. The trainer compiles it.

        Args:
            sections: the other sections of the recipe that the model is built from.

        Raises:
            ValueError, OSError: the library refuses an argument, or a file of weights cannot be read.
        """
        raise NotImplementedError(f"{type(self).__name__} does not build a model")

    def phases(self, model: keras.Model, data: tf.data.Dataset, train: Any) -> Iterator[Phase]:
        """Yields the phases of the training in order. The default is one phase for the whole training.

        This is a generator so that a phase can use what the phase before it has learnt: the code after a ``yield`` runs
        when that phase has been trained, or restored in a process that continues the training. Whatever depends on no
        learnt weights belongs before the first ``yield``. All of it runs in the scope of the strategy.

        Args:
            model: made by `build`; its weights are kept. Each phase trains it or a model that shares weights with it.
            data: the dataset that the task reads for the method. A phase may use a ``map`` of it, or another dataset of
                `data.load`.
            train: the section `train` of the recipe.
        """
        yield Phase("training", model, data, train.length(int(data.cardinality())), train)

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the network inside ``model`` that is exported."""
        return model.network

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Measures the numbers that only this method declares (`numbers`), in addition to those of its task.

        Args:
            model: the trained model.
            examples: the directory of prepared examples.

        Returns:
            Two dictionaries: name -> value, and name of a baseline -> the same numbers for the baseline.
        """
        return {}, {}

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        """Says in plain sentences what the measured numbers mean, such as that a part of the model has collapsed.

        Args:
            numbers: name -> value, of the task and of the method.
            baselines: name of a baseline -> its numbers.

        Returns:
            Sentences for report and card; empty if there is nothing to say.
        """
        return ""

    def check(self, prepare: Any) -> None:
        """Refuses prepared examples that the method cannot learn from, before anything runs and without Keras.

        Args:
            prepare: the section `prepare` of the recipe.

        Raises:
            ValueError: a rule is broken; the message begins with the key, of this section or of another
                (``prepare.size``), in backticks.
        """

    def inputs(self, prepare: Any) -> tuple[str, ...]:
        """Returns the names of the inputs that the method learns from; empty if it learns from a single source.

        Args:
            prepare: the section `prepare` of the recipe.
        """
        return ()

    def transform(self) -> Callable[[dict[str, Any], int], dict[str, Any]] | None:
        """Returns the function that `data.load` applies to each training example as it is read, or None."""
        return None

    def few_labels(self) -> FewLabels | None:
        """Returns which labels the training knows, of a method that learns from few; None for all other methods."""
        return None

    def with_dataset_info(self, info: DatasetInfo) -> Self:
        """Returns the method with its fields ``num_classes`` and ``num_examples``, if it has them, from the data.

        Raises:
            UserError: the method needs classes and the data have no labels, or the recipe names another number.
        """
        told = {name: value for name, value in dataclasses.asdict(info).items() if name in type(self).model_fields}
        for name, value in told.items():
            given = getattr(self, name)
            if value is None:
                raise UserError(
                    f"model.method={self.method}: the images have no labels; a folder of images has them when each "
                    "image lies in the folder of its class, and there are two or more"
                )
            if given not in (None, value):
                raise UserError(f"model.{name}={given}: the training data have {name}={value}")
        return self.model_copy(update=told)

    def facts(self, examples: Path) -> dict[str, Any]:
        """Computes from the prepared examples what `build` needs to know about them.

        It runs once, before training; the result is kept with the weights.

        Args:
            examples: the directory of prepared examples.

        Returns:
            A JSON value for `with_facts`; empty if the method needs nothing.

        Raises:
            UserError: the examples do not have what the method needs.
        """
        return {}

    def with_facts(self, facts: dict[str, Any]) -> Self:
        """Returns the method with what `facts` returned, which `build` then uses."""
        return self
