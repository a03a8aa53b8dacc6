"""What the methods share whose examples are stacks of images: patches of one, frames of a film."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Image, Kind, Label, Stack, batches
from keras_genssl.models.representation import RepresentationMethod, require_vectors


class StackMethod(RepresentationMethod):
    """One encoder for each image of a stack by itself, and for whole images once it is trained; not a method itself."""

    def embed(self, stacks: Any, training: bool) -> Any:
        """The features of each image: `(batch, num, h, w, c)` to `(batch, num, dim)`."""
        _, num, *image = ops.shape(stacks)
        features = self.encoder(ops.reshape(stacks, (-1, *image)), training=training)
        return ops.reshape(features, (-1, num, self.encoder.output_shape[-1]))


class StackClassification(StackMethod):
    """Classifies the images of a stack together; not a method itself.

    A subclass names the images, and the answer that is asked for. Logs `accuracy`.

    Args:
        encoder: As `RepresentationMethod` takes it.
        head: A built `keras.Model` on the features of all images side by side, `(batch, num * dim)`, to logits
            `(batch, num_classes)`.
        images: What the images of a stack are called.
        answer: What the answer is called.
        num: How many images a stack has.
        num_classes: How many answers there are.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.
    """

    def __init__(
        self,
        encoder: keras.Model,
        head: keras.Model,
        images: str,
        answer: str,
        num: int,
        num_classes: int,
        *,
        name: str | None,
    ) -> None:
        super().__init__(encoder, name=name)
        require_vectors(head=head)
        shapes = head.input_shape, head.output_shape
        wanted = (None, num * encoder.output_shape[-1]), (None, num_classes)
        if shapes != wanted:
            raise ValueError(
                f"`head` must take {wanted[0]}, the features of {num} {images}, and give logits {wanted[1]}. "
                f"Received: a network from {shapes[0]} to {shapes[1]}"
            )
        self.head = head
        self.names = (images, answer)
        self.num = num
        self.num_classes = num_classes
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def inputs(self) -> dict[str, Kind]:
        """Images that the encoder takes, and one answer for them."""
        images, answer = self.names
        return {images: Stack(Image(self.encoder.input_shape[1:]), self.num), answer: Label(self.num_classes)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images, and the answer where it is known."""
        images, answer = self.names
        return batch[images], batch.get(answer)

    def call(self, stacks: Any, training: bool = False) -> Any:
        """Logits `(batch, num_classes)` of stacks `(batch, num, h, w, c)`."""
        together = ops.reshape(self.embed(stacks, training), (-1, self.head.input_shape[-1]))  # (batch, num * dim)
        return ops.cast(self.head(together, training=training), keras.config.floatx())

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The cross-entropy of each example, `(batch,)`."""
        return -ops.sum(batches.one_hot(y, self.num_classes) * ops.log_softmax(y_pred, axis=-1), axis=-1)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """The engine's, and `accuracy`."""
        self.accuracy.update_state(y, y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)
