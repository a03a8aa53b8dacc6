"""The first GAN: k steps of the discriminator, then m of the generator, with any adversarial loss and penalty."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import whole
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import LatentGAN
from keras_genssl.penalties import DiscriminatorPenalty


@keras.saving.register_keras_serializable(package="keras_genssl")
class GAN(LatentGAN):
    """GAN (Goodfellow et al., 2014): k discriminator steps, then m generator steps.

    Algorithm 1: `min_G max_D E log D(x) + E log(1 - D(G(z)))`; each update draws its own latents. Paper: k = 1 and
    m = 1. The generator minimises `-log D(G(z))`, as the paper advises, because the gradient of `log(1 - D(G(z)))`
    vanishes when D wins; `losses.MinimaxGANLoss()` gives the latter.

    A step has k + m rounds, and each takes an equal share of the batch, so the batch must be a multiple of k + m:
    64 images per update with k = 5 and m = 1 need a batch of 384. With `reuse_batch` each update sees the whole batch.

    Reference:
        - Goodfellow et al. 2014, [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661)

    Args:
        generator: A built `keras.Model`, latents `(batch, latent_dim)` to images or points.
        discriminator: A built `keras.Model`, images or points to logits.
        latent_dim: The length of the latent vectors, at least 1.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        penalty: A `penalties.DiscriminatorPenalty`, added to the discriminator's loss: `R1Penalty()`,
            `DRAGANPenalty()`, `GradientPenalty()`. It runs the discriminator in inference mode. None: no penalty.
        discriminator_steps: k, at least 1.
        generator_steps: m, at least 1.
        reuse_batch: Whether all updates of a step see the same images.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        model = kg.models.GAN(kg.backbones.mlp_generator(shape, 64), kg.backbones.mlp_discriminator(shape), 64)
        model.compile({"generator": Adam(2e-4, 0.5), "discriminator": Adam(2e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=128), epochs=10)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        adversarial_loss: AdversarialLoss | None = None,
        penalty: DiscriminatorPenalty | None = None,
        discriminator_steps: int = 1,
        generator_steps: int = 1,
        reuse_batch: bool = False,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, ema=ema, reuse_batch=reuse_batch, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        require_logits("discriminator", discriminator)
        self.discriminator = discriminator
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()
        self.penalty = penalty
        self.discriminator_steps = whole("discriminator_steps", discriminator_steps)
        self.generator_steps = whole("generator_steps", generator_steps)

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def rounds(self) -> list[tuple[str, ...]]:
        """k rounds of the discriminator, then m rounds of the generator."""
        return [*[("discriminator",)] * self.discriminator_steps, *[("generator",)] * self.generator_steps]

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """One player's loss, `(batch,)`."""
        real = batch["image"]
        fake = self.generator(self.draw_latents(real), training=True)
        fake_logits = self.discriminator(fake, training=True)
        if players == ("generator",):
            real_logits = self.discriminator(real, training=True) if self.adversarial_loss.needs_real else None
            return {"generator": generator_losses(self.adversarial_loss, fake_logits, real_logits)}
        real_logits = self.discriminator(real, training=True)
        losses = discriminator_losses(self.adversarial_loss, real_logits, fake_logits)
        if self.penalty is not None:
            updates = self.discriminator_optimizer.iterations
            losses = losses + self.penalty(self._alone, real, ops.stop_gradient(fake), self.seed, updates)
        return {"discriminator": losses}

    def _alone(self, images: Any) -> Any:
        """Logits in inference mode, so that each image's gradient does not depend on others via batch statistics."""
        return self.discriminator(images, training=False)
