"""The base class of GANs whose discriminator is an autoencoder."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Image
from keras_genssl.engine.networks import fitting, require_inputs
from keras_genssl.models.gans.base import LatentGAN


class AutoencodingGAN(LatentGAN):
    """Base class of GANs whose discriminator reconstructs images: the energy of an image is its reconstruction error.

    A subclass defines `errors`, how a reconstruction is compared, and the losses of both players. Each step is one
    round of both, from the same fakes, and images and fakes have passes of their own through the discriminator.

    Args:
        generator: As for `LatentGAN`.
        discriminator: A built `keras.Model` of images to reconstructions, its first output.
        latent_dim: The length of the latent vectors, at least 1.
        ema: As for `LatentGAN`.
        name: The model's name.

    Raises:
        ValueError: As for `LatentGAN`, and if the discriminator is not built or does not give what it takes.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        given = tuple(discriminator.outputs[0].shape[1:])
        if given != self.image_shape:
            raise ValueError(
                f"`discriminator` must give reconstructions of shape {self.image_shape}, which it takes, before all "
                f"other outputs. Received: {discriminator.name!r} with an output of shape {given} beside the batch"
            )
        self.discriminator = discriminator

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator, and the discriminator, which reconstructs."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def errors(self, images: Any, reconstructions: Any) -> Any:
        """The error of each reconstruction, `(batch,)`, from two float tensors of one shape."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it compares images")

    def judged(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """The energies of images in [-1, 1], `(batch,)`, and the discriminator's further output; None without one.

        Gradients reach the images both as what is reconstructed and as what the reconstruction is compared with.
        """
        outputs = keras.tree.flatten(self.discriminator(images, training=training))
        floatx = keras.config.floatx()
        energies = self.errors(ops.cast(images, floatx), ops.cast(outputs[0], floatx))
        return energies, outputs[1] if len(outputs) > 1 else None

    def energy(self, images: Any) -> Any:
        """How badly the discriminator reconstructs each image: small for images like the real ones.

        Args:
            images: `(batch, height, width, channels)`, uint8 or float in [-1, 1]; or points, float `(batch, dim)`.

        Returns:
            Float32 `(batch,)`.
        """
        return ops.cast(self.judged(self.fitted(images))[0], "float32")

    def fitted(self, images: Any) -> Any:
        """Images of the discriminator's size as float in [-1, 1]; points as they are."""
        return fitting(self.discriminator, images) if isinstance(self.generated, Image) else images
