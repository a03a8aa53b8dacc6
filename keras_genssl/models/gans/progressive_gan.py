"""Progressive growing: a GAN of small images that grows to larger ones, and each of its stages."""

import types
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from keras_genssl.backbones import critic_at_side, generator_at_side, progressive_sides
from keras_genssl.checks.numbers import finite, whole
from keras_genssl.engine import Kind, TargetNetwork, replicas
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, WassersteinGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import LatentGAN
from keras_genssl.penalties import DiscriminatorPenalty, GradientPenalty


@keras.saving.register_keras_serializable(package="keras_genssl")
class ProgressiveGAN(LatentGAN):
    """Progressive growing of GANs (Karras et al., 2018): small images first, then twice as large ones, and so on.

    The critic D minimises `D(G(z)) - D(x) + λ (‖∇ D(x̂)‖ - 1)² + ε D(x)²` (WGAN-GP, and a drift term with ε = 0.001,
    since the critic's level is free), the generator `-D(G(z))`. `stages` trains both at each side in turn, from 4
    pixels (7 for images of 28) to the whole, a new block fading in at each. Paper: λ = 10, one critic update per
    generator update, Adam 1e-3 with betas 0 and 0.99 and epsilon 1e-8, new at each side, 600,000 images to fade a block
    in and as many afterwards, batches of 128 at 4 pixels to 16 at 128, ema 0.999.

    `fit` of the model itself trains at the full size, all blocks at once: what the paper compares growing with.
    `sample` gives images of the full size at any time; before the last stage these are smaller ones, enlarged.

    Deviation: both players are updated from the same fakes, at the same time; in the paper's code the critic is first.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs for Improved Quality, Stability, and
          Variation](https://arxiv.org/abs/1710.10196)

    Args:
        generator: `backbones.progressive_generator(...)`.
        critic: `backbones.progressive_critic(...)`.
        latent_dim: The length of the latent vectors, at least 1.
        adversarial_loss: A `losses.AdversarialLoss`; by default `WassersteinGANLoss()`.
        penalty: A `penalties.DiscriminatorPenalty`, added to the critic's loss; by default `GradientPenalty(10.0)`.
        drift: ε, at least 0.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If a network is not of these functions, the two do not fit one another, or a number is out of its
            range.

    Example:

        shape = (32, 32, 3)
        networks = kg.backbones.progressive_generator(shape, 64, 64), kg.backbones.progressive_critic(shape, 64)
        model = kg.models.ProgressiveGAN(*networks, 64, ema=0.999)
        for stage in model.stages(fade_images=30_000):
            stage.compile({"generator": Adam(1e-3, 0.0, 0.99), "critic": Adam(1e-3, 0.0, 0.99)})
            stage.fit(images, epochs=1)
        pictures = model.sample(64)
    """

    def __init__(
        self,
        generator: keras.Model,
        critic: keras.Model,
        latent_dim: int,
        *,
        adversarial_loss: AdversarialLoss | None = None,
        penalty: DiscriminatorPenalty | None = None,
        drift: float = 1e-3,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, name=name)
        self.ema = None if ema is None else finite("ema", ema, 0, 1)
        require_inputs("critic", critic, self.image_shape)
        require_logits("critic", critic)
        self.critic = critic
        self.adversarial_loss = adversarial_loss or WassersteinGANLoss()
        self.penalty = penalty or GradientPenalty()
        self.drift = finite("drift", drift, 0)
        self.sides = progressive_sides(self.image_shape)
        full = self.sides[-1]
        # In a namespace, which Keras does not track: they have no layers of their own.
        self.full = types.SimpleNamespace(
            generator=generator_at_side(generator, full), critic=critic_at_side(critic, full)
        )
        # No statistics are averaged: the networks have none, and α is assigned.
        self.average = None if self.ema is None else TargetNetwork(generator, self.ema)

    def stages(self, fade_images: int) -> Iterator["ProgressiveStage"]:
        """Yields the stages of growing in order, each to be compiled with new optimizers and trained by `fit`.

        How long `fit` trains is free, if it is long enough for the new block to fade in; the paper trains twice as
        long as that.

        Args:
            fade_images: The number of real images during which a new block fades in, at least 1. The smallest side has
                none to fade in.

        Raises:
            ValueError: If a stage has ended while its block was fading in.
        """
        fade_images = whole("fade_images", fade_images)
        for side in self.sides:
            stage = ProgressiveStage(self, side, fade_images=0 if side == self.sides[0] else fade_images)
            yield stage
            if float(stage.faded) < 1.0:
                raise ValueError(
                    f"Each stage must be trained with at least `fade_images`={fade_images} images before the next "
                    f"begins. Received: {int(stage.images_seen)} images at {side} pixels"
                )

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The critic and the generator at the full size."""
        return {"critic": [self.full.critic], "generator": [self.full.generator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """Both players' losses at the full size, each `(batch,)`."""
        iterations = self.critic_optimizer.iterations
        return self.losses_of(self.full.generator, self.full.critic, batch["image"], iterations)

    def losses_of(self, generator: keras.Model, critic: keras.Model, real: Any, iterations: Any) -> dict[str, Any]:
        """The losses of both players at some side, each `(batch,)`.

        Args:
            generator: Latents to images of that side.
            critic: Images of that side to values.
            real: Float `(batch, side, side, channels)` in [-1, 1].
            iterations: The number of updates of the critic, for a lazy penalty.
        """
        fake = generator(self.draw_latents(real), training=True)
        # Apart, since the critic compares the images of a group: real with real, fake with fake.
        real_values, fake_values = (critic(images, training=True) for images in (real, fake))
        slope = self.penalty(
            lambda images: critic(images, training=True), real, ops.stop_gradient(fake), self.seed, iterations
        )
        level = ops.mean(ops.square(real_values), axis=tuple(range(1, len(real_values.shape))))  # (batch,)
        distance = discriminator_losses(self.adversarial_loss, real_values, fake_values)
        return {
            "critic": distance + slope + self.drift * level,
            "generator": generator_losses(self.adversarial_loss, fake_values, real_values),
        }

    def train_step(self, data: Any) -> dict[str, Any]:
        """Trains at the full size, where all blocks are faded in."""
        for side in self.sides[1:]:
            self.fade(side, 1.0)
        return super().train_step(data)

    def fade(self, side: int, alpha: Any) -> None:
        """Assigns the share of the block of a side in both networks and in the generator's average."""
        networks = [self.generator, self.critic, *([] if self.average is None else [self.average.copy])]
        for network in networks:
            network.get_layer(f"fade{side}").alpha.assign(ops.cast(alpha, keras.config.floatx()))


@keras.saving.register_keras_serializable(package="keras_genssl")
class ProgressiveStage(LatentGAN):
    """One stage of a `ProgressiveGAN`: its networks at one side, whose newest block fades in as images are seen.

    `ProgressiveGAN.stages` makes the stages. Batches hold images of the full size, which are reduced on the device by
    the mean of their pixels; all blocks of larger sides are left out. The share α of the new block is the number of
    real images seen over `fade_images`, at most 1, whatever the batches; it also mixes each real image with its own
    coarser version, so that the critic sees real images that could be as blurred as fakes. `sample` and `generate` give
    images of the stage's side.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs for Improved Quality, Stability, and
          Variation](https://arxiv.org/abs/1710.10196)

    Args:
        gan: A `ProgressiveGAN`, whose weights, average and seed the stage shares.
        side: One of the sides of `gan`.
        fade_images: The number of real images during which the block of `side` fades in; 0: it is in from the start.
        name: The model's name.

    Raises:
        ValueError: If the gan has no such side, or the smallest side is to be faded in.

    Example:

        stage = kg.models.ProgressiveStage(model, 8, fade_images=10_000)
        stage.compile({"generator": Adam(1e-3, 0.0, 0.99), "critic": Adam(1e-3, 0.0, 0.99)})
        stage.fit(images, epochs=1)
        small = stage.sample(64)  # (64, 8, 8, channels)
    """

    def __init__(self, gan: ProgressiveGAN, side: int, *, fade_images: int = 0, name: str | None = None) -> None:
        side, fade_images = whole("side", side), whole("fade_images", fade_images, 0)
        fading = fade_images > 0
        super().__init__(generator_at_side(gan.generator, side, fading), gan.latent_dim, name=name)
        self.gan = gan
        self.side = side
        self.fade_images = fade_images
        self.critic = critic_at_side(gan.critic, side, fading)
        if gan.average is not None:
            self.averaged = generator_at_side(gan.average.copy, side, fading)
        self.images_seen = self.add_weight((), "zeros", "int32", trainable=False, name="images_seen")
        for each in gan.sides[1:]:
            gan.fade(each, 1.0 if each < side or (each == side and not fading) else 0.0)

    @property
    def faded(self) -> Any:
        """α, a scalar: how far the block of this side has faded in."""
        if not self.fade_images:
            return ops.ones((), keras.config.floatx())
        return ops.minimum(ops.cast(self.images_seen, keras.config.floatx()) / self.fade_images, 1.0)

    def inputs(self) -> dict[str, Kind]:
        """Real images of the full size; labels are ignored."""
        return self.gan.inputs()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The critic and the generator at this side."""
        return {"critic": [self.critic], "generator": [self.generator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """Both players' losses at this side, each `(batch,)`."""
        real = self.reduced(batch["image"])
        return self.gan.losses_of(self.generator, self.critic, real, self.critic_optimizer.iterations)

    def reduced(self, images: Any) -> Any:
        """Images of the full size, `(batch, height, width, channels)`, as the critic sees them now, of this side."""
        images = _mean_of_squares(images, self.gan.sides[-1] // self.side)
        if not self.fade_images:
            return images
        coarse = ops.repeat(ops.repeat(_mean_of_squares(images, 2), 2, axis=1), 2, axis=2)
        alpha = ops.cast(self.faded, images.dtype)
        return (1.0 - alpha) * coarse + alpha * images

    def train_step(self, data: Any) -> dict[str, Any]:
        """Trains on a batch, then counts its images: the next step, and what is saved, has the new α."""
        logs = super().train_step(data)
        given = next(part for part in keras.tree.flatten(data) if part is not None)
        rows = replicas.total(ops.cast(ops.shape(given)[0], "float32"))
        self.images_seen.assign(self.images_seen + ops.cast(rows, "int32"))
        if self.fade_images:
            self.gan.fade(self.side, self.faded)
        return logs

    def draw_latents(self, real: Any) -> Any:
        """Draws latents as the whole model does."""
        return self.gan.draw_latents(real)

    def after_update(self, player: str) -> None:  # type: ignore[override]
        """Updates the moving average of the whole generator after the generator."""
        self.gan.after_update(player)

    def call(self, latents: Any, training: bool = False) -> Any:
        """The images of latents `(batch, latent_dim)` at this side, made by the generator's average if there is one."""
        return (self.generator if self.gan.average is None else self.averaged)(latents, training=training)


def _mean_of_squares(images: Any, side: int) -> Any:
    return images if side == 1 else ops.average_pool(images, side, side, data_format="channels_last")
