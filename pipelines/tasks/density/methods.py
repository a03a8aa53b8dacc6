"""Density models: for each method its recipe parameters and how it is built."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from pipelines.recipe.method import DatasetInfo, Method, Sections
from pipelines.recipe.numbers import Number, Numbers, Values
from pipelines.section import Classes, Weight

if TYPE_CHECKING:
    import keras
    import numpy as np

Levels = Annotated[int, Field(ge=2, le=256)]


class Pixels(Method):
    """What density models share: grey ``levels`` of images, and a gated PixelCNN that predicts them.

    ``distribution`` is that of a level: ``bernoulli`` for two levels, ``categorical``, or ``logistic_mixture`` of
    ``mixtures`` logistics. The network has ``blocks`` of ``filters`` channels, and kernels of ``first_kernel_size`` and
    ``kernel_size`` pixels.

    Class attributes:
        bound: whether `nats` are an upper bound of `-log p`, and not exact.
    """

    bound: ClassVar[bool] = False

    levels: Levels = 256
    distribution: Literal["bernoulli", "categorical", "logistic_mixture"] = "categorical"
    mixtures: PositiveInt = 10
    filters: PositiveInt = 32
    blocks: PositiveInt = 7
    kernel_size: Annotated[int, Field(ge=3)] = 3
    first_kernel_size: Annotated[int, Field(ge=3)] = 7
    head_filters: PositiveInt | None = None

    @model_validator(mode="after")
    def _bernoulli_has_two_levels(self) -> Pixels:
        if self.distribution == "bernoulli" and self.levels != 2:
            raise ValueError(f"`levels` must be 2 for distribution=bernoulli. Received: levels={self.levels}")
        return self

    def level_distribution(self) -> Any:
        """Makes the distribution of a level."""
        from keras_genssl import losses

        if self.distribution == "bernoulli":
            return losses.BernoulliDistribution()
        if self.distribution == "categorical":
            return losses.CategoricalDistribution(self.levels)
        return losses.DiscretizedLogisticMixture(self.levels, self.mixtures)

    def pixel_network(
        self,
        sections: Sections,
        distribution: Any,
        vector_dim: int | None = None,
        map_channels: int | None = None,
    ) -> keras.Model:
        """Makes the network of images of the prepared size."""
        from keras_genssl import backbones

        return backbones.pixelcnn(
            sections.prepare.shape,
            self.levels,
            distribution.num_outputs,
            filters=self.filters,
            blocks=self.blocks,
            kernel_size=self.kernel_size,
            first_kernel_size=self.first_kernel_size,
            head_filters=self.head_filters,
            vector_dim=vector_dim,
            map_channels=map_channels,
        )

    def transform(self) -> Any:
        """Returns the function that rounds images to the levels."""
        from keras_genssl import pretext

        return None if self.levels == 256 else functools.partial(pretext.quantized, num_levels=self.levels)

    def nats(self, model: keras.Model, images: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """Returns `-log p`, or an upper bound of it, of images on the levels, in nats.

        Args:
            model: the trained model.
            images: uint8 `(num, h, w, c)`.
            labels: integers `(num,)`; None for a model without classes.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how likely images are")

    def told(self, model: keras.Model, images: np.ndarray) -> dict[str, float]:
        """Returns the numbers that only this method declares (`numbers`), of the images that `nats` judges.

        Args:
            model: the trained model.
            images: uint8 `(num, h, w, c)`, on the levels.
        """
        return {}


class PixelCNN(Pixels):
    """van den Oord et al. 2016: the gated PixelCNN. With ``classes`` an image depends on its class.

    ``num_classes`` is taken from the data and need not be given.
    """

    method: Literal["PixelCNN"]
    classes: bool = False
    num_classes: Classes | None = None

    def with_dataset_info(self, info: DatasetInfo) -> PixelCNN:
        """Returns the method with the number of classes, if it uses them."""
        return super().with_dataset_info(info) if self.classes else self

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        distribution = self.level_distribution()
        network = self.pixel_network(sections, distribution, vector_dim=self.num_classes if self.classes else None)
        return self.made(models.PixelCNN, network=network, distribution=distribution)

    def nats(self, model: keras.Model, images: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return -model.log_prob(images, labels)


ACTIVE = Number(name="active_dimensions", heading="active code dimensions", better="higher", format=".0f", tile=True)


class PixelVAE(Pixels):
    """Gulrajani et al. 2016: a VAE whose decoder is a PixelCNN that sees a map of the code.

    Encoder and decoder are convolutional, with ``coder_filters`` channels; the map has ``map_channels``.
    ``free_nats`` of each of the ``code_dim`` dimensions cost nothing, which keeps the code in use.
    """

    bound: ClassVar[bool] = True
    numbers: ClassVar[Numbers] = Numbers(
        (Number(name="kl", heading="KL", better="higher", format=".2f", unit="nats an image", tile=True), ACTIVE)
    )

    method: Literal["PixelVAE"]
    code_dim: PositiveInt = 16
    free_nats: Weight = 0.0
    coder_filters: PositiveInt = 32
    map_channels: PositiveInt = 16

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, distribution = sections.prepare.shape, self.level_distribution()
        size = (*shape[:2], self.map_channels)
        return self.made(
            models.PixelVAE,
            encoder=backbones.convolutional_encoder(2 * self.code_dim, self.coder_filters, input_shape=shape),
            decoder=backbones.convolutional_decoder(
                self.code_dim, self.coder_filters, output_shape=size, output_activation=None
            ),
            network=self.pixel_network(sections, distribution, map_channels=self.map_channels),
            distribution=distribution,
        )

    def nats(self, model: keras.Model, images: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        return -model.elbo(images, seed=0)

    def told(self, model: keras.Model, images: np.ndarray) -> dict[str, float]:
        """Returns what the code tells of images."""
        kl = float(model.kl_by_dimension(images).sum())
        return {"kl": kl, ACTIVE.name: float(model.active_dimensions(images))}

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        """Says what the code tells, or that it tells nothing."""
        active = numbers[ACTIVE.name]
        told = (
            f"-log p is an upper bound. The code tells {numbers['kl']:.2f} nats of an image, and {active:.0f} of its "
            f"{self.code_dim} dimensions differ between images"
        )
        return told + ("." if active else ": the posterior has collapsed, and the decoder draws as if without a code.")


AnyDensity = PixelCNN | PixelVAE
