"""Representations from colour and from the order of frames: for each method its parameters and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, PrivateAttr, model_validator

from pipelines.recipe.method import Sections
from pipelines.tasks.representation.methods.encoders import Representation

if TYPE_CHECKING:
    import keras


_COUNTED = 1000  # the number of images whose colours are counted


class OfParts(Representation):
    """A method that sees lightness and colours separately: the small network's convolutions on part of the channels."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {"images": ("image",), "coloured_crops": ("image",)}
    own_network: ClassVar[bool] = True
    stride: ClassVar[int] = 4  # the stride of the small network's maps

    head_filters: PositiveInt = 64

    @model_validator(mode="after")
    def _the_network_gives_maps(self) -> OfParts:
        if self.encoder.network != "small":
            raise ValueError(f"`encoder.network` must be small for {type(self).__name__}, which learns from its maps")
        return self

    def check(self, prepare: Any) -> None:
        """Checks that each position of the maps covers a whole square of pixels."""
        key = "crop" if prepare.preparation == "coloured_crops" else "size"
        side = getattr(prepare, key)
        if side % self.stride:
            raise ValueError(
                f"`prepare.{key}` must be a multiple of {self.stride}, the stride of the networks. Received: {side}"
            )

    def part(self, channels: int, filters: int, outputs: int) -> dict[str, keras.Model]:
        """Makes ``encoder`` for part of the channels, and ``decoder``, its head."""
        from keras_genssl import backbones

        encoder = backbones.small_feature_map((None, None, channels), filters, name=f"small_map_of_{channels}")
        return {"encoder": encoder, "decoder": backbones.position_head(4 * filters, outputs, self.head_filters)}

    def untrained(self, sections: Sections) -> Callable[[Any], Any]:
        """Returns the method's features before any training."""
        encode: Callable[[Any], Any] = self.build(sections).encode
        return encode

    @property
    def filters(self) -> int:
        """Returns the number of filters of the first convolution."""
        return self.encoder.filters or 32


class Coloured(OfParts):
    """A method that colours grey images."""

    rows: ClassVar[tuple[str, ...]] = (
        "what the model sees",
        "the colours that it gives",
        "the colours that were there",
    )

    def answer(self, model: keras.Model, examples: Mapping[str, Any]) -> list[Any]:
        """Returns the images' lightness, the lightness in the model's colours, and the images."""
        from keras_genssl import layers
        from keras_genssl.checks import arrays

        image = arrays.signed(examples["image"])
        lightness = layers.RGBToLab()(image) * [1.0, 0.0, 0.0]
        return [layers.LabToRGB()(lightness), model.colorize(image), image]


class Colorization(Coloured):
    """Zhang et al. 2016: predicts the colours of an image, as bins, from its lightness.

    ``rebalancing`` gives rare colours more weight. The weights are those of Equation 4 for a mixture of the bins'
    frequencies and, with the share ``rebalancing``, a uniform distribution (with 0, a bin that never occurs would have
    infinite weight). Null gives all bins the same weight. Frequencies are counted in at most 1,000 prepared training
    images, drawn with a fixed seed.
    """

    method: Literal["Colorization"]
    temperature: Annotated[float, Field(gt=0)] = 0.38
    rebalancing: Annotated[float, Field(gt=0, le=1)] | None = None
    _class_weights: list[float] | None = PrivateAttr(default=None)

    def facts(self, examples: Path) -> dict[str, Any]:
        """Computes the weights of the bins, unless they are all the same."""
        if self.rebalancing is None:
            return {}
        from keras_genssl import data, losses, pretext

        images = data.load(examples, "train", features=("image",)).take(_COUNTED)
        frequencies = pretext.ab_bin_frequencies(example["image"] for example in images.as_numpy_iterator())
        return {"class_weights": losses.rebalancing_weights(frequencies, self.rebalancing).tolist()}

    def with_facts(self, facts: dict[str, Any]) -> Self:
        """Returns the method with these weights."""
        method = self.model_copy()
        method._class_weights = facts.get("class_weights")
        return method

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models, pretext

        networks = self.part(1, self.filters, len(pretext.ab_bins()))
        return self.made(models.Colorization, **networks, class_weights=self._class_weights)


class ColorizationRegression(Coloured):
    """Zhang et al. 2016: predicts the colours of an image, as numbers, from its lightness."""

    method: Literal["ColorizationRegression"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        return self.made(models.ColorizationRegression, **self.part(1, self.filters, 2))


class Halves(OfParts):
    """A split brain: two networks, each with half of ``encoder.filters``."""

    @model_validator(mode="after")
    def _filters_are_halved(self) -> Halves:
        if self.filters % 2:
            raise ValueError(
                f"`encoder.filters` must be even, for each half has half of them. Received: {self.filters}"
            )
        return self

    def halves(self, for_colour: int, for_lightness: int) -> dict[str, keras.Model]:
        """Makes both encoders and their heads, as the methods' arguments."""
        lightness = self.part(1, self.filters // 2, for_colour)
        colour = self.part(2, self.filters // 2, for_lightness)
        return {
            "lightness_encoder": lightness["encoder"],
            "colour_encoder": colour["encoder"],
            "to_colour": lightness["decoder"],
            "to_lightness": colour["decoder"],
        }

    def served(self, model: keras.Model) -> keras.Model:
        """Returns both encoders, with the means of their features concatenated."""
        import keras

        encoders = [model.lightness_encoder, model.colour_encoder]
        inputs = [keras.Input(encoder.input_shape[1:]) for encoder in encoders]
        maps = [encoder(part) for encoder, part in zip(encoders, inputs, strict=True)]
        means = [keras.layers.GlobalAveragePooling2D()(features) for features in maps]
        return keras.Model(inputs, keras.layers.Concatenate()(means))


class SplitBrainAutoencoder(Halves):
    """Zhang et al. 2017: predicts colours from lightness and lightness from colours, as bins."""

    method: Literal["SplitBrainAutoencoder"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models, pretext

        return self.made(models.SplitBrainAutoencoder, **self.halves(len(pretext.ab_bins()), 100))


class SplitBrainRegression(Halves):
    """Zhang et al. 2017: predicts colours from lightness and lightness from colours, as numbers."""

    method: Literal["SplitBrainRegression"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        return self.made(models.SplitBrainRegression, **self.halves(2, 1))


class ShuffleAndLearn(Representation):
    """Misra et al. 2016: predicts whether three frames are in order."""

    reads: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("camera_tuples", "frame_tuples"), ("frames", "ordered")
    )

    method: Literal["ShuffleAndLearn"]

    def build(self, sections: Sections) -> keras.Model:
        """Makes the model, not compiled; its encoder takes frames and whole images."""
        from keras_genssl import models

        encoder = self.encoder.build((None, None, sections.prepare.channels))
        return self.made(models.ShuffleAndLearn, encoder=encoder)


AnyColour = Colorization | ColorizationRegression | SplitBrainAutoencoder | SplitBrainRegression | ShuffleAndLearn
