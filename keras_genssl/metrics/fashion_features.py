"""The feature network of the Fashion-FID."""

import hashlib
import os
import pathlib
from typing import Any

import keras
import numpy as np

from keras_genssl.backbones import fashion_classifier
from keras_genssl.checks import image_arrays
from keras_genssl.metrics.eight_bit import eight_bit

_SHIPPED = pathlib.Path(__file__).parent / "weights" / "fashion_features.npz"


class FashionFeatures:
    """Features and classes of 28x28 grey images by a `backbones.fashion_classifier`.

    Call it with images ``(count, 28, 28, 1)``, uint8 or float in [-1, 1] (quantised to uint8 first), or with
    grey images of three equal channels; it returns float32 features ``(count, 128)``. It is meant for the
    metrics of generated images; its weights are fixed.

    Args:
        network: model from ``(batch, 28, 28, 1)`` in [-1, 1] to ``[features, logits]``.
        digest: identifies the weights, in hexadecimal; None to compute it from them.
        batch_size: images in memory at once, positive; changes the speed, not the values.

    Raises:
        ValueError: if ``batch_size`` is not positive or the network has another input or output.
    """

    name = "fashion"  # the metrics put it before their own: "fashion_fid"

    def __init__(self, network: keras.Model, digest: str | None = None, batch_size: int = 250) -> None:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be positive. Received: batch_size={batch_size}")
        if len(network.outputs) != 2 or network.input_shape != (None, 28, 28, 1):
            raise ValueError(
                "`network` must map (batch, 28, 28, 1) to [features, logits]. Received: a network from "
                f"{network.input_shape} with {len(network.outputs)} outputs"
            )
        self.network, self.batch_size = network, batch_size
        self.digest = digest or _digest(network)

    def __call__(self, images: Any) -> np.ndarray:
        """Returns features ``(count, 128)`` of images, float32."""
        return self._outputs(images)[0]

    def logits(self, images: Any) -> np.ndarray:
        """Returns logits ``(count, 10)`` of images, float32, in the order of Fashion-MNIST's labels."""
        return self._outputs(images)[1]

    def classify(self, images: Any) -> np.ndarray:
        """Returns labels ``(count,)`` of images, 0 to 9."""
        return np.argmax(self.logits(images), axis=-1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the weights as ``.npz``, kernels rounded to float16, the same bytes for the same weights."""
        arrays = {v.path.replace("/", "."): _values(v) for v in self.network.variables}
        rounded = {name: array.astype(np.float16) if array.ndim > 1 else array for name, array in arrays.items()}
        np.savez(path, allow_pickle=False, **rounded)

    def _outputs(self, images: Any) -> tuple[np.ndarray, np.ndarray]:
        grey = _as_grey(eight_bit(images))
        parts = [[np.zeros((0, output.shape[-1]), np.float32) for output in self.network.outputs]]
        for start in range(0, len(grey), self.batch_size):
            batch = image_arrays.signed(grey[start : start + self.batch_size])
            # `predict` would compile, and build a data pipeline, at each call.
            parts.append([keras.ops.convert_to_numpy(output) for output in self.network(batch, training=False)])
        features, logits = (np.concatenate(column) for column in zip(*parts, strict=True))
        return features, logits


def fashion_features(path: str | os.PathLike[str] | None = None) -> FashionFeatures:
    """Loads the Fashion-MNIST feature network that comes with the package, or a similar one from a file.

    The card next to the weights (`fashion_features.json`) states the test accuracy, the seed and the command that
    trained them, `python benchmarks/fashion_features.py`. A Frechet distance in these 128 features is called
    Fashion-FID. It is not an FID, and can be compared only with numbers of the same network.

    Args:
        path: ``.npz`` of other weights of the same architecture, as `FashionFeatures.save` writes it; None for the
            weights of the package.

    Returns:
        A callable, images -> features, with ``logits(images)``, ``classify(images)`` and ``digest``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds the weights of another network.

    Example:
        >>> features = fashion_features()
        >>> features(np.zeros((2, 28, 28, 1), np.uint8)).shape
        (2, 128)
    """
    path = pathlib.Path(_SHIPPED if path is None else path)
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name].astype(np.float32) for name in file.files}
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")  # the features must not depend on the user's policy
    try:
        network = fashion_classifier()
    finally:
        keras.config.set_dtype_policy(policy)
    variables = {variable.path.replace("/", "."): variable for variable in network.variables}
    if {name: tuple(v.shape) for name, v in variables.items()} != {name: a.shape for name, a in arrays.items()}:
        raise ValueError(f"`path` must hold the weights of `backbones.fashion_classifier()`. Received: {path}")
    for name, variable in variables.items():
        variable.assign(arrays[name])
    network.trainable = False
    return FashionFeatures(network, hashlib.sha256(path.read_bytes()).hexdigest())


def _digest(network: keras.Model) -> str:
    digest = hashlib.sha256()
    for variable in network.variables:
        digest.update(f"{variable.path} {variable.shape}".encode())
        digest.update(_values(variable).astype(np.float32).tobytes())
    return digest.hexdigest()


def _values(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(variable))


def _as_grey(images: np.ndarray) -> np.ndarray:
    if images.shape[1:] == (28, 28, 1):
        return images
    if images.shape[1:] != (28, 28, 3):
        raise ValueError(
            "Images for the Fashion features must be 28x28 with one channel, or grey with three. "
            f"Received: images of shape {images.shape[1:]}"
        )
    if not (images == images[..., :1]).all():
        raise ValueError("Images of three channels must be grey for the Fashion features. Received: coloured images")
    return images[..., :1]
