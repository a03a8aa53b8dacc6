"""Networks whose features the metrics compare: Fashion-MNIST's, which ships, and Inception from a file."""

import hashlib
import os
import pathlib
from typing import Any

import keras
import numpy as np

from keras_genssl.backbones import fashion_classifier
from keras_genssl.checks import arrays

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
        grey = _as_grey(arrays.level_batch(images))
        parts = [[np.zeros((0, output.shape[-1]), np.float32) for output in self.network.outputs]]
        for start in range(0, len(grey), self.batch_size):
            batch = arrays.signed(grey[start : start + self.batch_size])
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


INCEPTION_URL = "https://storage.googleapis.com/download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz"

_SIZE = 299


class InceptionFeatures:
    """The 2048 features ("pool_3") of the InceptionV3 of December 2015, by its own frozen graph.

    Images of any size are quantised to uint8, resized to 299x299 as TensorFlow 1 did (`resize_bilinear_v1`),
    and mapped to ``(x - 128) / 128``; grey images are repeated three times. Call it with images
    ``(count, h, w, 1 or 3)``; it returns float32 ``(count, 2048)``. `inception_features` creates it.

    Args:
        graph: callable from float32 ``(batch, 299, 299, 3)`` to ``(batch, ..., 2048)``, with ``digest``.
        batch_size: images in memory at once, positive.
    """

    name = "inception"

    def __init__(self, graph: Any, batch_size: int = 50) -> None:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be positive. Received: batch_size={batch_size}")
        self.graph, self.batch_size, self.digest = graph, batch_size, graph.digest

    def __call__(self, images: Any) -> np.ndarray:
        """Returns features ``(count, 2048)`` of images."""
        images = arrays.level_batch(images)
        if images.shape[-1] not in (1, 3):
            raise ValueError(f"Images must have one channel or three. Received: images of shape {images.shape[1:]}")
        parts = [np.zeros((0, 2048), np.float32)]
        for start in range(0, len(images), self.batch_size):
            resized = resize_bilinear_v1(images[start : start + self.batch_size], _SIZE, _SIZE)
            resized = np.broadcast_to(resized, (*resized.shape[:3], 3))
            # Multiplying by 1/128 is the graph's own way, and exact.
            values = np.asarray(self.graph((resized - np.float32(128)) * np.float32(1 / 128)))
            if values.shape != (len(resized), *values.shape[1:-1], 2048) or values.size != 2048 * len(resized):
                raise ValueError(f"The graph must return 2048 features an image. Received: shape {values.shape}")
            parts.append(values.reshape(-1, 2048))
        return np.concatenate(parts)


def inception_features(source: str | os.PathLike[str] = INCEPTION_URL, sha256: str | None = None) -> InceptionFeatures:
    """Loads the InceptionV3 graph of 2015, with which papers measure FIDs.

    Any other InceptionV3, such as Keras' own, and any other resize give other numbers.

    Args:
        source: ``classify_image_graph_def.pb``, the archive ``inception-2015-12-05.tgz`` it came in, or a URL of
            either, downloaded to Keras' cache once.
        sha256: digest of the file, checked after a download; None for no check.

    Returns:
        A callable, images -> features.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a graph with the tensors ``Mul:0`` and ``pool_3:0``.

    Example:

        fid = kg.metrics.FID(kg.metrics.inception_features("inception-2015-12-05.tgz"), real_images)
        fid(samples)                                                  # 50,000 of each, as in papers
    """
    # TensorFlow runs its own graph. Under another backend, nothing else in this package needs it.
    from keras_genssl.engine.frozen_graph import FrozenGraph

    path = os.fspath(source)
    if "://" in path:
        path = keras.utils.get_file(origin=path, cache_subdir="keras_genssl", file_hash=sha256, hash_algorithm="sha256")
    return InceptionFeatures(FrozenGraph(path, "Mul:0", "pool_3:0", (None, _SIZE, _SIZE, 3)))


def resize_bilinear_v1(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize images as TensorFlow 1's ``resize_bilinear`` did by default, in float32.

    Output pixel ``i`` is read at ``i * in / out``: corners are not aligned, pixels are addressed by their top left
    corner (the picture moves by half a pixel), and down-scaling does not average.

    Args:
        images: ``(batch, h, w, channels)``, not empty, any dtype.
        height: height of the output, positive.
        width: width of the output, positive.

    Returns:
        float32 ``(batch, height, width, channels)``.

    Raises:
        ValueError: if a size is not positive or the images are not ``(batch, h, w, channels)``.

    Example:
        >>> resize_bilinear_v1(np.array([0.0, 10.0]).reshape(1, 1, 2, 1), 1, 4).ravel().tolist()
        [0.0, 5.0, 10.0, 10.0]
    """
    if images.ndim != 4 or 0 in images.shape[1:3]:
        raise ValueError(f"`images` must be (batch, h, w, channels). Received: shape {images.shape}")
    if min(height, width) < 1:
        raise ValueError(f"`height` and `width` must be positive. Received: height={height}, width={width}")
    lower_y, upper_y, share_y = _positions(images.shape[1], height)
    lower_x, upper_x, share_x = _positions(images.shape[2], width)
    images = images.astype(np.float32)
    share_x = share_x[:, None]
    rows = {}
    for name, index in (("top", lower_y), ("bottom", upper_y)):
        left, right = images[:, index][:, :, lower_x], images[:, index][:, :, upper_x]
        rows[name] = left + (right - left) * share_x
    return rows["top"] + (rows["bottom"] - rows["top"]) * share_y[:, None, None]


def _positions(size: int, new_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns lower and upper pixel of each output position, and the share of the upper, in float32 like the kernel."""
    position = np.arange(new_size, dtype=np.float32) * (np.float32(size) / np.float32(new_size))
    lower = np.floor(position).astype(np.int64)
    return lower, np.minimum(lower + 1, size - 1), position - lower.astype(np.float32)
