"""Rotation prediction: predict by how many quarter turns an image was rotated."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Image, Kind, Label, batches
from keras_genssl.engine.shapes import same_shape
from keras_genssl.models.representation import RepresentationMethod, require_one_layer

TURNS = 4


@keras.saving.register_keras_serializable(package="keras_genssl")
class Rotation(RepresentationMethod):
    """Predicts by how many quarter turns an image was rotated (Gidaris et al., 2018).

    `loss = -1/4 Σ_y log softmax(W φ(rot(image, 90° y)) + b)_y`, y = 0 ... 3: all four copies of an image are in the
    batch, which the paper found to be best. The copies are made here, on the accelerator; quarter turns move pixels
    without resampling. The encoder sees a batch of N images as one of 4N.

    Batches hold `image` (a tensor, a dict, or the first of a tuple), square, uint8 or float in [-1, 1]; labels are
    ignored. With `views`, training draws one view of each image and makes the four copies of it; the authors draw crops
    and flips. If a dict holds `rotation` too (`(batch,)` integers, 0 to 3, as `pretext.rotated` makes them), the
    images are already rotated and no copies are made. Logs `accuracy`, the share of rotations that are predicted
    correctly; 0.25 is chance.

    Reference:
        - Gidaris et al. 2018, [Unsupervised Representation Learning by Predicting Image
          Rotations](https://arxiv.org/abs/1803.07728)

    Args:
        encoder: A built network of images `(batch, side, side, c)` in [-1, 1] to features `(batch, dim)`.
        views: A layer from images in [-1, 1] to images in [-1, 1] that the encoder takes, random at every call, or
            None. It is applied only in training, and only to images that are not rotated yet; these may have any size.
        name: The model's name.

    Raises:
        ValueError: If the encoder is not built, gives no vectors, or takes images that are not square.
        TypeError: If `views` is neither one layer nor None.

    Example:

        views = kg.views.Compose([kg.views.RandomResizedCrop(28, (0.3, 1.0)), kg.views.RandomFlip()])
        model = kg.models.Rotation(kg.backbones.small_encoder((28, 28, 1)), views=views)
        model.compile(keras.optimizers.SGD(0.1, 0.9))
        model.fit(kg.data.load("fashion_mnist", batch_size=64), epochs=10)
        features = model.encode(images)
    """

    def __init__(
        self, encoder: keras.Model, *, views: keras.layers.Layer | None = None, name: str | None = None
    ) -> None:
        require_one_layer(views)
        super().__init__(encoder, name=name)
        self.views = views
        height, side, _ = encoder.input_shape[1:]
        if height != side:
            raise ValueError(
                "`encoder` must take square images: a quarter turn swaps height and width. "
                f"Received: an encoder with input shape {encoder.input_shape}"
            )
        self.classifier = keras.layers.Dense(TURNS, dtype=keras.config.floatx(), name="classifier")
        self.classifier.build(encoder.output_shape)
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def inputs(self) -> dict[str, Kind]:
        """An image, of any size if `views` is given, and the rotation if images are already rotated."""
        shape = tuple(self.encoder.input_shape[1:])
        image = Image(shape if self.views is None else (None, None, shape[-1]))
        return {**super().inputs(), "image": image, "rotation": Label(TURNS, required=False)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The rotated images and their rotations: four copies of each, `(4 batch, ...)`, unless already rotated."""
        images = batch["image"]
        if "rotation" in batch:
            return images, batch["rotation"]
        return rotations(images), ops.repeat(ops.arange(TURNS, dtype="int32"), ops.shape(images)[0])

    def call(self, images: Any, training: bool = False) -> Any:
        """Logits of the rotations, `(batch, 4)`."""
        return self.classifier(self.encoder(images, training=training))

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The cross-entropy of each rotated image, `(batch,)`."""
        return -ops.sum(batches.one_hot(y, TURNS) * ops.log_softmax(y_pred, axis=-1), axis=-1)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One update, on views of the images if they are not rotated yet; returns the logs."""
        batch = self.batch(data)
        if self.views is not None and "rotation" not in batch:
            batch = {**batch, "image": self.views(batch["image"])}
        return super().train_step(batch)

    def predict_step(self, data: Any) -> Any:
        """The features that `predict` returns."""
        return self.encode(self.batch(data, training=False)["image"])

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, with `accuracy`."""
        self.accuracy.update_state(y, y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)


def rotations(images: Any) -> Any:
    """Rotates images by 0, 90, 180 and 270 degrees counter-clockwise: `(batch, side, side, c)` to `(4 batch, ...)`."""
    height, side = images.shape[1:3]
    if None not in (height, side) and height != side:
        raise ValueError(f"`image` must be square to be turned. Received: a batch of shape {tuple(images.shape)}")
    images = same_shape("`image`", images, "its quarter turn", ops.swapaxes(images, 1, 2))
    across = ops.swapaxes(images, 1, 2)
    return ops.concatenate([images, ops.flip(across, 1), ops.flip(ops.flip(images, 1), 2), ops.flip(across, 2)], axis=0)
