"""Colorization by regression: the mean colour of each pixel."""

from typing import Any

import keras
from keras import ops

from keras_genssl.models.pretext.colour_base import AB_SCALE, LightnessToColour, default_decoder


@keras.saving.register_keras_serializable(package="keras_genssl")
class ColorizationRegression(LightnessToColour):
    """Predicts the colour of each pixel, from lightness alone.

    `loss = mean_pixels 1/2 ||y - predictions||^2`, where y is the true a and b divided by 110. This is Equation 1 of
    Zhang et al., 2016, who sum over pixels, and show that `Colorization` gives livelier colours. If several colours are
    possible, this method predicts their mean, which is dull.

    Batches hold `image`, colour images `(batch, h, w, 3)`, uint8 or float in [-1, 1], h and w multiples of the
    networks' stride. Logs `ab_error`, the mean distance to the true colour in units of a and b.

    Reference:
        - Zhang et al. 2016, [Colorful Image Colorization](https://arxiv.org/abs/1603.08511)

    Args:
        encoder: A built `keras.Model` from lightness `(batch, h, w, 1)` in [-1, 1] to features
            `(batch, h', w', channels)`; its mean over positions is what `encode` gives.
        decoder: A built `keras.Model` from these to `(batch, h'', w'', 2)`, linear; None: `backbones.position_head`.
        name: The model's name.

    Raises:
        ValueError: If an argument is invalid.

    Example:

        photographs = kg.data.load("photographs", batch_size=32, transform=kg.pretext.coloured_crop)
        model = kg.models.ColorizationRegression(kg.backbones.small_feature_map())
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(photographs, epochs=10)
        coloured = model.colorize(grey_images)
    """

    def __init__(self, encoder: keras.Model, *, decoder: keras.Model | None = None, name: str | None = None) -> None:
        super().__init__(encoder, decoder or default_decoder(encoder, 2), 2, name=name)

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """Half the squared distance to the true colours, averaged over pixels, `(batch,)`."""
        return ops.mean(ops.sum(ops.square(y / AB_SCALE - y_pred), axis=-1), axis=(1, 2)) / 2

    def colours(self, predictions: Any) -> Any:
        """Predictions in units of a and b."""
        return AB_SCALE * predictions
