"""Split-brain autoencoder by regression."""

from typing import Any

import keras
from keras import ops

from keras_genssl.models.pretext.colour_base import AB_SCALE
from keras_genssl.models.pretext.split_brain_base import SplitBrain


@keras.saving.register_keras_serializable(package="keras_genssl")
class SplitBrainRegression(SplitBrain):
    """The split-brain autoencoder with squared errors.

    Zhang et al., 2017: `loss = mean_pixels 1/2 ||ab - to_colour||^2 + mean_pixels 1/2 (L - to_lightness)^2`, with a and
    b divided by 110, and L scaled to [-1, 1]. `SplitBrainAutoencoder` has the losses that work better in the paper.

    Batches hold `image`, colour images `(batch, h, w, 3)`, uint8 or float in [-1, 1], h and w multiples of the
    networks' strides. Logs `ab_error`, the mean distance to the true colour in units of a and b, and
    `lightness_error`, the mean difference in units of L.

    Reference:
        - Zhang et al. 2017, [Split-Brain Autoencoders](https://arxiv.org/abs/1611.09842)

    Args:
        lightness_encoder: A built `keras.Model` from lightness `(batch, h, w, 1)` in [-1, 1] to features
            `(batch, h', w', channels)`.
        colour_encoder: The same from colours `(batch, h, w, 2)`: a and b, divided by 110.
        to_colour: A built `keras.Model` from the features of lightness to `(batch, h'', w'', 2)`, linear; None:
            `backbones.position_head`.
        to_lightness: The same from the features of colours to `(batch, h'', w'', 1)`.
        name: The model's name.

    Raises:
        ValueError: If an argument is invalid.

    Example:

        halves = [kg.backbones.small_feature_map((None, None, channels)) for channels in (1, 2)]
        model = kg.models.SplitBrainRegression(*halves)
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(kg.data.load("photographs", batch_size=32, transform=kg.pretext.coloured_crop), epochs=10)
        features = model.encode(images)
    """

    def __init__(
        self,
        lightness_encoder: keras.Model,
        colour_encoder: keras.Model,
        *,
        to_colour: keras.Model | None = None,
        to_lightness: keras.Model | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(lightness_encoder, colour_encoder, to_colour, to_lightness, (2, 1), name=name)
        self.errors = [keras.metrics.Mean("ab_error"), keras.metrics.Mean("lightness_error")]

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """Half the sum of both squared errors of each image, averaged over pixels, `(batch,)`."""
        return sum(_squares(*pair) for pair in zip(_scaled(y), y_pred, strict=True)) / 2

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, which compare colours divided by 110, with both errors."""
        scaled = _scaled(y)
        for metric, unit, truth, prediction in zip(self.errors, (AB_SCALE, 50.0), scaled, y_pred, strict=True):
            distances = unit * ops.sqrt(ops.sum(ops.square(truth - prediction), axis=-1))
            metric.update_state(ops.mean(distances, axis=(1, 2)))
        return super().compute_metrics(x, scaled[0], y_pred[0], sample_weight)


def _scaled(y: Any) -> tuple[Any, Any]:
    """Colours and lightness in the scale of predictions."""
    return y[0] / AB_SCALE, y[1] / 50.0 - 1.0


def _squares(truth: Any, prediction: Any) -> Any:
    return ops.mean(ops.sum(ops.square(truth - prediction), axis=-1), axis=(1, 2))
