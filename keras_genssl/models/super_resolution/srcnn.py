"""SRCNN: a convolutional network that sharpens an interpolated image."""

from typing import Any, ClassVar

import keras

from keras_genssl.layers import BicubicUpsampling
from keras_genssl.models.super_resolution.base import SuperResolution

INTERPOLATIONS = ("nearest", "bilinear", "bicubic")


@keras.saving.register_keras_serializable(package="keras_genssl")
class SRCNN(SuperResolution):
    """SRCNN (Dong et al., 2014): interpolates the image, then applies three convolutions.

    The lecture's second way: down-sample an image, up-sample it again with a chosen interpolation, and learn to map the
    result to the original. Here `low` of a batch is the *interpolated* image, as large as `high`
    (`pretext.low_high(image, scale, interpolation="bicubic")`). Deviations: three colour channels, and padding that
    keeps the size.

    Reference:
        - Dong et al. 2014, [Image Super-Resolution Using Deep Convolutional Networks](https://arxiv.org/abs/1501.00092)

    Args:
        network: `backbones.srcnn()`, or any built network that keeps the image's size.
        scale: The factor by which `upscale` enlarges, 2, 3 or 4.
        interpolation: The interpolation that `upscale` applies before the network: "nearest", "bilinear" or "bicubic".
            It must be the one that the training pairs were made with.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.

    Raises:
        ValueError: If the interpolation is unknown or the scale is not an integer above 1.

    Example:

        model = kg.models.SRCNN(kg.backbones.srcnn(), scale=2)
        model.compile("adam")
        model.fit(interpolated_pairs, epochs=10)
    """

    interpolation_radius: ClassVar[int] = 2  # of the bicubic one, the widest

    def __init__(
        self,
        network: keras.Model,
        scale: int,
        *,
        interpolation: str = "bicubic",
        loss: keras.losses.Loss | None = None,
        name: str | None = None,
    ) -> None:
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"`interpolation` must be one of {INTERPOLATIONS}. Received: interpolation={interpolation!r}"
            )
        if not isinstance(scale, int) or scale < 2:
            raise ValueError(f"`scale` must be an integer above 1. Received: scale={scale!r}")
        super().__init__(network, loss or keras.losses.MeanSquaredError(), name=name)
        self.scale = scale
        self.interpolation = interpolation
        self.interpolate: keras.layers.Layer = (
            BicubicUpsampling(scale)
            if interpolation == "bicubic"
            else keras.layers.UpSampling2D(scale, interpolation=interpolation)
        )
        self.interpolate.build((None, None, None, 3))

    def enlarge(self, images: Any) -> Any:
        """Enlarges *small* images in [-1, 1] in one piece, before clipping.

        The network gets images as in training: interpolated, and clipped to [-1, 1] as stored images are.
        """
        return super().enlarge(keras.ops.clip(self.interpolate(images), -1.0, 1.0))
