"""Base classes of the methods that predict one part of a colour image from the other."""

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl import backbones
from keras_genssl.engine import Anything, Image, Kind, Method, Serving, Vector, batches, in_tiles
from keras_genssl.engine.networks import require_built, require_multiple
from keras_genssl.engine.shapes import same_shape
from keras_genssl.layers import BicubicUpsampling, LabToRGB, RGBToLab

AB_SCALE = 110.0  # a and b of sRGB divided by it lie in [-1, 1]
TO_TRAIN = ", the stride of the networks, to train on"


class ColourMethod(Method):
    """Base class of methods whose networks see a part of a colour image.

    Class attributes:
        networks: The constructor's arguments that are networks; the input size of the first is that of batches.
    """

    networks: ClassVar[tuple[str, ...]]

    def inputs(self) -> dict[str, Kind]:
        """Colour images of the size that the networks take; labels are ignored."""
        return {"image": self.image, "label": Anything(required=False)}

    @property
    def image(self) -> Image:
        """A colour image of the size that the networks take."""
        return Image((*getattr(self, self.networks[0]).input_shape[1:3], 3))

    def predict_step(self, data: Any) -> Any:
        """The features that `predict` returns."""
        return self.encode(self.batch(data, training=False)["image"])

    def encode(self, images: Any) -> Any:
        """Features `(batch, channels)` of images `(batch, h, w, 3)`, or grey ones, uint8 or float32 in [-1, 1]."""
        raise NotImplementedError

    def serving(self) -> dict[str, Serving]:
        """One function: image to features."""
        return {"encode": Serving(self.encode, {"image": self.image}, {"vector": Vector()})}


class LightnessToColour(ColourMethod):
    """Base class of methods that predict the colours of an image from its lightness.

    Batches hold `image`, colour images `(batch, h, w, 3)`, uint8 or float in [-1, 1], whose sides are multiples of the
    networks' stride; CIE Lab is computed here, on the accelerator. If the networks predict one pixel for each square of
    `stride` pixels a side, the true colour is the mean of a and b over the square. Logs `ab_error`, the mean distance
    of predicted and true colours in units of a and b.

    A subclass defines `colours`, which turns predictions into colours, and the loss.

    Args:
        encoder: A built `keras.Model` from lightness `(batch, h, w, 1)` in [-1, 1] to features
            `(batch, h', w', channels)`.
        decoder: A built `keras.Model` from these to `(batch, h'', w'', outputs)`.
        outputs: The number of values that the decoder must give for each pixel.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or does not fit.
    """

    networks: ClassVar[tuple[str, ...]] = ("encoder", "decoder")

    def __init__(self, encoder: keras.Model, decoder: keras.Model, outputs: int, *, name: str | None = None) -> None:
        self.stride = check_networks(encoder, decoder, 1, outputs)
        super().__init__(name=name)
        self.encoder = encoder
        self.decoder = decoder
        self.to_lab = built(RGBToLab())
        self.to_rgb = built(LabToRGB())
        self.upsampling = built(BicubicUpsampling(self.stride, dtype=keras.config.floatx()))
        self.ab_error = keras.metrics.Mean("ab_error")

    def colours(self, predictions: Any) -> Any:
        """Turns predictions `(batch, h, w, outputs)` into a and b, `(batch, h, w, 2)`."""
        raise NotImplementedError

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """Lightness in [-1, 1], and the colours at the resolution of predictions."""
        images = require_multiple("image", batch["image"], self.stride, TO_TRAIN)
        lightness, ab = planes(self.to_lab(images))
        return lightness, coarse(ab, self.stride)

    def call(self, lightness: Any, training: bool = False) -> Any:
        """Predictions `(batch, h'', w'', outputs)` from lightness `(batch, h, w, 1)` in [-1, 1]."""
        features = self.encoder(lightness, training=training)
        return ops.cast(self.decoder(features, training=training), keras.config.floatx())

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Returns the true colours if they are of as many pixels as the predictions."""
        return same_shape("The colours of `image`", y, "what `decoder` gives", y_pred, axes=3)

    def compared_images(self, x: Any, y: Any, y_pred: Any) -> tuple[Any, Any]:
        """Images in their true and in their predicted colours, both interpolated, with the same lightness."""
        return self._painted(x, y), self._painted(x, self.colours(y_pred))

    def _painted(self, lightness: Any, ab: Any) -> Any:
        """Images `(batch, h, w, 3)` of lightness in [-1, 1] and of a and b at the resolution of predictions."""
        return self.to_rgb(ops.concatenate([50.0 * (lightness + 1.0), self.upsampling(ab)], axis=-1))

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, which compare colours, with `ab_error`."""
        colours = self.colours(y_pred)
        distances = ops.sqrt(ops.sum(ops.square(colours - y), axis=-1))
        self.ab_error.update_state(ops.mean(distances, axis=(1, 2)))
        return super().compute_metrics(x, y, colours, sample_weight)

    def encode(self, images: Any) -> Any:
        """The mean of each feature over positions; ignores the image's colours.

        Args:
            images: `(batch, h, w, 3)`, or grey, `(batch, h, w, 1)`; uint8 or float32 in [-1, 1].

        Returns:
            `(batch, channels)`.
        """
        lightness, _ = planes(self.to_lab(batches.scaled(images)))
        return pooled(self.encoder(lightness, training=False))

    def colorize(self, images: Any) -> Any:
        """Colours images by their lightness: keeps the lightness and interpolates the predicted colours.

        Sides that are not a multiple of the stride are padded with their last pixels for the prediction. Large images
        are computed tile by tile (`engine.in_tiles`), as an export does and with its answers, if the networks take
        images of any size and `backbones.receptive_radius` knows how far they look.

        Args:
            images: As `encode` takes them.

        Returns:
            `(batch, h, w, 3)` in [-1, 1].
        """
        images = batches.required(images)
        return self._colorize(images if images.shape[-1] == 3 else ops.repeat(images, 3, axis=-1))

    @functools.cached_property
    def _colorize(self) -> Callable[[Any], Any]:
        def colorize(images: Any) -> Any:
            lab = self.to_lab(batches.scaled(images))
            ab = self.upsampling(self.colours(self(planes(continued(lab, self.stride))[0], training=False)))
            height, width = ops.shape(lab)[1:3]
            return self.to_rgb(ops.concatenate([lab[..., :1], ab[:, :height, :width]], axis=-1))

        networks = self.encoder, self.decoder, self.upsampling
        radius = backbones.receptive_radius(*networks)
        if radius is None or None not in self.encoder.input_shape[1:3]:
            return colorize
        return in_tiles(colorize, radius, step=backbones.total_stride(*networks))

    def serving(self) -> dict[str, Serving]:
        """Image to features, and image to coloured image."""
        image = {"image": self.image}
        return {**super().serving(), "colorize": Serving(self._colorize, image, image)}


def default_decoder(encoder: keras.Model, outputs: int, name: str = "encoder") -> keras.Model:
    """The default decoder for an encoder; `name` is the encoder's argument name, for error messages."""
    require_built(**{name: encoder})
    return backbones.position_head(encoder.output_shape[-1], outputs, name="decoder")


def planes(lab: Any) -> tuple[Any, Any]:
    """Splits Lab images into lightness, scaled to [-1, 1], and a and b, not scaled."""
    return lab[..., :1] / 50.0 - 1.0, lab[..., 1:]


def coarse(values: Any, stride: int) -> Any:
    """The mean over each square of `stride` pixels a side, `(batch, h / stride, w / stride, c)`."""
    return ops.average_pool(values, stride, strides=stride, padding="valid", data_format="channels_last")


def continued(images: Any, stride: int) -> Any:
    """Repeats the last rows and columns of images until height and width are multiples of `stride`."""
    for axis in (1, 2):
        size = -(-ops.shape(images)[axis] // stride) * stride
        last = images[:, -1:] if axis == 1 else images[:, :, -1:]
        images = ops.concatenate([images, *[last] * (stride - 1)], axis=axis)
        images = images[:, :size] if axis == 1 else images[:, :, :size]
    return images


def pooled(features: Any) -> Any:
    """The mean over positions, `(batch, channels)`, in full precision."""
    return ops.mean(ops.cast(features, keras.config.floatx()), axis=(1, 2))


def built(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Builds a layer that has no weights, and returns it."""
    layer.build((None, None, None, 3))
    return layer


def check_networks(
    encoder: keras.Model,
    decoder: keras.Model,
    channels: int,
    outputs: int,
    names: tuple[str, str] = ("encoder", "decoder"),
) -> int:
    """Returns the stride of an encoder with its decoder; `names` are their argument names, for error messages.

    Raises:
        ValueError: If one is not built, takes or gives other channels, or the stride is not an integer.
    """
    require_built(**dict(zip(names, (encoder, decoder), strict=True)))
    taken, features = encoder.input_shape, encoder.output_shape
    if len(taken) != 4 or taken[-1] != channels or len(features) != 4:
        raise ValueError(
            f"`{names[0]}` must take (batch, h, w, {channels}) and give a map of features (batch, h', w', c), "
            f"such as `backbones.small_feature_map` does. Received: a network from {taken} to {features}"
        )
    if len(decoder.input_shape) != 4 or decoder.input_shape[-1] != features[-1] or decoder.output_shape[-1] != outputs:
        raise ValueError(
            f"`{names[1]}` must take features (batch, h', w', {features[-1]}) and give {outputs} numbers for each "
            f"pixel. Received: a network from {decoder.input_shape} to {decoder.output_shape}"
        )
    height, width = (side or _PROBE for side in taken[1:3])
    probe = keras.KerasTensor((1, height, width, channels))
    map_height, map_width = decoder.compute_output_spec(encoder.compute_output_spec(probe)).shape[1:3]
    stride = height // map_height if map_height else 0
    if not stride or (stride * map_height, stride * map_width) != (height, width):
        raise ValueError(
            f"`{names[0]}` and `{names[1]}` must give one pixel for each square of pixels. "
            f"Received: networks that make {map_height}x{map_width} of {height}x{width}"
        )
    return stride


_PROBE = 256  # a side that every usual stride divides
