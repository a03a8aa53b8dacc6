"""Base classes of the methods whose examples are stacks of images: patches of an image, or frames of a film."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Image, Kind, Label, Stack, batches
from keras_genssl.models.representation import RepresentationMethod, require_vectors


class StackMethod(RepresentationMethod):
    """Base class of methods that encode each image of a stack separately, and whole images after training."""

    def embed(self, stacks: Any, training: bool) -> Any:
        """The features of each image: `(batch, num, h, w, c)` to `(batch, num, dim)`."""
        _, num, *image = ops.shape(stacks)
        features = self.encoder(ops.reshape(stacks, (-1, *image)), training=training)
        return ops.reshape(features, (-1, num, self.encoder.output_shape[-1]))


class StackClassification(StackMethod):
    """Base class of methods that classify the images of a stack jointly.

    A subclass names the input with the images and the input with the answer. Logs `accuracy`.

    Args:
        encoder: As in `RepresentationMethod`.
        head: A built `keras.Model` on the features of all images side by side, `(batch, num * dim)`, to logits
            `(batch, num_classes)`.
        images: The name of the input that holds the stack.
        answer: The name of the input that holds the answer.
        num: The number of images in a stack.
        num_classes: The number of answers.
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
        """A stack of images, and one answer for it."""
        images, answer = self.names
        return {images: Stack(Image(self.encoder.input_shape[1:]), self.num), answer: Label(self.num_classes)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The stacks, and the answers if they are given."""
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
        """Updates the metrics, with `accuracy`."""
        self.accuracy.update_state(y, y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)
