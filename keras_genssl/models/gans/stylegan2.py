"""StyleGAN2: styles that modulate convolutions, and paths of equal length."""

from typing import Any

import keras

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import RunningMean
from keras_genssl.models.gans.style_base import StyleBasedGAN
from keras_genssl.penalties import DiscriminatorPenalty, PathLengthPenalty, R1Penalty


@keras.saving.register_keras_serializable(package="keras_genssl")
class StyleGAN2(StyleBasedGAN):
    """StyleGAN2 (Karras et al., 2020): styles modulate convolutions, and equal steps in w change images equally.

    AdaIN normalises each feature map and so draws blobs, by which the synthesis smuggles strengths past it; here styles
    scale the kernels, which are normalised by what is expected of them. The discriminator D and the generator G
    minimise

        D:  softplus(-D(x)) + softplus(D(G(w))) + R1, in one of 16 updates
        G:  softplus(-D(G(w))) + weight (|J^T y| - a)^2, in one of 4 updates (`penalties.PathLengthPenalty`)

    with mixing regularisation (`StyleBasedGAN`). Paper: Adam with betas 0 and 0.99, 2e-3. Deviations: the path lengths
    are those of the step's own styles, where the paper's code draws others, half as many; penalties are part of an
    update (`penalties.R1Penalty`); each *image* draws whether and where it is mixed.

    Reference:
        - Karras et al. 2020, [Analyzing and Improving the Image Quality of
          StyleGAN](https://arxiv.org/abs/1912.04958)

    Args:
        mapping: `backbones.style_mapping(...)`, or any built `keras.Model`, latents `(batch, latent_dim)` to styles
            `(batch, style_dim)`.
        synthesis: `backbones.style2_synthesis(...)`, or any built `keras.Model`, styles
            `(batch, num_styles, style_dim)` to images, with at least two styles.
        discriminator: `backbones.style2_discriminator(...)`, or any built `keras.Model`, images to logits.
        latent_dim: The length of the latent vectors, at least 1.
        penalty: A `penalties.DiscriminatorPenalty`; by default `R1Penalty(10.0, every=16)`.
        path_penalty: A `penalties.PathLengthPenalty`; by default `PathLengthPenalty(2.0, every=4)`.
        path_momentum: The momentum of the running mean of path lengths, in [0, 1].
        mixing: The probability of an image of two latents, in [0, 1].
        style_momentum: The momentum of the running mean of styles, in [0, 1].
        ema: The momentum of moving averages of mapping and synthesis, used for sampling; None: no averages.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        mapping = kg.backbones.style_mapping(64, style_dim=64, num_layers=4)
        synthesis = kg.backbones.style2_synthesis(shape, style_dim=64, filters=16)
        discriminator = kg.backbones.style2_discriminator(shape, filters=16)
        model = kg.models.StyleGAN2(mapping, synthesis, discriminator, 64, ema=0.995)
        model.compile({player: Adam(2e-3, 0.0, 0.99) for player in ("generator", "discriminator")})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=64), epochs=5)
        images = model.sample(16, seed=1)
    """

    def __init__(
        self,
        mapping: keras.Model,
        synthesis: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        penalty: DiscriminatorPenalty | None = None,
        path_penalty: PathLengthPenalty | None = None,
        path_momentum: float = 0.99,
        mixing: float = 0.9,
        style_momentum: float = 0.995,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            mapping,
            synthesis,
            discriminator,
            latent_dim,
            penalty=penalty or R1Penalty(10.0, every=16),
            mixing=mixing,
            style_momentum=style_momentum,
            ema=ema,
            name=name,
        )
        self.path_penalty = path_penalty or PathLengthPenalty()
        self.path_mean = RunningMean(finite("path_momentum", path_momentum, 0, 1), name="path_mean")
        self.path_mean.build((None,))

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator with its mean path length, and the discriminator."""
        return {"generator": [self.generator, self.path_mean], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """The losses of both players, each `(batch,)`."""
        real = batch["image"]
        styles = self.draw_styles(real)
        losses = self.adversarial(real, styles)
        updates = self.generator_optimizer.iterations
        paths = self.path_penalty(self.synthesis, styles, self.path_mean, self.seed, updates)
        return {**losses, "generator": losses["generator"] + paths}
