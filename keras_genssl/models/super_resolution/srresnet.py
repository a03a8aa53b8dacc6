"""SRResNet: the generator of SRGAN, trained on pixels alone."""

import keras

from keras_genssl.models.super_resolution.base import SuperResolution


@keras.saving.register_keras_serializable(package="keras_genssl")
class SRResNet(SuperResolution):
    """SRResNet (Ledig et al., 2017): residual blocks with batch normalisation, trained with the mean squared error.

    SRGAN starts from it: train this model first, then pass its `network` to `SRGAN` as the generator. Paper: Adam 1e-4,
    batch 16, 1e6 steps.

    Reference:
        - Ledig et al. 2017, [Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
          Network](https://arxiv.org/abs/1609.04802)

    Args:
        network: `backbones.srresnet(scale, filters, blocks)`, or any built network from small to large.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.

    Example:

        start = kg.models.SRResNet(kg.backbones.srresnet(scale=4))
        start.compile("adam")
        start.fit(pairs, epochs=10)
        model = kg.models.SRGAN(start.network, kg.backbones.srgan_discriminator())
    """

    def __init__(self, network: keras.Model, *, loss: keras.losses.Loss | None = None, name: str | None = None) -> None:
        super().__init__(network, loss or keras.losses.MeanSquaredError(), name=name)
