"""EBGAN: an autoencoder as discriminator, whose reconstruction error is an energy with a margin."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import replicas
from keras_genssl.losses import pulling_away_term
from keras_genssl.models.gans.autoencoding_base import AutoencodingGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class EBGAN(AutoencodingGAN):
    """EBGAN (Zhao et al., 2017): an autoencoder's error is low on images, and at least a margin on what else it meets.

    The discriminator is an autoencoder with codes S. The energy of v is its error, `E(v) = |v - Dec(Enc(v))|^2 /
    pixels`: the *mean* over the pixels of v in [-1, 1].

        the discriminator minimises  E(x) + max(0, margin - E(G(z)))
        the generator minimises      E(G(z)) + pulling_away f_PT

    A fake above the margin teaches the discriminator nothing. With `pulling_away`, the generator also pays for making
    alike what it has made: `f_PT = 1/(N(N-1)) sum_{i != j} cos^2(S_i, S_j)` on the codes of the global batch of fakes
    (`losses.pulling_away_term`). This is EBGAN-PT; the discriminator does not see the term.

    The scale of `margin` is that of the mean squared error of pixels in [-1, 1]. The error of an image that is black
    everywhere but reconstructed as white is 4; that of predicting each pixel's mean is the variance of pixels, about
    0.35 on Fashion-MNIST. A useful margin lies between the energy of an autoencoder of real images and that variance.
    Papers and programs that sum over pixels need a margin that is larger by their number, and a smaller weight of f_PT.

    Paper: `pulling_away` 0.1; for MNIST dense networks, Adam 1e-3 and margin 10, for photographs of 64 pixels margin
    20 to 80, on scales of its own. Each step is one round of both players, from the same fakes.

    Reference:
        - Zhao et al. 2017, [Energy-based Generative Adversarial Network](https://arxiv.org/abs/1609.03126)

    Args:
        generator: A built `keras.Model`, `(batch, latent_dim)` to images.
        discriminator: A built `keras.Model`, images to `[reconstructions, codes (batch, ...)]`:
            `backbones.with_code(encoder, decoder)`, or `backbones.with_features(autoencoder, "code")`.
        latent_dim: The length of the latent vectors, at least 1.
        margin: The energy that the discriminator wants fakes to have, positive.
        pulling_away: The weight of f_PT in the generator's loss, at least 0.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        generator = kg.backbones.dcgan_generator((28, 28, 1), 64)
        encoder, decoder = kg.backbones.convolutional_encoder(32), kg.backbones.convolutional_decoder(32)
        discriminator = kg.backbones.with_code(encoder, decoder)
        model = kg.models.EBGAN(generator, discriminator, 64, margin=0.2, pulling_away=0.1)
        model.compile({"generator": Adam(4e-4, 0.5), "discriminator": Adam(4e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=64), epochs=10)
        errors = model.energy(images)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        margin: float = 0.2,
        pulling_away: float = 0.0,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, discriminator, latent_dim, ema=ema, name=name)
        if len(discriminator.outputs) != 2:
            raise ValueError(
                "`discriminator` must give reconstructions and codes, as `backbones.with_code` makes it. "
                f"Received: {discriminator.name!r} with {len(discriminator.outputs)} outputs"
            )
        self.margin = finite("margin", margin, 0, above=True)
        self.pulling_away = finite("pulling_away", pulling_away, 0)

    def errors(self, images: Any, reconstructions: Any) -> Any:
        """The mean squared difference, `(batch,)`."""
        return ops.mean(ops.square(images - reconstructions), axis=tuple(range(1, len(images.shape))))

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real = batch["image"]
        fake = self.generator(self.draw_latents(real), training=True)
        (of_real, _), (of_fake, codes) = (self.judged(images, training=True) for images in (real, fake))
        fooling = of_fake  # (batch,)
        if self.pulling_away:
            fooling = fooling + self.pulling_away * replicas.on_global_batch(pulling_away_term, codes)
        return {"generator": fooling, "discriminator": of_real + ops.relu(self.margin - of_fake)}

    def codes(self, images: Any) -> Any:
        """The discriminator's codes: `(batch, h, w, c)`, uint8 or float in [-1, 1], to float32 `(batch, ...)`."""
        return ops.cast(self.judged(self.fitted(images))[1], "float32")
