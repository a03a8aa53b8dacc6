"""VGG16 without its classifier as a SavedModel from images to vectors."""

import functools
import hashlib
from pathlib import Path
from typing import Any

from pipelines.errors import UserError
from pipelines.runtime import code, device, store

SIDE = 224  # in pixels; the size of the training images


def export(weights: Path | None, home: Path, side: int = SIDE) -> Path:
    """Exports VGG16 (Simonyan and Zisserman, 2014, https://arxiv.org/abs/1409.1556), unless it is already exported.

    Images are resized to a square (bilinear, antialiased, without keeping their proportions) and converted to
    Caffe's input. The vector is the mean over positions of the last block, 512 numbers.

    Args:
        weights: a Keras weights file of VGG16 without its classifier.
        home: the SavedModel is written to `<home>/vgg16-<digest>`.
        side: the side of the square, in pixels.

    Raises:
        UserError: the weights are missing or belong to another network.
    """
    wanted = "a Keras weights file of VGG16 without its classifier (vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5)"
    if weights is None:
        raise UserError(
            f"--weights: VGG16 needs {wanted}. Fetch it where there is a network, and pass its path; or pass "
            "as --model any SavedModel that turns images into vectors"
        )
    if not weights.is_file():
        raise UserError(f"--weights {weights}: there is no such file; it must be {wanted}")
    made = {"weights": hashlib.sha256(weights.read_bytes()).hexdigest(), "side": side, "code": code.digest(__name__)}
    path = home / f"vgg16-{store.digest(made)[:20]}"
    if not path.exists():
        device.start()
        from keras_genssl import export as exporting
        from keras_genssl.engine import Image, Serving, Vector

        function = functools.partial(_vectors, _network(weights, wanted), side)
        serving = Serving(function, {"image": Image((None, None, 3))}, {"vector": Vector(512)})
        exporting.saved_model(None, path, signatures={"encode": serving})
    return path


def _network(weights: Path, wanted: str) -> Any:
    import keras

    network = keras.applications.VGG16(include_top=False, weights=None, input_shape=(None, None, 3), pooling="avg")
    try:
        network.load_weights(weights)
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"--weights {weights}: must be {wanted}, and cannot be read as that: {reason}") from error
    return network


def _vectors(network: Any, side: int, images: Any) -> Any:
    import tensorflow as tf

    from keras_genssl.layers import CaffePreprocessing

    squares = tf.image.resize(images, (side, side), antialias=True)
    return network(CaffePreprocessing()(squares), training=False)
