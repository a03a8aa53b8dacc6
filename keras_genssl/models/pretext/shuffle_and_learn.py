"""Shuffle and learn: features from which the order of a film's frames can be told."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl import backbones
from keras_genssl.engine import Method, Serving, batches
from keras_genssl.models.contrastive.base import require_vectors, width

FRAMES = 3


@keras.saving.register_keras_serializable(package="keras_genssl")
class ShuffleAndLearn(Method):
    """Tells whether three frames of a film are in order, or the middle one is from elsewhere.

    Misra et al., 2016 (https://arxiv.org/abs/1603.08561): one encoder sees each frame by itself, a head the features of
    all three side by side; the loss is the cross-entropy of the two answers. In the paper's network the head is one
    linear layer, which can weigh up frames but not compare them; here a hidden layer comes before it, unless `head` is
    given.

    Batches hold `frames` (`(batch, 3, h, w, c)`, uint8 or float in [-1, 1]) and `ordered` (`(batch,)` integers, 1 or
    0), as `pretext.frame_order` makes them. Logs `accuracy`; what guessing reaches is the larger share of the two.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`, of free height and width where
            images of another size are to be encoded.
        head: A built `keras.Model` on the features of the frames side by side, `(batch, 3 * dim)`, to logits
            `(batch, 2)`; None: `backbones.projection_head` with a hidden layer of `3 * dim`.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.

    Example:

        films = kg.data.FrameFolders("films/")
        model = kg.models.ShuffleAndLearn(kg.backbones.small_encoder((64, 64, 3)))
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(kg.data.load(films, batch_size=64, transform=kg.pretext.frame_order), epochs=50)
        features = model.encode(images)
    """

    fields: ClassVar[tuple[str, ...]] = ("frames", "ordered")
    num_required: ClassVar[int] = 2

    def __init__(self, encoder: keras.Model, head: keras.Model | None = None, name: str | None = None) -> None:
        dim = FRAMES * width(encoder)
        head = head or backbones.projection_head(dim, 2, output_bias=True, name="head")
        require_vectors(head=head)
        if (head.input_shape, head.output_shape) != ((None, dim), (None, 2)):
            raise ValueError(
                f"`head` must take (None, {dim}), the features of {FRAMES} frames, and give logits (None, 2). "
                f"Received: a network from {head.input_shape} to {head.output_shape}"
            )
        super().__init__(name=name)
        self.encoder = encoder
        self.head = head
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def shapes(self) -> dict[str, tuple[int | None, ...]]:
        """Three images that the encoder takes."""
        return {"frames": (FRAMES, *self.encoder.input_shape[1:])}

    def unpack(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The frames, and whether they are in order, where that is known."""
        ordered = batches.classes(batch["ordered"], 2, "ordered") if "ordered" in batch else None
        return batch["frames"], ordered

    def call(self, frames: Any, training: bool = False) -> Any:
        """Logits `(batch, 2)` of frames `(batch, 3, h, w, c)`: not in order, in order."""
        images = ops.reshape(frames, (-1, *ops.shape(frames)[2:]))  # (3 batch, h, w, c)
        features = self.encoder(images, training=training)
        together = ops.reshape(features, (-1, self.head.input_shape[-1]))  # (batch, 3 dim)
        return ops.cast(self.head(together, training=training), keras.config.floatx())

    def objective(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The cross-entropy of each tuple, `(batch,)`."""
        return -ops.sum(batches.one_hot(y, 2) * ops.log_softmax(y_pred, axis=-1), axis=-1)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """The engine's, and `accuracy`."""
        self.accuracy.update_state(y, y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def encode(self, images: Any) -> Any:
        """The encoder's features: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to `(batch, dim)`."""
        return ops.cast(self.encoder(batches.scaled(images), training=False), keras.config.floatx())

    def serving(self) -> dict[str, Serving]:
        """One function: image to features."""
        shape = tuple(self.encoder.input_shape[1:])
        return {"encode": Serving(self.encode, input="image", output="vector", image_shape=shape)}

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, serialized."""
        parts = {"encoder": self.encoder, "head": self.head}
        return {**{key: keras.saving.serialize_keras_object(part) for key, part in parts.items()}, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ShuffleAndLearn":
        """Rebuilds the method from `get_config`."""
        return cls(**{key: keras.saving.deserialize_keras_object(value) for key, value in config.items()})
