"""What the methods that look at an image in patches share."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl import backbones
from keras_genssl.engine import Method, Serving, batches
from keras_genssl.layers import ImageStandardization


class PatchMethod(Method):
    """One encoder for all patches of an image, and for whole images once it is trained; not a method itself.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`. Of free height and width
            where whole images are to be encoded.
        num_patches: How many patches an image has.
        name: The model's name.

    Raises:
        ValueError: If the encoder is not built or gives no vectors.
    """

    fields: ClassVar[tuple[str, ...]] = ("patches",)

    def __init__(self, encoder: keras.Model, num_patches: int, name: str | None = None) -> None:
        require_vectors(encoder)
        super().__init__(name=name)
        self.encoder = encoder
        self.num_patches = num_patches

    def shapes(self) -> dict[str, tuple[int | None, ...]]:
        """The patches that the encoder takes."""
        return {"patches": (self.num_patches, *self.encoder.input_shape[1:])}

    def embed(self, patches: Any, training: bool) -> Any:
        """The features of each patch: `(batch, num, h, w, c)` to `(batch, num, dim)`."""
        features = self.encoder(ops.reshape(patches, (-1, *ops.shape(patches)[2:])), training=training)
        return ops.reshape(features, (-1, self.num_patches, self.encoder.output_shape[-1]))

    def encode(self, images: Any) -> Any:
        """The features of whole images: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to `(batch, dim)`."""
        return ops.cast(self.encoder(batches.scaled(images), training=False), keras.config.floatx())

    def serving(self) -> dict[str, Serving]:
        """One function: image to features."""
        shape = tuple(self.encoder.input_shape[1:])
        return {"encode": Serving(self.encode, input="image", output="vector", image_shape=shape)}


class PatchClassification(PatchMethod):
    """Classifies the patches of an image together; not a method itself.

    The encoder sees standardised images (`layers.ImageStandardization`), patches and whole images alike: the method's
    `encoder` is a model that does this first.

    A subclass names in `fields` what the patches are called and what is asked of them.

    Args:
        encoder: As `PatchMethod` takes it.
        num_patches: How many patches an image has.
        num_classes: How many answers there are.
        head: A built `keras.Model` on the features of all patches side by side, `(batch, num_patches * dim)`, to
            logits `(batch, num_classes)`; None: a hidden layer of four times the encoder's width, batch-normalised.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.
    """

    num_required: ClassVar[int] = 2

    def __init__(
        self, encoder: keras.Model, num_patches: int, num_classes: int, head: keras.Model | None, name: str | None
    ) -> None:
        require_vectors(encoder)
        images = keras.Input(encoder.input_shape[1:], name="images")
        standardised = ImageStandardization(name="standardization")(images)
        super().__init__(
            keras.Model(images, encoder(standardised), name=f"standardized_{encoder.name}"), num_patches, name
        )
        width = encoder.output_shape[-1]
        head = head or backbones.projection_head(
            num_patches * width, num_classes, hidden_dim=4 * width, output_bias=True, name="head"
        )
        shapes = head.input_shape, head.output_shape
        wanted = (None, num_patches * width), (None, num_classes)
        if shapes != wanted:
            raise ValueError(
                f"`head` must take {wanted[0]}, the features of {num_patches} patches, and give logits {wanted[1]}. "
                f"Received: a network from {shapes[0]} to {shapes[1]}"
            )
        self.head = head
        self.num_classes = num_classes
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def unpack(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The patches, and the answer where it is known."""
        name = self.fields[1]
        answer = batches.classes(batch[name], self.num_classes, name) if name in batch else None
        return batch["patches"], answer

    def call(self, patches: Any, training: bool = False) -> Any:
        """Logits `(batch, num_classes)` of patches `(batch, num, h, w, c)`."""
        features = self.embed(patches, training)
        together = ops.reshape(features, (-1, self.head.input_shape[-1]))
        return ops.cast(self.head(together, training=training), keras.config.floatx())

    def objective(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The cross-entropy of each example, `(batch,)`."""
        return -ops.sum(batches.one_hot(y, self.num_classes) * ops.log_softmax(y_pred, axis=-1), axis=-1)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """The engine's, and `accuracy`."""
        self.accuracy.update_state(y, y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The networks and the name, serialized."""
        parts = {"encoder": self.encoder.layers[-1], "head": self.head}
        return {**{key: keras.saving.serialize_keras_object(part) for key, part in parts.items()}, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PatchClassification":
        """Rebuilds the method from `get_config`."""
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("encoder", "head")}
        return cls(**{**config, **parts})


def require_vectors(encoder: keras.Model) -> None:
    """Raises ValueError where an encoder is not built, or gives anything but `(batch, dim)`."""
    if not encoder.built:
        raise ValueError(
            f"`encoder` must be built (give it an input shape). Received: {encoder.name!r}, which has no weights yet"
        )
    shape = encoder.output_shape
    if not isinstance(shape, tuple) or len(shape) != 2 or not shape[1]:
        raise ValueError(f"`encoder` must give vectors (batch, dim). Received: a network with output shape {shape}")
