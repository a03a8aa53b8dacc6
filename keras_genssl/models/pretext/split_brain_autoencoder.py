"""Split-brain autoencoder: predict colours from lightness, and lightness from colours."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl import pretext
from keras_genssl.losses import BinCrossEntropy
from keras_genssl.models.pretext.split_brain_base import SplitBrain

_LIGHTNESS_BINS = np.arange(0.5, 100.0)[:, np.newaxis]  # 100 bins, each one unit of L wide


@keras.saving.register_keras_serializable(package="keras_genssl")
class SplitBrainAutoencoder(SplitBrain):
    """Two networks, one from lightness to colours, one from colours to lightness, whose features are concatenated.

    Zhang et al., 2017, with the classification losses that the paper finds best: for each pixel, the cross-entropy over
    colour bins (soft encoding as in `Colorization`, equal class weights) plus the cross-entropy over 100 bins of
    lightness (only the nearest bin). The two networks share no weights, so each learns as if it were alone.
    `SplitBrainRegression` has the paper's regression losses.

    Batches hold `image`, colour images `(batch, h, w, 3)`, uint8 or float in [-1, 1], h and w multiples of the
    networks' strides. Logs `colour_accuracy` and `lightness_accuracy`, the shares of pixels whose bin is predicted.

    Reference:
        - Zhang et al. 2017, [Split-Brain Autoencoders](https://arxiv.org/abs/1611.09842)

    Args:
        lightness_encoder: A built `keras.Model` from lightness `(batch, h, w, 1)` in [-1, 1] to features
            `(batch, h', w', channels)`.
        colour_encoder: The same from colours `(batch, h, w, 2)`: a and b, divided by 110.
        to_colour: A built `keras.Model` from the features of lightness to logits `(batch, h'', w'', 309)`; None:
            `backbones.position_head`.
        to_lightness: The same from the features of colours to logits `(batch, h'', w'', 100)`.
        name: The model's name.

    Raises:
        ValueError: If an argument is invalid.

    Example:

        halves = [kg.backbones.small_feature_map((None, None, channels)) for channels in (1, 2)]
        model = kg.models.SplitBrainAutoencoder(*halves)
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
        bins = pretext.ab_bins()
        outputs = len(bins), len(_LIGHTNESS_BINS)
        super().__init__(lightness_encoder, colour_encoder, to_colour, to_lightness, outputs, name=name)
        self.cross_entropies = (BinCrossEntropy(bins), BinCrossEntropy(_LIGHTNESS_BINS, neighbours=1))
        self.accuracies = [keras.metrics.Mean("colour_accuracy"), keras.metrics.Mean("lightness_accuracy")]

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The sum of both cross-entropies of each image, averaged over pixels, `(batch,)`."""
        colour, lightness = self.cross_entropies
        return colour.call(y[0], y_pred[0]) + lightness.call(y[1], y_pred[1])

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, which compare colour bins, with both accuracies."""
        for metric, loss, truth, logits in zip(self.accuracies, self.cross_entropies, y, y_pred, strict=True):
            right = ops.argmax(logits, axis=-1) == loss.nearest(truth)
            metric.update_state(ops.mean(ops.cast(right, logits.dtype), axis=(1, 2)))
        return super().compute_metrics(x, self.cross_entropies[0].nearest(y[0]), y_pred[0], sample_weight)
