"""Base classes of the autoencoders: an encoder and a decoder."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Anything, Image, Kind, Method, Serving, Vector
from keras_genssl.engine.networks import fitting, require_built
from keras_genssl.engine.shapes import same_shape


class EncoderDecoder(Method):
    """Base class of methods that encode images to codes and decode codes to images.

    Batches hold `image` (a tensor, a dict, or the first of a tuple), uint8 or float in [-1, 1]; labels are ignored.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, statistics * code_dim)`.
        decoder: A built `keras.Model`, `(batch, code_dim)` to `(batch, h, w, c)`.
        statistics: How many values the encoder gives for each unit of the code.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.
    """

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, *, statistics: int = 1, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        require_coder(encoder, decoder, statistics)
        self.encoder = encoder
        self.decoder = decoder

    def inputs(self) -> dict[str, Kind]:
        """The image that the encoder takes; labels are ignored."""
        return {"image": Image(self.encoder.input_shape[1:]), "label": Anything(required=False)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images, as input and as target."""
        return batch["image"], batch["image"]

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Returns the images if they have the shape of their reconstructions."""
        return same_shape("`image`", y, "what `decoder` makes of it", y_pred["image"])

    def predict_step(self, data: Any) -> Any:
        """The reconstructions that `predict` returns."""
        return self.reconstruct(self.batch(data, training=False)["image"])

    def compared_images(self, x: Any, y: Any, y_pred: Any) -> tuple[Any, Any]:
        """Images, and what the decoder makes of their codes."""
        return y, y_pred["image"]

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics; those of `compile` compare images with reconstructions clipped to [-1, 1]."""
        images, made = self.compared_images(x, y, y_pred)
        return super().compute_metrics(x, images, ops.clip(made, -1.0, 1.0), sample_weight)

    def encode(self, images: Any) -> Any:
        """Codes: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to `(batch, code_dim)`."""
        return ops.cast(self.encoder(fitting(self.encoder, images), training=False), keras.config.floatx())

    def decode(self, codes: Any) -> Any:
        """Images: float32 `(batch, code_dim)` to `(batch, h, w, c)` in [-1, 1]."""
        return decoded(self.decoder, codes)

    def reconstruct(self, images: Any) -> Any:
        """Encodes and decodes images, `(batch, h, w, c)`; gives images in [-1, 1]."""
        return self.decode(self.encode(images))

    def serving(self) -> dict[str, Serving]:
        """Image to code, code to image, image to image."""
        return serving(self)


class PixelAutoencoder(EncoderDecoder):
    """Base class of autoencoders that minimise a distance of images, `loss(x, decoder(encoder(x)))`.

    Args:
        encoder: As in `EncoderDecoder`.
        decoder: As in `EncoderDecoder`.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        loss: keras.losses.Loss | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, name=name)
        self.image_loss = loss or keras.losses.MeanSquaredError()

    def call(self, images: Any, training: bool = False) -> dict[str, Any]:
        """Returns `image`, the decoder's output before clipping, and `code`."""
        codes = self.encoder(images, training=training)
        return {"image": self.decoder(codes, training=training), "code": codes}

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The image loss of each example, `(batch,)`."""
        return image_losses(self.image_loss, y, y_pred["image"])


def last_activation(network: keras.Model) -> str | None:
    """The name of the last activation among a network's layers; None if no layer has one."""
    names = (getattr(getattr(layer, "activation", None), "__name__", None) for layer in reversed(network.layers))
    return next((name for name in names if name is not None), None)


def decoded(decoder: keras.Model, codes: Any) -> Any:
    """A decoder's images in [-1, 1], of codes `(batch, code_dim)`."""
    return ops.clip(ops.cast(decoder(codes, training=False), keras.config.floatx()), -1.0, 1.0)


def image_losses(loss: keras.losses.Loss, images: Any, made: Any) -> Any:
    """A loss on images, averaged over each of them, `(batch,)`."""
    losses = loss.call(images, made)
    return ops.mean(losses, axis=tuple(range(1, len(losses.shape))))


def serving(method: Any) -> dict[str, Serving]:
    """Image to code, code to image, image to image."""
    image = {"image": Image(method.encoder.input_shape[1:])}
    latent = {"latent": Vector(method.decoder.input_shape[1])}
    return {
        "encode": Serving(method.encode, image, latent),
        "decode": Serving(method.decode, latent, image),
        "reconstruct": Serving(method.reconstruct, image, image),
    }


def require_coder(encoder: keras.Model, decoder: keras.Model, statistics: int = 1) -> None:
    """Requires an encoder and a decoder that fit together.

    Args:
        encoder: Images to `(batch, statistics * code_dim)`.
        decoder: Codes `(batch, code_dim)` to images.
        statistics: How many values the encoder gives for each unit of the code.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.
    """
    require_built(encoder=encoder, decoder=decoder)
    code, image = encoder.output_shape, encoder.input_shape
    if len(code) != 2 or not code[1]:
        raise ValueError(
            "`encoder` must give codes of shape (batch, code_dim), with code_dim at least 1. "
            f"Received: an encoder with output shape {code}"
        )
    if len(decoder.input_shape) != 2 or code[1] != statistics * (decoder.input_shape[1] or 0):
        several = f"{statistics} values for each unit" if statistics > 1 else "the code"
        raise ValueError(
            f"`encoder` must give {several} that `decoder` takes. Received: an encoder with output shape {code} and a "
            f"decoder with input shape {decoder.input_shape}"
        )
    if tuple(decoder.output_shape) != tuple(image):
        raise ValueError(
            "`decoder` must give images of the shape that `encoder` takes. Received: a decoder with output shape "
            f"{decoder.output_shape} and an encoder with input shape {image}"
        )
