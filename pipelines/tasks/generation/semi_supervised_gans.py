"""Semi-supervised GANs: recipe parameters, how one is built, and what its classifier is measured by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.method import Method, Sections
from pipelines.recipe.numbers import Numbers
from pipelines.section import Classes, Weight
from pipelines.tasks.generation import few_labels

if TYPE_CHECKING:
    import keras

    from keras_genssl.data import FewLabels

Share = Annotated[float, Field(ge=0, lt=1)]

_ALONE = 1000  # steps of the classifier that learns from the labels alone


class SemiSupervisedGAN(Method):
    """Salimans et al. 2016: a classifier that is also the discriminator, from ``labels_per_class`` labels of a class.

    The labels are drawn with ``labels_seed``; each batch holds ``labelled_per_batch`` labelled images. ``dropout`` and
    ``input_dropout`` are the discriminator's. ``ema`` is the momentum of the averaged weights of both networks, which
    generate and classify.
    """

    players: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    numbers: ClassVar[Numbers] = few_labels.NUMBERS

    method: Literal["SemiSupervisedGAN"]
    num_classes: Classes | None = None
    latent_dim: PositiveInt = 100
    filters: PositiveInt = 64
    discriminator_filters: PositiveInt = 32
    input_dropout: Share = 0.2
    dropout: Share = 0.5
    adversarial_weight: Weight = 1.0
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    labels_per_class: PositiveInt = 100
    labels_seed: Annotated[int, Field(ge=0)] = 0
    labelled_per_batch: PositiveInt = 32

    def few_labels(self) -> FewLabels:
        from keras_genssl import data

        return data.FewLabels(self.labels_per_class, self.labels_seed, self.labelled_per_batch)

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, classes = sections.prepare.shape, self.num_classes
        assert classes is not None  # from the data
        return self.made(
            models.SemiSupervisedGAN,
            generator=backbones.dcgan_generator(shape, self.latent_dim, self.filters),
            discriminator=backbones.semi_supervised_discriminator(
                shape,
                classes,
                self.discriminator_filters,
                input_dropout=self.input_dropout,
                dropout=self.dropout,
            ),
        )

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the whole model, which classifies too."""
        return model

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Measures the accuracy on held-out images, beside that of the same classifier from the labels alone."""
        import keras

        judge = model.discriminator
        features = keras.Model(judge.inputs[0], judge.outputs[1])
        given = self.labels_per_class, self.labels_seed
        return few_labels.measure(model.classify, features, examples, *given, steps=_ALONE)
