"""BEGAN: an autoencoder as discriminator, kept in balance with the generator."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import Balance, replicas
from keras_genssl.models.gans.autoencoding_base import AutoencodingGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class BEGAN(AutoencodingGAN):
    """BEGAN (Berthelot et al., 2017): an autoencoder tells images from fakes by its errors, which are kept in a ratio.

    The discriminator D is an autoencoder, and `L(v) = |v - D(v)|`, the mean over the pixels of v in [-1, 1].

        the discriminator minimises  L(x) - k L(G(z))
        the generator minimises      L(G(z))
        after each update            k <- clip(k + k_rate (gamma E L(x) - E L(G(z))), 0, 1), from k = 0

    So k holds the ratio `E L(G(z)) / E L(x)` at gamma. A small gamma gives better and fewer kinds of images: D then
    spends more on reconstructing real ones. The means are those of the global batch, from the pass before the update; k
    is saved with the model, the same on all replicas. Logs hold means over an epoch: of `k`, of `ratio`, and of the
    paper's measure of convergence, `convergence = E L(x) + |gamma E L(x) - E L(G(z))|`, lower being better; the last
    two are from the means of each batch.

    Paper: 64 latents and a code of 64, gamma from 0.3 to 0.7, k_rate 0.001, Adam 1e-4 with beta_1 0.5, lowered when the
    measure no longer falls, batch 16. Deviations: z ~ N(0, I), the paper's is uniform on [-1, 1]; each step is one
    round of both players from the same fakes, where the paper draws z for each player.

    Reference:
        - Berthelot et al. 2017, [BEGAN: Boundary Equilibrium Generative Adversarial
          Networks](https://arxiv.org/abs/1703.10717)

    Args:
        generator: `backbones.began_generator(...)`, or any built `keras.Model` of latents `(batch, latent_dim)`.
        discriminator: `backbones.began_discriminator(...)`, or any built `keras.Model` of images to images.
        latent_dim: The length of the latent vectors, at least 1.
        gamma: The ratio of the errors of fakes and of real images, in [0, 1].
        k_rate: How far k moves for a difference of 1, at least 0; the paper's lambda.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        generator = kg.backbones.began_generator(shape, latent_dim=64, filters=32)
        discriminator = kg.backbones.began_discriminator(shape, code_dim=64, filters=32)
        model = kg.models.BEGAN(generator, discriminator, latent_dim=64)
        model.compile({"generator": Adam(1e-4, 0.5), "discriminator": Adam(1e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=16), epochs=20)
        errors = model.energy(images)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        gamma: float = 0.5,
        k_rate: float = 0.001,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, discriminator, latent_dim, ema=ema, name=name)
        self.gamma = finite("gamma", gamma, 0, 1)
        self.balance = Balance(finite("k_rate", k_rate, 0), name="balance")
        self.balance_trackers = [keras.metrics.Mean(name) for name in ("k", "convergence", "ratio")]

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator, and the discriminator with k."""
        return {"generator": [self.generator], "discriminator": [self.discriminator, self.balance]}

    def errors(self, images: Any, reconstructions: Any) -> Any:
        """The mean absolute difference, `(batch,)`."""
        return ops.mean(ops.abs(images - reconstructions), axis=tuple(range(1, len(images.shape))))

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """The losses of the players, and what k moves by: `lead`, `gamma L(x) - L(G(z))`."""
        real = batch["image"]
        fake = self.generator(self.draw_latents(real), training=True)
        (of_real, _), (of_fake, _) = (self.judged(images, training=True) for images in (real, fake))  # (batch,)
        k = ops.cast(self.balance.k, of_real.dtype)
        self._track_balance(k, *(replicas.mean_of_all(errors) for errors in (of_real, of_fake)))
        return {
            "generator": of_fake,
            "discriminator": of_real - k * of_fake,
            "lead": self.gamma * of_real - of_fake,
        }

    def _track_balance(self, k: Any, of_real: Any, of_fake: Any) -> None:
        convergence = of_real + ops.abs(self.gamma * of_real - of_fake)
        ratio = of_fake / ops.maximum(of_real, keras.config.epsilon())
        for tracker, value in zip(self.balance_trackers, (k, convergence, ratio), strict=True):
            tracker.update_state(value)

    def remember(self, player: str, losses: dict[str, Any]) -> None:  # type: ignore[override]
        """Tells k by how much the discriminator leads."""
        if player == "discriminator":
            self.balance.observe(losses["lead"])

    def after_update(self, player: str) -> None:  # type: ignore[override]
        """Keeps k in [0, 1] after the discriminator, updates the moving average after the generator."""
        super().after_update(player)
        if player == "discriminator":
            self.balance.update()
