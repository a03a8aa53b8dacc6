"""What every method's row in a recipe is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.recipe.losses import Loss
from pipelines.recipe.numbers import Numbers
from pipelines.recipe.phase import Phase
from pipelines.recipe.training import Train
from pipelines.section import Section

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Sections:
    """What a model is made of, besides the section `model` itself.

    Attributes:
        prepare: the shape of the examples, and whatever else the method asks of them.
        train: the seed and the length of the training.
        loss: of recipes that have one.
    """

    prepare: Any
    train: Train
    loss: Loss | None = None


class Method(Section):
    """The section `model`: its fields are the keys, and `build` makes the model.

    A field that is named as an argument of the model's constructor is that argument (`made`); the others are of
    networks, which `build` makes. So all of a method that trains two networks is:

        class DCGAN(Method):
            players = ("generator", "discriminator")

            method: Literal["DCGAN"]
            latent_dim: PositiveInt = 100  # of `models.DCGAN`
            ema: float | None = None  # likewise
            filters: PositiveInt = 64  # of the networks

            def build(self, sections):
                from keras_genssl import backbones, models

                shape = sections.prepare.shape
                return self.made(
                    models.DCGAN,
                    generator=backbones.dcgan_generator(shape, self.latent_dim, self.filters),
                    discriminator=backbones.dcgan_discriminator(shape, self.filters),
                )

    Recipes are read without Keras: a method imports it inside its functions.

    Class attributes:
        players: the names of a method's players; none where it has one optimizer.
        numbers: what `measure` measures of it besides what its task does, and beside which baselines.
    """

    players: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[Numbers] = Numbers()

    method: str

    def build(self, sections: Sections) -> keras.Model:
        """Makes the model; the trainer compiles it.

        Args:
            sections: what else of the recipe the model is made of.

        Raises:
            ValueError, OSError: the library refuses an argument, or a file of weights cannot be read.
        """
        raise NotImplementedError(f"{type(self).__name__} does not build a model")

    def phases(self, model: keras.Model, data: tf.data.Dataset, train: Any) -> Iterator[Phase]:
        """The phases of the training, in order; by default one, of the whole.

        A generator, so that a phase can be made of what the one before has learnt: what follows a ``yield`` runs when
        that phase is trained, or restored in a process that continues the training. What needs nothing learnt stands
        before the first ``yield``. All runs in the scope of the strategy.

        Args:
            model: of `build`, whose weights are kept; each phase trains it, or a model that shares weights with it.
            data: what the task reads for the method; a phase may read a ``map`` of it, or another of `data.load`.
            train: the section of the recipe.
        """
        yield Phase("training", model, data, train.length(int(data.cardinality())), train)

    def served(self, model: keras.Model) -> keras.Model:
        """The network of ``model`` that an export carries."""
        return model.network

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """What `numbers` declares of this method alone, besides what its task measures.

        Args:
            model: trained.
            examples: the prepared directory.

        Returns:
            Name -> value, and name of a baseline -> the same of it.
        """
        return {}, {}

    def check(self, prepare: Any) -> None:
        """Refuses what cannot be learnt from so prepared examples, before anything runs and without Keras.

        Args:
            prepare: the section of the recipe.

        Raises:
            ValueError: a rule is broken; the message begins with the key, of this section or of another
                (``prepare.size``), in backticks.
        """

    def inputs(self, prepare: Any) -> tuple[str, ...]:
        """The names of the inputs that it learns from; none where it learns from one source.

        Args:
            prepare: the section of the recipe.
        """
        return ()

    def transform(self) -> Callable[[dict[str, Any], int], dict[str, Any]] | None:
        """What is done to each example as training reads it (`data.load`)."""
        return None

    def settled(self, num_classes: int | None, num_examples: int | None = None) -> Method:
        """The method with what only the prepared data tell.

        Args:
            num_classes: how many classes they have, None without labels.
            num_examples: how many examples there are to train on.

        Raises:
            UserError: the data are not such as the method needs.
        """
        return self

    def measured(self, examples: Path) -> dict[str, Any]:
        """What else `build` needs of the prepared examples: looked up once, before training, and kept with its weights.

        Args:
            examples: the prepared directory.

        Returns:
            A JSON value, for `informed`; empty where the method needs none.

        Raises:
            UserError: the examples are not such as the method needs.
        """
        return {}

    def informed(self, facts: dict[str, Any]) -> Method:
        """The method with what `measured` gave."""
        return self
