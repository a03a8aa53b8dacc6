"""The autoencoder: an image through a narrow code and back."""

import keras

from keras_genssl.models.autoencoders.base import PixelAutoencoder


@keras.saving.register_keras_serializable(package="keras_genssl")
class Autoencoder(PixelAutoencoder):
    """The plain autoencoder (Hinton & Salakhutdinov, 2006).

    Minimises `loss(x, decoder(encoder(x)))`. The code is narrower than the image, so it must keep what matters most.
    With linear networks and squared errors the autoencoder is PCA, its baseline at every code size (`analysis.PCA`).

    Reference:
        - Hinton and Salakhutdinov 2006, [Reducing the Dimensionality of Data with Neural
          Networks](https://doi.org/10.1126/science.1127647)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`, such as
            `backbones.lecture_encoder()`.
        decoder: A built network of codes to images, such as `backbones.lecture_decoder()`.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error. Pass
            `losses.PerceptualLoss` to add feature distances.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.

    Example:

        model = kg.models.Autoencoder(kg.backbones.lecture_encoder(), kg.backbones.lecture_decoder())
        model.compile("adam")
        model.fit(images, epochs=10)
        codes = model.encode(images)
    """
