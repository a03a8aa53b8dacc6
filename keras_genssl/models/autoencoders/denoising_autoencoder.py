"""The denoising autoencoder: reconstructs clean images from corrupted ones."""

from typing import Any

import keras

from keras_genssl.corruptions import Corruption
from keras_genssl.models.autoencoders.base import PixelAutoencoder


@keras.saving.register_keras_serializable(package="keras_genssl")
class DenoisingAutoencoder(PixelAutoencoder):
    """The denoising autoencoder (Vincent et al., 2008).

    Minimises `loss(x, decoder(encoder(corruption(x))))` against the clean x. Images are corrupted in training only:
    `reconstruct` takes images as they are, and denoises those that are already corrupted.

    Reference:
        - Vincent et al. 2008, [Extracting and Composing Robust Features with Denoising
          Autoencoders](https://doi.org/10.1145/1390156.1390294)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`.
        decoder: A built network of codes to images.
        corruption: `corruptions.GaussianNoise`, `MaskingNoise`, `SaltAndPepperNoise`, or another `Corruption`.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.

    Example:

        noise = kg.corruptions.MaskingNoise(rate=0.3)
        model = kg.models.DenoisingAutoencoder(kg.backbones.dense_encoder(64), kg.backbones.dense_decoder(64), noise)
        model.compile("adam")
        model.fit(images, epochs=10)
        clean = model.reconstruct(damaged)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        corruption: Corruption,
        *,
        loss: keras.losses.Loss | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, loss=loss, name=name)
        self.corruption = corruption
        self.seed = keras.random.SeedGenerator()

    def call(self, images: Any, training: bool = False) -> dict[str, Any]:
        """Returns `image`, the decoder's output before clipping, and `code`; of corrupted images in training."""
        return super().call(self.corruption(images, self.seed) if training else images, training=training)
