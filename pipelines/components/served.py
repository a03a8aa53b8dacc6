"""SavedModels that take the bytes of images, and image files in the form that they take."""

from pathlib import Path
from typing import Any

import numpy as np

from keras_genssl.pretext import codec
from pipelines.errors import UserError
from pipelines.runtime import device, saved_model, store

ERROR = "error"
"""The output of a signature that says why an image is refused."""


def function_of_images(model: Path) -> Any:
    """Returns the signature ``serving_default`` of a SavedModel.

    Args:
        model: the directory of a SavedModel.

    Returns:
        A function from ``image_bytes``, a string tensor ``(batch,)``, to a dict of tensors; it keeps the model alive.

    Raises:
        UserError: there is no such SavedModel, it is damaged, or it does not take images.
    """
    loaded = load(model)
    function = loaded.signatures.get("serving_default")
    if function is None or "image_bytes" not in function.structured_input_signature[1]:
        raise UserError(f"{model}: takes no images, its `serving_default` has no input `image_bytes`")
    function.owner = loaded  # it owns what the signature uses
    return function


def load(model: Path) -> Any:
    """Loads a SavedModel with TensorFlow.

    Raises:
        UserError: there is none, or it is damaged.
    """
    check(model)
    device.start()
    import tensorflow as tf

    try:
        return tf.saved_model.load(str(model))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200] or "no reason is given"
        raise UserError(
            f"{model}: the SavedModel cannot be loaded, a file of it is missing or damaged "
            f"({type(error).__name__}: {reason})"
        ) from error


def refusals(answer: dict[str, Any], images: int) -> list[str]:
    """Returns why a model refuses each of its images; an empty string for an image that it accepts.

    Exports of `keras_genssl` report this in an output of their own; other models report nothing.

    Args:
        answer: the answer of a signature to a batch of image bytes.
        images: the number of images in the batch.
    """
    said = answer.get(ERROR)
    return [""] * images if said is None else [reason.decode() for reason in said.numpy()]


def digest(model: Path) -> str:
    """Returns the SHA-256 of a SavedModel's graph and weights, which galleries and embeddings store.

    Raises:
        UserError: there is no such SavedModel.
    """
    check(model)
    return saved_model.digest(model)


def check(model: Path) -> None:
    """Checks that there is a SavedModel.

    Raises:
        UserError: there is none, or its path is not UTF-8.
    """
    store.check_encodable(model, "MODEL")
    if not (model / "saved_model.pb").is_file():
        raise UserError(
            f"{model}: is no SavedModel: it holds no saved_model.pb. `genssl run` and `model.export` make one"
        )


def read_image(path: Path) -> np.ndarray | str:
    """Reads an image file as training reads it (`codec.decode_image`), or returns in one line why it cannot be read."""
    try:
        return codec.decode_image(path.read_bytes())[0]
    except codec.DECODE_ERRORS as error:
        text = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return " ".join(text.split()) or type(error).__name__
