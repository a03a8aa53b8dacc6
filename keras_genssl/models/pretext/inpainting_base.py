"""Functions shared by the context encoders: checks, inputs, and the error of painted regions."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Image, Kind, Mask, Serving, Vector
from keras_genssl.engine.networks import fitting, require_built
from keras_genssl.models.representation import require_input, require_vectors


def require_painter(encoder: keras.Model, decoder: keras.Model) -> None:
    """Raises ValueError unless the decoder turns the encoder's features into images of the encoder's input shape."""
    require_vectors(encoder=encoder)
    require_built(decoder=decoder)
    require_input("decoder", decoder, "encoder", encoder)
    if tuple(decoder.output_shape[1:]) != tuple(encoder.input_shape[1:]):
        raise ValueError(
            f"`decoder` must give what `encoder` takes, {encoder.input_shape}. "
            f"Received: a network with output shape {decoder.output_shape}"
        )


def require_overlap(overlap: int, overlap_weight: float) -> None:
    """Raises ValueError if one of the two is out of its range."""
    if isinstance(overlap, bool) or not isinstance(overlap, int) or overlap < 0:
        raise ValueError(f"`overlap` must be an integer of at least 0. Received: overlap={overlap!r}")
    if not overlap_weight >= 0:
        raise ValueError(f"`overlap_weight` must not be negative. Received: overlap_weight={overlap_weight}")


def inputs(encoder: keras.Model) -> dict[str, Kind]:
    """The masked image, the whole image, and the mask, of the encoder's input shape."""
    image = Image(encoder.input_shape[1:])
    return {"masked": image, "image": image, "mask": Mask(image.shape[:2])}


def regions(mask: Any, overlap: int) -> tuple[Any, Any]:
    """Masks of the hidden pixels and of the predicted pixels: the hidden ones and up to `overlap` pixels around.

    Args:
        mask: `(batch, h, w, 1)`, 1 where pixels are hidden and 0 elsewhere.
        overlap: At least 0.

    Returns:
        Two tensors `(batch, h, w, 1)` of zeros and ones.
    """
    if not overlap:
        return mask, mask
    return mask, ops.max_pool(mask, 2 * overlap + 1, strides=1, padding="same", data_format="channels_last")


def painting_error(painted: Any, image: Any, mask: Any, overlap: int, overlap_weight: float) -> Any:
    """The weighted squared error, averaged over predicted pixels, `(batch,)`; 0 if nothing is hidden."""
    hidden, predicted = regions(mask, overlap)
    weights = hidden + overlap_weight * (predicted - hidden)
    squares = ops.sum(weights * ops.square(painted - image), axis=(1, 2, 3))
    return squares / (image.shape[-1] * ops.maximum(ops.sum(predicted, axis=(1, 2, 3)), 1.0))


def inpaint(method: Any, masked: Any) -> Any:
    """The images that a method paints, in [-1, 1], from masked images, uint8 or float32 in [-1, 1]."""
    return ops.clip(ops.cast(method(fitting(method.encoder, masked), training=False), keras.config.floatx()), -1.0, 1.0)


def serving(method: Any) -> dict[str, Serving]:
    """Image to features, and masked image to painted image."""
    image = {"image": Image(method.encoder.input_shape[1:])}
    return {
        "encode": Serving(method.encode, image, {"vector": Vector(method.encoder.output_shape[1])}),
        "inpaint": Serving(method.inpaint, image, image),
    }
