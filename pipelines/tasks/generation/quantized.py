"""Quantized autoencoders with priors over their codes: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from pipelines.recipe.method import DatasetInfo, Method, Sections
from pipelines.recipe.numbers import Numbers, Values
from pipelines.recipe.phase import Phase
from pipelines.recipe.training import Updates
from pipelines.section import Classes, Part, PositiveFloat, Weight
from pipelines.tasks.generation import discrete_codes

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Quantizer(Part):
    """The section ``quantizer``. Its fields are the arguments of the quantizer that ``kind`` names."""

    kind: str

    @property
    def length(self) -> int:
        """Returns the length of the vectors that it takes."""
        raise NotImplementedError(f"{type(self).__name__} does not say the length of vectors")


class VectorQuantizer(Quantizer):
    """van den Oord et al. 2017: the nearest of ``num_codes`` learnt vectors of length ``dim``."""

    kind: Literal["vector"]
    num_codes: PositiveInt = 64
    dim: PositiveInt = 16
    commitment: Weight = 0.25
    by_gradient: bool = False
    decay: Annotated[float, Field(ge=0, lt=1)] = 0.99
    epsilon: PositiveFloat = 1e-5
    from_data: bool = True
    restart_below: Weight = 1.0

    @property
    def length(self) -> int:
        return self.dim

    def build(self) -> Any:
        from keras_genssl import layers

        return self.made(layers.VectorQuantizer)


class FiniteScalarQuantizer(Quantizer):
    """Mentzer et al. 2023: each of the values of a vector is rounded to one of its ``levels``."""

    kind: Literal["finite_scalar"]
    levels: list[Annotated[int, Field(ge=2)]] = Field(min_length=1)

    @property
    def length(self) -> int:
        return len(self.levels)

    def build(self) -> Any:
        from keras_genssl import layers

        return self.made(layers.FiniteScalarQuantizer)


AnyQuantizer = Annotated[VectorQuantizer | FiniteScalarQuantizer, Field(discriminator="kind")]


class Prior(Updates):
    """The section ``prior``: a gated PixelCNN over the codes, its training after the autoencoder's, and its length."""

    steps: PositiveInt
    filters: PositiveInt = 64
    blocks: PositiveInt = 6
    first_kernel_size: PositiveInt = 5
    embedding_dim: PositiveInt = 32


class Quantized(Method):
    """What all quantized autoencoders share: the widths of the networks and the prior.

    If the prior is ``conditional``, it knows the class of an image; ``num_classes`` is taken from the data.
    """

    numbers: ClassVar[Numbers] = discrete_codes.NUMBERS

    filters: Annotated[int, Field(ge=2, multiple_of=2)] = 64
    residual_filters: PositiveInt = 32
    residual_blocks: PositiveInt = 2
    prior: Prior
    conditional: bool = False
    num_classes: Classes | None = None
    variance: PositiveFloat | None = None

    @model_validator(mode="after")
    def _classes_are_of_a_conditional_prior(self) -> Quantized:
        if self.num_classes is not None and not self.conditional:
            raise ValueError(f"`num_classes` is for `conditional: true`. Received: num_classes={self.num_classes}")
        return self

    def with_dataset_info(self, info: DatasetInfo) -> Self:
        return super().with_dataset_info(info) if self.conditional else self

    def facts(self, examples: Path) -> dict[str, Any]:
        """Computes the variance of the training images, unless the recipe names one."""
        from keras_genssl.checks import arrays
        from pipelines.tasks import images

        if self.variance is not None:
            return {}
        pixels = images.read(examples, "train", discrete_codes.IMAGES)["image"]
        return {"variance": float(arrays.signed(pixels).var(dtype="float64"))}

    def with_facts(self, facts: dict[str, Any]) -> Self:
        return self.model_copy(update=facts)

    def phases(self, model: keras.Model, data: tf.data.Dataset, train: Any) -> Iterator[Phase]:
        """Trains the autoencoder, then the priors on its codes."""
        yield Phase("codes", model.autoencoder, data, train.length(int(data.cardinality())), train)
        yield Phase("prior", model, data, self.prior.steps, self.prior)

    def served(self, model: keras.Model) -> keras.Model:
        """Returns autoencoder and priors."""
        return model

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        return discrete_codes.measure(model, examples)

    def remarks(self, numbers: Values, baselines: Mapping[str, Values]) -> str:
        return discrete_codes.remarks(numbers, baselines)

    def network_of_prior(self, shape: tuple[int, int], num_codes: int, map_channels: int | None = None) -> keras.Model:
        """Makes the prior's network over a map of codes."""
        from keras_genssl import backbones

        return self.prior.made(
            backbones.pixelcnn,
            shape=(*shape, 1),
            num_levels=num_codes,
            num_outputs=num_codes,
            vector_dim=self.num_classes,
            map_channels=map_channels,
        )


class VQVAE(Quantized):
    """van den Oord et al. 2017: a map of codes, a quarter of the image's size, and a PixelCNN over it."""

    method: Literal["VQVAE"]
    quantizer: AnyQuantizer

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, dim = sections.prepare.shape, self.quantizer.length
        autoencoder = self.made(
            models.VQVAE,
            encoder=self.made(backbones.vqvae_encoder, dim=dim, input_shape=shape),
            decoder=self.made(backbones.vqvae_decoder, dim=dim, output_shape=shape),
            variance=self.variance or 1.0,
        )
        prior = self.network_of_prior(autoencoder.code_shapes[0], autoencoder.quantizer.num_codes)
        return self.made(models.CodeGenerator, autoencoder=autoencoder, priors=[prior])


class VQVAE2(Quantized):
    """Razavi et al. 2019: two maps of codes, one of them coarse, and a PixelCNN over each."""

    method: Literal["VQVAE2"]
    top_quantizer: AnyQuantizer
    bottom_quantizer: AnyQuantizer
    halvings: PositiveInt = 1  # of the bottom; the top is half as large

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape, features = sections.prepare.shape, self.filters
        top_dim, bottom_dim = self.top_quantizer.length, self.bottom_quantizer.length
        encoder = self.made(backbones.vqvae_encoder, dim=features, input_shape=shape)
        below = tuple(encoder.output_shape[1:])
        top_encoder = self.made(backbones.vqvae_encoder, dim=top_dim, halvings=1, input_shape=below)
        top_shape = tuple(top_encoder.output_shape[1:])
        autoencoder = self.made(
            models.VQVAE2,
            encoder=encoder,
            top_encoder=top_encoder,
            merger=self.made(backbones.vqvae2_merger, dim=bottom_dim, top_shape=top_shape, features=features),
            decoder=self.made(backbones.vqvae2_decoder, top_dim=top_dim, bottom_dim=bottom_dim, output_shape=shape),
            variance=self.variance or 1.0,
        )
        top, bottom = autoencoder.code_shapes
        width = self.prior.filters
        of_top = self.network_of_prior(top, autoencoder.top_quantizer.num_codes)
        of_bottom = self.network_of_prior(bottom, autoencoder.bottom_quantizer.num_codes, map_channels=width)
        conditioner = backbones.code_map(top, autoencoder.top_quantizer.num_codes, bottom, width)
        return self.made(
            models.CodeGenerator, autoencoder=autoencoder, priors=[of_top, of_bottom], conditioners=[conditioner]
        )


AnyQuantized = VQVAE | VQVAE2
