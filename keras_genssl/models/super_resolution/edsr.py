"""EDSR: enhanced deep residual networks for super-resolution."""

import keras

from keras_genssl.models.super_resolution.base import SuperResolution


@keras.saving.register_keras_serializable(package="keras_genssl")
class EDSR(SuperResolution):
    """EDSR (Lim et al., 2017): residual blocks without batch normalisation, trained with L1.

    The baseline has 16 blocks of 64 filters; the paper's largest network has 32 blocks of 256 filters with residuals
    scaled by 0.1. Paper: Adam with rate 1e-4, halved every 2e5 steps, batch 16, low-resolution patches of 48 pixels.

    Reference:
        - Lim et al. 2017, [Enhanced Deep Residual Networks for Single Image
          Super-Resolution](https://arxiv.org/abs/1707.02921)

    Args:
        network: `backbones.edsr(scale, filters, blocks)`, or any built network from small to large.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean absolute error. Pass
            `losses.PerceptualLoss` to add feature distances.
        name: The model's name.

    Example:

        model = kg.models.EDSR(kg.backbones.edsr(scale=2))
        model.compile("adam")
        model.fit(pairs, epochs=10)
        large = model.upscale(small)
    """

    def __init__(self, network: keras.Model, *, loss: keras.losses.Loss | None = None, name: str | None = None) -> None:
        super().__init__(network, loss or keras.losses.MeanAbsoluteError(), name=name)
