"""The semi-supervised autoencoder: code and classifier learnt at once, from many images and few labels."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import Image, Kind, Label, Serving, Vector
from keras_genssl.engine.networks import require_inputs
from keras_genssl.models import few_labels
from keras_genssl.models.autoencoders.base import PixelAutoencoder


@keras.saving.register_keras_serializable(package="keras_genssl")
class SemiSupervisedAutoencoder(PixelAutoencoder):
    """An autoencoder with a classifier of its codes (Ranzato & Szummer, 2008).

    Minimises the mean of `loss(x, decoder(code))` over all images, plus `weight` times the mean cross-entropy of
    `classifier(code)` over the *labelled* images. So the code must keep what images differ in, and the classes must be
    separable in it. Both means are over the global batch.

    Batches hold `image`, uint8 or float in [-1, 1], and `label`, integers `(batch,)` in [0, num_classes), or -1 for
    images without a label. `data.FewLabels` makes such batches of a labelled data set; with its `per_batch` every batch
    holds labels. Logs the two means as `reconstruction` and `cross_entropy`, and `accuracy`, over the images and over
    the labelled images of an epoch; in `loss`, the cross-entropy of a batch without labels counts as 0.

    Reference:
        - Ranzato and Szummer 2008, [Semi-supervised Learning of Compact Document Representations with Deep
          Networks](https://doi.org/10.1145/1390156.1390256)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`.
        decoder: A built network of codes to images.
        classifier: A built network of codes to logits `(batch, num_classes)`, of two classes at least.
        weight: The weight of the cross-entropy, at least 0 and finite.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the networks do not fit together, or the weight is out of its range.

    Example:

        networks = kg.backbones.convolutional_encoder(32), kg.backbones.convolutional_decoder(32)
        classifier = keras.Sequential([keras.Input((32,)), keras.layers.Dense(10)])
        model = kg.models.SemiSupervisedAutoencoder(*networks, classifier)
        model.compile("adam")
        labels = kg.data.FewLabels(10, per_batch=32)
        model.fit(kg.data.load("fashion_mnist", batch_size=128, few_labels=labels), epochs=10)
        probabilities = model.classify(images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        classifier: keras.Model,
        *,
        weight: float = 1.0,
        loss: keras.losses.Loss | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, loss=loss, name=name)
        require_inputs("classifier", classifier, encoder.output_shape[1:])
        if len(classifier.output_shape) != 2 or (classifier.output_shape[1] or 0) < 2:
            raise ValueError(
                "`classifier` must give logits of shape (batch, num_classes), with two classes at least. "
                f"Received: a classifier with output shape {classifier.output_shape}"
            )
        self.classifier = classifier
        self.weight = finite("weight", weight, 0)
        self.num_classes = classifier.output_shape[1]
        self.reconstruction_tracker = keras.metrics.Mean("reconstruction")
        self.label_trackers = few_labels.trackers()

    def inputs(self) -> dict[str, Kind]:
        """The image that the encoder takes, and its label or -1."""
        return {"image": Image(self.encoder.input_shape[1:]), "label": Label(self.num_classes, unlabelled=True)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images; images and labels as targets."""
        return batch["image"], {key: batch[key] for key in ("image", "label") if key in batch}

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Checks the images as every autoencoder does."""
        return {**y, "image": super().matched(y["image"], y_pred)}

    def call(self, images: Any, training: bool = False) -> dict[str, Any]:
        """Returns `image`, the decoder's output before clipping, `code`, and `logits`, `(batch, num_classes)`."""
        made = super().call(images, training)
        return {**made, "logits": self.classifier(made["code"], training=training)}

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The image loss, and for labelled examples the weighted cross-entropy, `(batch,)`.

        The mean over the global batch is the mean over all images plus the mean over the labelled ones: a labelled
        example's cross-entropy counts `batch / labelled` times.
        """
        reconstruction = super().example_losses(x, y["image"], y_pred)
        return reconstruction + self.weight * few_labels.labelled_losses(y["label"], y_pred["logits"])

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics; those of `compile` compare images with reconstructions clipped to [-1, 1]."""
        self.reconstruction_tracker.update_state(super().example_losses(x, y["image"], y_pred))
        few_labels.track(self.label_trackers, y["label"], y_pred["logits"])
        return super().compute_metrics(x, y["image"], y_pred, sample_weight)

    def classify(self, images: Any) -> Any:
        """Probabilities of the classes: `(batch, h, w, c)`, uint8 or float in [-1, 1], to `(batch, num_classes)`."""
        logits = self.classifier(self.encode(images), training=False)
        return ops.softmax(ops.cast(logits, keras.config.floatx()), axis=-1)

    def serving(self) -> dict[str, Serving]:
        """The functions of every autoencoder, and `classify`."""
        image = {"image": Image(self.encoder.input_shape[1:])}
        probabilities = {"probabilities": Vector(self.num_classes)}
        return {**super().serving(), "classify": Serving(self.classify, image, probabilities)}
