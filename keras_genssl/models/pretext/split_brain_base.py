"""The base class of the split-brain autoencoders."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.engine import batches
from keras_genssl.engine.networks import require_multiple
from keras_genssl.engine.shapes import same_shape
from keras_genssl.layers import RGBToLab
from keras_genssl.models.pretext.colour_base import (
    AB_SCALE,
    TO_TRAIN,
    ColourMethod,
    built,
    check_networks,
    coarse,
    default_decoder,
    planes,
    pooled,
)


class SplitBrain(ColourMethod):
    """Base class of methods with two networks, each of which sees one part of an image and predicts the other.

    Batches hold `image`, colour images `(batch, h, w, 3)`, uint8 or float in [-1, 1], whose sides are multiples of the
    networks' strides; CIE Lab is computed here, on the accelerator. If a network predicts one pixel for each square of
    s pixels a side, the truth is the mean over the square.

    A subclass defines the loss.

    Args:
        lightness_encoder: A built `keras.Model` from lightness `(batch, h, w, 1)` in [-1, 1] to features
            `(batch, h', w', channels)`.
        colour_encoder: The same from colours `(batch, h, w, 2)`: a and b, divided by 110.
        to_colour: A built `keras.Model` from the features of lightness to `(batch, h'', w'', outputs[0])`; None:
            `backbones.position_head`.
        to_lightness: The same from the features of colours to `(batch, h'', w'', outputs[1])`.
        outputs: The number of predicted values per pixel for colour, and for lightness.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or does not fit.
    """

    networks: ClassVar[tuple[str, ...]] = ("lightness_encoder", "colour_encoder", "to_colour", "to_lightness")

    def __init__(
        self,
        lightness_encoder: keras.Model,
        colour_encoder: keras.Model,
        to_colour: keras.Model | None,
        to_lightness: keras.Model | None,
        outputs: tuple[int, int],
        *,
        name: str | None = None,
    ) -> None:
        to_colour = to_colour or default_decoder(lightness_encoder, outputs[0], "lightness_encoder")
        to_lightness = to_lightness or default_decoder(colour_encoder, outputs[1], "colour_encoder")
        self.strides = (
            check_networks(lightness_encoder, to_colour, 1, outputs[0], ("lightness_encoder", "to_colour")),
            check_networks(colour_encoder, to_lightness, 2, outputs[1], ("colour_encoder", "to_lightness")),
        )
        if lightness_encoder.input_shape[1:3] != colour_encoder.input_shape[1:3]:
            raise ValueError(
                "`lightness_encoder` and `colour_encoder` must take images of the same size. "
                f"Received: {lightness_encoder.input_shape} and {colour_encoder.input_shape}"
            )
        super().__init__(name=name)
        self.lightness_encoder = lightness_encoder
        self.colour_encoder = colour_encoder
        self.to_colour = to_colour
        self.to_lightness = to_lightness
        self.to_lab = built(RGBToLab())

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The inputs of both networks; and the true colours, and lightness in [0, 100], at the predictions' size."""
        images = batch["image"]
        for stride in self.strides:
            images = require_multiple("image", images, stride, TO_TRAIN)
        lab = self.to_lab(images)
        return self._parts(lab), (coarse(lab[..., 1:], self.strides[0]), coarse(lab[..., :1], self.strides[1]))

    def call(self, parts: Any, training: bool = False) -> Any:
        """Predictions of colours from lightness, and of lightness from colours."""
        lightness, colours = parts
        predictions = (
            self.to_colour(self.lightness_encoder(lightness, training=training), training=training),
            self.to_lightness(self.colour_encoder(colours, training=training), training=training),
        )
        return tuple(ops.cast(prediction, keras.config.floatx()) for prediction in predictions)

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Returns the true colours and lightness if they are of as many pixels as the predictions."""
        colour = same_shape("The colours of `image`", y[0], "what `to_colour` gives", y_pred[0], axes=3)
        return colour, same_shape("The lightness of `image`", y[1], "what `to_lightness` gives", y_pred[1], axes=3)

    def encode(self, images: Any) -> Any:
        """The mean of each feature over positions; features of lightness and of colours are concatenated.

        Args:
            images: `(batch, h, w, 3)`, or grey, `(batch, h, w, 1)`; uint8 or float32 in [-1, 1].

        Returns:
            `(batch, channels of both)`.
        """
        lightness, colours = self._parts(self.to_lab(batches.scaled(images)))
        maps = (self.lightness_encoder(lightness, training=False), self.colour_encoder(colours, training=False))
        return ops.concatenate([pooled(features) for features in maps], axis=-1)

    @staticmethod
    def _parts(lab: Any) -> tuple[Any, Any]:
        lightness, ab = planes(lab)
        return lightness, ab / AB_SCALE
