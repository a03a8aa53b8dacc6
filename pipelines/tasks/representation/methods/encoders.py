"""What the methods of representation share: the encoder, and views of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from pipelines.data.preparations.images import Squares
from pipelines.recipe.method import Method, Sections
from pipelines.section import Fraction, Section, Weight

if TYPE_CHECKING:
    import keras


class Encoder(Section):
    """The network from images to features.

    ``small`` has six convolutions and features four times as wide as ``filters``. ``stem`` is the first layer of the
    residual networks: ``small`` for images of about 32 pixels, ``imagenet`` for large ones. ``normalization`` is over
        the
    batch, or over the channels of each position (``layer``), which only ``small`` supports.
    """

    network: Literal["small", "resnet18", "resnet50"] = "small"
    filters: PositiveInt | None = None
    stem: Literal["small", "imagenet"] | None = None
    normalization: Literal["batch", "layer"] = "batch"

    @model_validator(mode="after")
    def _stem_is_of_residual_networks(self) -> Encoder:
        if self.network == "small" and self.stem is not None:
            raise ValueError(f"`stem` is that of resnet18 and resnet50. Received: network=small, stem={self.stem}")
        return self

    @model_validator(mode="after")
    def _layer_normalization_is_of_the_small_network(self) -> Encoder:
        if self.network != "small" and self.normalization != "batch":
            raise ValueError(
                "`normalization` must be batch for resnet18 and resnet50. "
                f"Received: network={self.network}, normalization={self.normalization}"
            )
        return self

    def build(self, shape: tuple[int | None, int | None, int]) -> keras.Model:
        """Makes the network, with random weights."""
        import keras

        from keras_genssl import backbones

        if self.network == "small":
            normalization = keras.layers.LayerNormalization if self.normalization == "layer" else None
            return backbones.small_encoder(shape, self.filters or 32, normalization=normalization)
        build = {"resnet18": backbones.resnet18, "resnet50": backbones.resnet50}[self.network]
        return build(shape, stem=self.stem or "small", filters=self.filters or 64)


class Views(Section):
    """Random views of images. The changes come in this order: crop, flip, jitter, grey, blur, solarise.

    ``crop`` is the smallest and the largest share of the image's area. Half of the views are flipped. ``jitter`` is the
    share of views whose colours change, by ``brightness``, ``contrast``, ``saturation`` and ``hue`` (grey images only
    have the first two); ``grey``, ``blur`` and ``solarize`` are shares of views too.
    """

    crop: list[float] = Field(default=[0.3, 1.0])
    flip: bool = True
    jitter: Fraction = 0.8
    brightness: Weight = 0.4
    contrast: Weight = 0.4
    saturation: Weight = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    grey: Fraction = 0.0
    blur: Fraction = 0.0
    solarize: Fraction = 0.0

    @model_validator(mode="after")
    def _crops_rise(self) -> Views:
        if len(self.crop) != 2 or not 0 < self.crop[0] <= self.crop[1] <= 1:
            raise ValueError(f"`crop` must be the least and the largest share, in (0, 1]. Received: {self.crop}")
        return self

    def build(self, size: int, seed: int | None = None) -> keras.layers.Layer:
        """Makes the layer from images in [-1, 1] to views of ``size`` pixels."""
        from keras_genssl import views

        parts: list[views.View] = [views.RandomResizedCrop(size, (self.crop[0], self.crop[1]))]
        if self.flip:
            parts.append(views.RandomFlip())
        if self.jitter:
            strengths = self.brightness, self.contrast, self.saturation, self.hue
            parts.append(views.ColorJitter(*strengths, probability=self.jitter))
        if self.grey:
            parts.append(views.RandomGrayscale(self.grey))
        if self.blur:
            parts.append(views.GaussianBlur((0.1, 2.0), probability=self.blur))
        if self.solarize:
            parts.append(views.Solarize(0.5, probability=self.solarize))
        return views.Compose(parts, seed=seed)


class Representation(Method):
    """What all methods of representation share: the encoder, ``model.encoder`` of the built model.

    Class attributes:
        reads: the preparations that it learns from, and what training reads of their examples.
        numbered: whether training also reads the images' numbers.
        own_network: whether the features before any training are the method's own, instead of `encoder`'s of whole
            images.
        rows: the rows that `answer` returns, from the top; only for a method that answers with pictures.
    """

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"images": ("image",)}
    numbered: ClassVar[bool] = False
    own_network: ClassVar[bool] = False
    rows: ClassVar[tuple[str, ...]] = ()

    encoder: Encoder = Encoder()

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the encoder."""
        return model.encoder

    def untrained(self, sections: Sections) -> Callable[[Any], Any]:
        """Returns the encoder before any training: images in [-1, 1] to vectors."""
        encoder = self.encoder.build(sections.prepare.shape)
        return lambda images: encoder(images, training=False)

    def shown(self) -> list[Views]:
        """Returns the distributions of views that training draws from."""
        return []

    def answer(self, model: keras.Model, examples: Mapping[str, Any]) -> list[Any]:
        """Returns for each of `rows` a picture of each example, in [-1, 1]; the examples are uint8."""
        return []

    def penultimate(self, model: keras.Model) -> Callable[[Any], Any] | None:
        """Returns the model's other representation, the features below an embedding: images in [-1, 1] to vectors."""
        return None


class FromViews(Representation):
    """A method that learns from views."""

    views: Views | None = Views()

    @model_validator(mode="after")
    def _views_are_drawn_or_prepared(self) -> FromViews:
        if self.views is None and "neighbouring_crops" not in self.reads:
            raise ValueError(f"`views` must not be null for {type(self).__name__}, which draws them of whole images")
        return self

    def shown(self) -> list[Views]:
        return [] if self.views is None else [self.views]

    def layer(self, prepare: Squares) -> keras.layers.Layer | None:
        """Returns the layer that draws views; None if pairs are prepared."""
        return None if self.views is None else self.views.build(prepare.size)

    def network(self, prepare: Squares) -> keras.Model:
        """Makes the encoder for views of the images' size, or for images of any size if pairs are prepared."""
        free = (None, None, prepare.channels)
        return self.encoder.build(free if self.views is None else prepare.shape)


class FromPairs(FromViews):
    """A method that learns from two views of each image; they may be prepared as two nearby crops.

    Without ``views`` none are drawn if pairs are prepared.
    """

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"images": ("image",), "neighbouring_crops": ("first", "second")}

    def given_views(self) -> dict[str, Views]:
        """Returns the views that the recipe itself gives, by key."""
        keys = [key for key in ("views", "second_views") if key in self.model_fields_set]
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}


class FromTwoViews(FromPairs):
    """A method whose second view may have another distribution."""

    second_views: Views | None = None

    def shown(self) -> list[Views]:
        return [views for views in (self.views, self.second_views) if views is not None]

    def pair(self, prepare: Squares) -> Any:
        """Returns the layer of views, or both layers; None if pairs are prepared."""
        layers = [views.build(prepare.size) for views in self.shown()]
        return tuple(layers) if len(layers) == 2 else self.layer(prepare)
