"""VAE-GAN: a variational autoencoder that compares images by the features of a discriminator."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import replicas
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss, standard_normal_kl
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.encoding_base import EncodingGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class VAEGAN(EncodingGAN):
    """VAE/GAN (Larsen et al., 2016): a VAE whose decoder is a GAN's generator, and whose metric the GAN learns.

    Features f of the discriminator D take the place of pixels. An image x has the posterior q of the encoder E, a draw
    z ~ q and the reconstruction G(z); G(p) is a sample, of p ~ N(0, I). With `d = |f(x) - f(G(z))|^2 / 2`, which is
    `-log N(f(x); f(G(z)), I)` up to a constant,

        the encoder minimises        d + KL(q || N(0, I))
        the generator minimises      reconstruction_weight * d + the adversarial loss of G(z) and G(p)
        the discriminator minimises  the adversarial loss of x against G(z) and G(p)

    So no adversarial gradient reaches the encoder, and the discriminator does not learn to make d small. Each step is
    one round of the three, from the same draws. D sees x, G(z) and G(p) in passes of their own. Deviations: the
    adversarial loss is the *mean* over G(z) and G(p), the paper's their sum, so real images and fakes weigh the same;
    and G maximises `log D` where the paper minimises `log(1 - D)`. Paper: 64 pixels, 128 latents, RMSprop 3e-4, batch
    64, batch normalisation in all networks.

    With a `margin`, the authors' code balances the players. The cost of real images and that of fakes are each
    `-log` of the probability that D gives to the truth, which is ln 2 if D knows nothing. D waits in a step in which
    either is below `equilibrium - margin`, G if either is above `equilibrium + margin`; if both would wait, neither
    does. Costs are means over the global batch.

    Reference:
        - Larsen et al. 2016, [Autoencoding beyond pixels using a learned similarity
          metric](https://arxiv.org/abs/1512.09300)

    Args:
        encoder: A built `keras.Model`, images to `(batch, 2 * latent_dim)`: means, then log-variances.
        generator: A built `keras.Model`, `(batch, latent_dim)` to images.
        discriminator: A built `keras.Model`, images to `[logits, features (batch, ...)]`:
            `backbones.with_features(backbones.dcgan_discriminator(image_shape), "relu2")`.
        latent_dim: The length of the latent vectors, at least 1.
        reconstruction_weight: The weight of d in the generator's loss, at least 0; the scale of d is that of features,
            summed over all of them.
        margin: The margin of the balance, at least 0; the authors use 0.35. None: all players learn in all steps.
        equilibrium: The cost around which the players are balanced, at least 0.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        ema: The momentum of moving averages of encoder and generator, which then encode and generate; None: none.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        encoder = kg.backbones.dcgan_encoder(2 * 32, input_shape=shape)
        discriminator = kg.backbones.with_features(kg.backbones.dcgan_discriminator(shape), "relu2")
        model = kg.models.VAEGAN(encoder, kg.backbones.dcgan_generator(shape, 32), discriminator, 32)
        model.compile({player: Adam(4e-4, 0.5) for player in ("encoder", "generator", "discriminator")})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=64), epochs=10)
        images = model.sample(64, seed=1)
        again = model.reconstruct(images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        reconstruction_weight: float = 1e-3,
        margin: float | None = None,
        equilibrium: float = 0.68,
        adversarial_loss: AdversarialLoss | None = None,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, generator, latent_dim, statistics=2, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        if len(discriminator.outputs) != 2:
            raise ValueError(
                "`discriminator` must give logits and features, as `backbones.with_features` makes it. "
                f"Received: {discriminator.name!r} with {len(discriminator.outputs)} outputs"
            )
        require_logits("discriminator", discriminator)
        self.discriminator = discriminator
        self.reconstruction_weight = finite("reconstruction_weight", reconstruction_weight, 0)
        self.margin = None if margin is None else finite("margin", margin, 0)
        self.equilibrium = finite("equilibrium", equilibrium, 0)
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The encoder, the generator, which decodes, and the discriminator."""
        return {"encoder": [self.encoder], "generator": [self.generator], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """The losses of the players, and the two costs by which they are balanced, `real` and `fake`."""
        real = batch["image"]
        mean, log_variance = self.posterior(real, training=True)  # (batch, latent_dim)
        fakes = [
            self.generator(latents, training=True)
            for latents in (self.drawn(mean, log_variance), self.draw_latents(real))
        ]
        real_logits, features = self.discriminator(real, training=True)  # (batch, 1), (batch, ...)
        (logits, rebuilt), (sample_logits, _) = (self.discriminator(fake, training=True) for fake in fakes)
        distance = feature_distance(features, rebuilt)
        both = (logits, sample_logits)
        fooling = sum(generator_losses(self.adversarial_loss, fake, real_logits) for fake in both) / 2
        judging = sum(discriminator_losses(self.adversarial_loss, real_logits, fake) for fake in both) / 2
        return {
            "encoder": distance + standard_normal_kl(mean, log_variance),
            "generator": self.reconstruction_weight * distance + fooling,
            "discriminator": judging,
            "real": _costs(-real_logits),
            "fake": (_costs(logits) + _costs(sample_logits)) / 2,
        }

    def waits(self, losses: dict[str, Any]) -> dict[str, Any]:
        """Whether the discriminator and the generator wait, by their costs."""
        if self.margin is None:
            return {}
        real, fake = (replicas.mean_of_all(losses[side]) for side in ("real", "fake"))
        low, high = self.equilibrium - self.margin, self.equilibrium + self.margin
        discriminator = ops.minimum(real, fake) < low
        generator = ops.maximum(real, fake) > high
        either = ops.logical_xor(discriminator, generator)  # if both would wait, neither does
        return {
            "discriminator": ops.logical_and(discriminator, either),
            "generator": ops.logical_and(generator, either),
        }


def feature_distance(features: Any, rebuilt: Any) -> Any:
    """Half the squared distance of features `(batch, ...)`, float32 `(batch,)`."""
    apart = ops.cast(features, keras.config.floatx()) - ops.cast(rebuilt, keras.config.floatx())
    return 0.5 * ops.sum(ops.square(apart), axis=tuple(range(1, len(apart.shape))))


def _costs(logits: Any) -> Any:
    """`-log(1 - sigmoid(logit))`, the mean over an image's patches, `(batch,)`."""
    costs = ops.softplus(ops.cast(logits, keras.config.floatx()))
    return ops.mean(costs, axis=tuple(range(1, len(costs.shape))))
