"""The base class of the metric-learning methods: an encoder, and embeddings on the unit sphere."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Image, Method, Serving, Vector, finite
from keras_genssl.engine.networks import fitting
from keras_genssl.engine.shapes import same_shape
from keras_genssl.losses.contrastive.embeddings import directions
from keras_genssl.models.representation import require_vectors

_EPSILON = 1e-12  # inside the distance: its gradient at 0 stays finite


class Embedder(Method):
    """Base class of methods that map images to embeddings.

    A step whose embeddings, losses or gradients are not finite raises `InvalidArgumentError` before the optimizer
    changes a weight; for XLA see `engine.finite`.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        normalize: Whether embeddings are divided by their L2 norm. An embedding with a norm below 1e-6 becomes zero and
            gets no gradient.
        name: The model's name.

    Raises:
        ValueError: If the encoder is not built, or does not give vectors.
    """

    def __init__(self, encoder: keras.Model, *, normalize: bool = True, name: str | None = None) -> None:
        require_vectors(encoder=encoder)
        super().__init__(name=name)
        self.encoder = encoder
        self.normalize = normalize

    @property
    def image(self) -> Image:
        """The kind of image that the encoder takes."""
        return Image(self.encoder.input_shape[1:])

    def call(self, images: Any, training: bool = False) -> Any:
        """Embeddings, `(batch, h, w, c)` to `(batch, dim)`, checked to be finite."""
        return finite(self._embed(images, training), "embeddings")

    def encode(self, images: Any) -> Any:
        """Embeddings: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to float32 `(batch, dim)`."""
        return self._embed(fitting(self.encoder, images), training=False)

    def predict_step(self, data: Any) -> Any:
        """The embeddings that `predict` returns: those of the first input."""
        return self.encode(self.batch(data, training=False)[next(iter(self.inputs()))])

    def serving(self) -> dict[str, Serving]:
        """One function: image in, embedding out."""
        vector = Vector(self.encoder.output_shape[1])
        return {"encode": Serving(self.encode, {"image": self.image}, {"vector": vector})}

    def _embed(self, images: Any, training: bool) -> Any:
        embeddings = ops.cast(self.encoder(images, training=training), keras.config.floatx())
        return directions(embeddings) if self.normalize else embeddings


def together(batch: dict[str, Any], first: str, *others: str) -> Any:
    """Concatenates the images of several inputs, for one pass through the encoder.

    Raises:
        ValueError: If their sizes differ; raised when the step runs if the sizes are not known before.
    """
    images = [same_shape(f"`{name}`", batch[name], f"`{first}`", batch[first]) for name in others]
    return ops.concatenate([batch[first], *images], axis=0)


def squared_distances(first: Any, second: Any) -> Any:
    """Squared Euclidean distances of rows, `(batch, dim)` twice to `(batch,)`."""
    return ops.sum(ops.square(first - second), axis=1)


def distances(first: Any, second: Any) -> Any:
    """Euclidean distances of rows, `(batch,)`, with a finite gradient where two rows are equal."""
    return ops.sqrt(ops.maximum(squared_distances(first, second), _EPSILON))
