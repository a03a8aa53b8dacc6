"""The base class of style-based GANs: latents become styles, and each layer of the synthesis takes one."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.engine import Kind, RunningMean, Serving, Vector, replicas, same_shape
from keras_genssl.engine.networks import require_built, require_inputs
from keras_genssl.losses import NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import LatentGAN
from keras_genssl.penalties import DiscriminatorPenalty

_SAMPLE_BATCH = 500  # images generated at a time: bounds memory
_MEAN = "style_mean"


class StyleBasedGAN(LatentGAN):
    """Base class of GANs whose generator is a mapping of latents to styles, and a synthesis of styles to images.

    Both players' losses are those of a non-saturating GAN (`losses.NonSaturatingGANLoss`), with a penalty on the
    discriminator. Each step is one round of both players.

    Mixing regularisation (Karras et al., 2019, Section 3.1): in training an image has, with probability `mixing`, the
    styles of two latents, those of the second from a layer on that is uniform in [1, num_styles). A running mean of all
    styles w is kept; with a truncation psi below 1, samples are made of `mean + psi (w - mean)`, which gives up variety
    for quality.

    Args:
        mapping: A built `keras.Model`, latents `(batch, latent_dim)` to styles `(batch, style_dim)`.
        synthesis: A built `keras.Model`, styles `(batch, num_styles, style_dim)` to images.
        discriminator: A built `keras.Model`, images to logits.
        latent_dim: The length of the latent vectors, at least 1.
        penalty: A `penalties.DiscriminatorPenalty`.
        mixing: The probability of an image of two latents, in [0, 1].
        style_momentum: The momentum of the running mean of styles, in [0, 1].
        ema: The momentum of moving averages of mapping and synthesis, used for sampling; None: no averages.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.
    """

    def __init__(
        self,
        mapping: keras.Model,
        synthesis: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        penalty: DiscriminatorPenalty,
        *,
        mixing: float = 0.9,
        style_momentum: float = 0.995,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        require_inputs("mapping", mapping, (whole("latent_dim", latent_dim),))
        require_built(synthesis=synthesis)
        (style_dim,), taken = mapping.output_shape[1:], tuple(synthesis.input_shape[1:])
        if len(taken) != 2 or taken[0] is None or taken[0] < 2 or taken[1] != style_dim:
            raise ValueError(
                f"`synthesis` must take styles (batch, num_styles, {style_dim}), at least two of the length that "
                f"`mapping` gives. Received: {synthesis.name!r}, which takes {taken} beside the batch"
            )
        mean = RunningMean(style_momentum, name=_MEAN)
        super().__init__(_joined(mapping, mean, synthesis), latent_dim, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        require_logits("discriminator", discriminator)
        self.mapping = mapping
        self.style_mean = mean
        self.synthesis = synthesis
        self.discriminator = discriminator
        self.num_styles, self.style_dim = taken
        self.penalty = penalty
        self.mixing = finite("mixing", mixing, 0, 1)
        self.adversarial_loss = NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator, which is mapping and synthesis, and the discriminator."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def draw_styles(self, real: Any) -> Any:
        """Draws the styles of one image for each real one, `(batch, num_styles, style_dim)`; moves their mean.

        N replicas draw what one device draws.
        """
        latents = ops.concatenate([self.draw_latents(real), self.draw_latents(real)])
        both = self.style_mean(self.mapping(latents, training=True), training=True)  # (2 batch, style_dim)
        first, second = ops.split(both, 2)
        numbers = replicas.uniform((ops.shape(real)[0], 2), self.seed)
        layer = 1.0 + ops.floor(numbers[:, 1] * (self.num_styles - 1))
        layer = ops.where(numbers[:, 0] < self.mixing, layer, float(self.num_styles))
        coarse = ops.arange(self.num_styles, dtype=layer.dtype)[None, :] < layer[:, None]  # (batch, num_styles)
        return ops.where(coarse[..., None], first[:, None, :], second[:, None, :])

    def adversarial(self, real: Any, styles: Any) -> dict[str, Any]:
        """The adversarial losses of both players, with the discriminator's penalty; each `(batch,)`.

        Groups of `MinibatchStdDev` are of real images alone, or of fakes; the gradient in the penalty is that of the
        sum of a group's logits, as in the papers' code.
        """
        fake = self.synthesis(styles, training=True)
        real_logits, fake_logits = (self.discriminator(images, training=True) for images in (real, fake))
        updates = self.discriminator_optimizer.iterations
        penalty = self.penalty(self.discriminator, real, ops.stop_gradient(fake), self.seed, updates)
        return {
            "generator": generator_losses(self.adversarial_loss, fake_logits, real_logits),
            "discriminator": discriminator_losses(self.adversarial_loss, real_logits, fake_logits) + penalty,
        }

    # Styles of the trained model ----------------------------------------------------------------

    def _network(self, name: str) -> Any:
        """A part of the generator that samples are made by, the moving average if there is one."""
        generator = self.generator if self.average is None else self.average.copy
        return generator.get_layer(name)

    def styles(self, latents: Any) -> Any:
        """Maps latents to styles w: float `(batch, latent_dim)` to float32 `(batch, style_dim)`."""
        latents = Vector(self.latent_dim).taken(type(self).__name__, "latents", latents)
        return ops.cast(self._network(self.mapping.name)(latents, training=False), "float32")

    def mean_style(self) -> Any:
        """The running mean of styles w, float32 `(style_dim,)`."""
        return ops.cast(self._network(_MEAN).moving_mean, "float32")

    def truncated(self, styles: Any, truncation: Any) -> Any:
        """Styles `mean + truncation (w - mean)`; 1 changes nothing, 0 makes the mean of all.

        Args:
            styles: Float `(batch, style_dim)`.
            truncation: The paper's psi, a number, or one for each style, `(batch, 1)`.
        """
        mean = self.mean_style()
        return mean + ops.cast(truncation, "float32") * (ops.cast(styles, "float32") - mean)

    def synthesize(self, styles: Any) -> Any:
        """Makes images of styles, one for all layers or one for each.

        Args:
            styles: Float `(batch, style_dim)` or `(batch, num_styles, style_dim)`.

        Returns:
            Float32 `(batch, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If the styles have another shape.
        """
        styles = ops.convert_to_tensor(styles, dtype="float32")
        if len(styles.shape) == 2:
            styles = ops.repeat(styles[:, None, :], self.num_styles, axis=1)
        if len(styles.shape) != 3 or tuple(styles.shape[1:]) != (self.num_styles, self.style_dim):
            raise ValueError(
                f"`styles` must be (batch, {self.style_dim}) or (batch, {self.num_styles}, {self.style_dim}). "
                f"Received: shape {tuple(styles.shape)}"
            )
        return self.bounded(self._network(self.synthesis.name)(styles, training=False))

    def mix(self, latents_a: Any, latents_b: Any, layer: int) -> Any:
        """Makes images with the coarse styles of some latents and the fine styles of others.

        Args:
            latents_a: Float `(batch, latent_dim)`, of the layers before `layer`.
            latents_b: Of the same shape, of the layers from `layer` on.
            layer: An int in [0, num_styles]: 0 gives the images of `latents_b`, `num_styles` those of `latents_a`.

        Returns:
            Float32 `(batch, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If the latents have another shape than each other, or `layer` is out of its range.
        """
        layer = whole("layer", layer, 0)
        if layer > self.num_styles:
            raise ValueError(f"`layer` must be at most {self.num_styles}. Received: layer={layer}")
        coarse = self.styles(latents_a)
        fine = same_shape("`latents_b`", self.styles(latents_b), "`latents_a`", coarse)
        parts = [coarse[:, None, :]] * layer + [fine[:, None, :]] * (self.num_styles - layer)
        return self.synthesize(ops.concatenate(parts, axis=1))

    def generate_truncated(self, latents: Any, truncation: Any) -> Any:
        """Generates with truncated styles.

        Args:
            latents: Float `(batch, latent_dim)`.
            truncation: As for `truncated`.

        Returns:
            Float32 `(batch, height, width, channels)` in [-1, 1].
        """
        return self.synthesize(self.truncated(self.styles(latents), truncation))

    def sample(self, num_images: int, seed: int | None = None, truncation: float = 1.0) -> np.ndarray:
        """Generates images of random latents.

        Args:
            num_images: How many, at least 1.
            seed: At least 0. The same seed gives the same images; a larger `num_images` only adds more of them. None
                draws new ones at each call, after `keras.utils.set_random_seed` the same ones.
            truncation: The paper's psi: 1 samples what was learnt, smaller values images nearer to the mean; 0 gives
                one image for all latents.

        Returns:
            Float32 `(num_images, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If `num_images` is less than 1, or `truncation` is not finite.
        """
        truncation = finite("truncation", truncation)
        if truncation == 1.0:
            return super().sample(num_images, seed)
        latents = self.sample_latents(num_images, seed)
        parts = [latents[start : start + _SAMPLE_BATCH] for start in range(0, len(latents), _SAMPLE_BATCH)]
        return np.concatenate([ops.convert_to_numpy(self.generate_truncated(part, truncation)) for part in parts])

    def serving(self) -> dict[str, Serving]:
        """Latents to images; and latents with a truncation each to images."""
        latent: dict[str, Kind] = {"latent": Vector(self.latent_dim)}
        truncated = Serving(self.generate_truncated, {**latent, "truncation": Vector(1)}, self.outputs_served())
        return {**super().serving(), "generate_truncated": truncated}


def _joined(mapping: keras.Model, mean: RunningMean, synthesis: keras.Model) -> keras.Model:
    """The generator, latents to images, with one style for all layers; it holds the mean, so averages hold one too."""
    latents = keras.Input(tuple(mapping.input_shape[1:]), name="latents")
    styles = keras.layers.RepeatVector(synthesis.input_shape[1], name="repeated")(mean(mapping(latents)))
    return keras.Model(latents, synthesis(styles), name="style_generator")
