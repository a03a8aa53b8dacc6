"""Colorization by classification: predict the colours of an image from its lightness."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from keras_genssl import pretext
from keras_genssl.losses import BinCrossEntropy, annealed_mean
from keras_genssl.models.pretext.colour_base import LightnessToColour, default_decoder


@keras.saving.register_keras_serializable(package="keras_genssl")
class Colorization(LightnessToColour):
    """Predicts a distribution over colour bins for each pixel, from lightness alone.

    Zhang et al., 2016: `loss = mean_pixels w[q*] * -Σ_q z_q log softmax(predictions)_q`. Here z is the soft encoding of
    the true colour (Gaussian weights with sigma 5 on the 5 nearest bins of `pretext.ab_bins`), q* its nearest bin, and
    w the class weights. Coloured images show the annealed mean of the distribution, a compromise between its mean,
    which is dull, and its mode, which is patchy.

    Differences to the paper: there are 309 bins, not 313 (see `pretext.ab_bins`); the colour of a predicted pixel is
    the mean over the square that it covers, not one pixel of it; the loss is averaged over pixels, not summed.

    Batches hold `image`, colour images `(batch, h, w, 3)`, uint8 or float in [-1, 1], h and w multiples of the
    networks' stride. Logs `accuracy`, the share of pixels whose nearest bin is predicted as the most likely one, and
    `ab_error`, the mean distance of the annealed mean to the true colour in units of a and b.

    Reference:
        - Zhang et al. 2016, [Colorful Image Colorization](https://arxiv.org/abs/1603.08511)

    Args:
        encoder: A built `keras.Model` from lightness `(batch, h, w, 1)` in [-1, 1] to features
            `(batch, h', w', channels)`; its mean over positions is what `encode` gives.
        decoder: A built `keras.Model` from these to logits `(batch, h'', w'', 309)`; None: `backbones.position_head`.
        class_weights: float (309,), from `losses.rebalancing_weights`; None: all 1.
        temperature: The temperature of the annealed mean, positive; 1 gives the mean.
        name: The model's name.

    Raises:
        ValueError: If an argument is invalid.

    Example:

        photographs = kg.data.load("photographs", batch_size=32, transform=kg.pretext.coloured_crop)
        model = kg.models.Colorization(kg.backbones.small_feature_map())
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(photographs, epochs=10)
        coloured = model.colorize(grey_images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        *,
        decoder: keras.Model | None = None,
        class_weights: npt.ArrayLike | None = None,
        temperature: float = 0.38,
        name: str | None = None,
    ) -> None:
        if isinstance(temperature, bool) or not temperature > 0:
            raise ValueError(f"`temperature` must be positive. Received: temperature={temperature!r}")
        bins = pretext.ab_bins()
        if class_weights is not None and np.shape(class_weights) != (len(bins),):
            raise ValueError(
                f"`class_weights` must have shape ({len(bins)},). Received: shape {np.shape(class_weights)}"
            )
        super().__init__(encoder, decoder or default_decoder(encoder, len(bins)), len(bins), name=name)
        self.temperature = float(temperature)
        self.cross_entropy = BinCrossEntropy(bins, class_weights)
        self.accuracy = keras.metrics.Mean("accuracy")

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The weighted cross-entropy of each image, averaged over pixels, `(batch,)`."""
        return self.cross_entropy.call(y, y_pred)

    def colours(self, predictions: Any) -> Any:
        """The annealed means of logits `(batch, h, w, 309)`: `(batch, h, w, 2)`."""
        return annealed_mean(predictions, self.cross_entropy.bins, self.temperature)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, which compare colours, with `ab_error` and `accuracy`."""
        right = ops.argmax(y_pred, axis=-1) == self.cross_entropy.nearest(y)
        self.accuracy.update_state(ops.mean(ops.cast(right, y_pred.dtype), axis=(1, 2)))
        return super().compute_metrics(x, y, y_pred, sample_weight)
