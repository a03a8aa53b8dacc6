"""ESPCN: the sub-pixel convolutional network."""

import keras

from keras_genssl.models.super_resolution.base import SuperResolution


@keras.saving.register_keras_serializable(package="keras_genssl")
class ESPCN(SuperResolution):
    """ESPCN (Shi et al., 2016): three convolutions on the small image, then a sub-pixel rearrangement.

    The first network that works at the small image's size; it is fast enough for video. Deviation: this class enlarges
    three colour channels, the paper only luma.

    Reference:
        - Shi et al. 2016, [Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
          Neural Network](https://arxiv.org/abs/1609.05158)

    Args:
        network: `backbones.espcn(scale)`, or any built network from small to large.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.

    Example:

        model = kg.models.ESPCN(kg.backbones.espcn(scale=3))
        model.compile("adam")
        model.fit(pairs, epochs=10)
    """

    def __init__(self, network: keras.Model, *, loss: keras.losses.Loss | None = None, name: str | None = None) -> None:
        super().__init__(network, loss or keras.losses.MeanSquaredError(), name=name)
