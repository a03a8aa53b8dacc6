"""WGAN-GP: a critic whose gradient has norm one."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import WassersteinGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import LatentGAN
from keras_genssl.penalties import GradientPenalty


@keras.saving.register_keras_serializable(package="keras_genssl")
class WGANGP(LatentGAN):
    """WGAN-GP (Gulrajani et al., 2017): the Wasserstein distance, with a gradient penalty.

    The critic D minimises `D(G(z)) - D(x) + λ (‖∇ D(x̂)‖ - 1)²` with x̂ uniform on the line between a real image and
    a fake, the generator `-D(G(z))`. Paper: λ = 10, 5 critic updates per generator update, Adam 1e-4 (2e-4 with
    residual networks) with betas 0 and 0.9, no batch normalisation in the critic, batch 64.

    A step has `critic_steps` rounds of the critic and one of the generator. Each round takes an equal share of the
    batch, so that no two updates see the same images, and the batch must be a multiple of `critic_steps + 1`: 64 images
    per update need a batch of 384.

    Reference:
        - Gulrajani et al. 2017, [Improved Training of Wasserstein GANs](https://arxiv.org/abs/1704.00028)

    Args:
        generator: `backbones.dcgan_generator(...)`, `backbones.wgan_gp_generator(...)` or any built `keras.Model` of
            latents `(batch, latent_dim)`; it may have batch normalisation.
        critic: `backbones.wgan_gp_critic(...)`, or `backbones.dcgan_discriminator(..., batch_norm=False)`: images to
            values, without batch normalisation.
        latent_dim: The length of the latent vectors, at least 1.
        critic_steps: Critic updates per generator update, at least 1.
        penalty_weight: λ, at least 0.
        reuse_batch: Whether all updates of a step see the same images.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, the critic has batch normalisation, or a
            number is out of its range.

    Example:

        shape = (28, 28, 1)
        model = kg.models.WGANGP(kg.backbones.wgan_gp_generator(shape, 64), kg.backbones.wgan_gp_critic(shape), 64)
        model.compile({"generator": Adam(1e-4, 0.0, 0.9), "critic": Adam(1e-4, 0.0, 0.9)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=384), epochs=20)
    """

    def __init__(
        self,
        generator: keras.Model,
        critic: keras.Model,
        latent_dim: int,
        *,
        critic_steps: int = 5,
        penalty_weight: float = 10.0,
        reuse_batch: bool = False,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, ema=ema, reuse_batch=reuse_batch, name=name)
        require_inputs("critic", critic, self.image_shape)
        require_logits("critic", critic)
        normalised = [
            layer.name for layer in critic._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)
        ]
        if normalised:
            raise ValueError(
                "`critic` must not have batch normalisation: the penalty is on the gradient at each image alone. "
                f"Received: {critic.name!r} with {', '.join(normalised)}"
            )
        self.critic = critic
        self.critic_steps = whole("critic_steps", critic_steps)
        self.adversarial_loss = WassersteinGANLoss()
        self.penalty = GradientPenalty(finite("penalty_weight", penalty_weight, 0))

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The critic and the generator."""
        return {"critic": [self.critic], "generator": [self.generator]}

    def rounds(self) -> list[tuple[str, ...]]:
        """The rounds of the critic, then one round of the generator."""
        return [*[("critic",)] * self.critic_steps, ("generator",)]

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """One player's loss, `(batch,)`."""
        real = batch["image"]
        fake = self.generator(self.draw_latents(real), training=True)  # (batch, height, width, channels)
        if players == ("generator",):
            return {"generator": generator_losses(self.adversarial_loss, self.critic(fake, training=True))}
        fake = ops.stop_gradient(fake)
        values = self.critic(ops.concatenate([real, fake]), training=True)  # (2 batch, 1): half as many kernels
        distance = discriminator_losses(self.adversarial_loss, *ops.split(values, 2))
        return {"critic": distance + self.penalty(self._slope_of, real, fake, self.seed)}

    def _slope_of(self, images: Any) -> Any:
        return self.critic(images, training=True)
