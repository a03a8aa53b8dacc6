"""StyleGAN: a generator whose layers are controlled by styles."""

from typing import Any

import keras

from keras_genssl.models.gans.style_base import StyleBasedGAN
from keras_genssl.penalties import DiscriminatorPenalty, R1Penalty


@keras.saving.register_keras_serializable(package="keras_genssl")
class StyleGAN(StyleBasedGAN):
    """StyleGAN (Karras et al., 2019): latents become styles, which control the layers of the synthesis by AdaIN.

    A mapping f turns latents z into styles `w = f(z)`. The synthesis starts from a learnt constant; after each layer,
    the style sets mean and deviation of each channel, and noise adds what the style leaves open. Coarse layers set
    pose and shape, fine ones colour and texture, so images can be mixed: see `mix`, `styles` and `sample`. The
    discriminator D and the generator G minimise

        D:  softplus(-D(x)) + softplus(D(G(z))) + the penalty, R1 with gamma 10
        G:  softplus(-D(G(z)))

    with mixing regularisation (`StyleBasedGAN`). Paper: Adam with betas 0 and 0.99, 1e-3 (up to 3e-3 at 1024 pixels),
    an average of the generator with a half-life of 10,000 images. Deviations: the networks have their full size from
    the start, where the paper grows them; each *image* draws whether and where it is mixed, the paper's code draws once
    a batch.

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)

    Args:
        mapping: `backbones.style_mapping(...)`, or any built `keras.Model`, latents `(batch, latent_dim)` to styles
            `(batch, style_dim)`.
        synthesis: `backbones.style_synthesis(...)`, or any built `keras.Model`, styles `(batch, num_styles, style_dim)`
            to images, with at least two styles.
        discriminator: `backbones.style_discriminator(...)`, or any built `keras.Model`, images to logits.
        latent_dim: The length of the latent vectors, at least 1.
        penalty: A `penalties.DiscriminatorPenalty`; by default `R1Penalty(10.0)`.
        mixing: The probability of an image of two latents, in [0, 1].
        style_momentum: The momentum of the running mean of styles, in [0, 1].
        ema: The momentum of moving averages of mapping and synthesis, used for sampling; None: no averages.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        mapping = kg.backbones.style_mapping(64, style_dim=64, num_layers=4)
        synthesis = kg.backbones.style_synthesis(shape, style_dim=64, filters=16)
        discriminator = kg.backbones.style_discriminator(shape, filters=16)
        model = kg.models.StyleGAN(mapping, synthesis, discriminator, 64, ema=0.995)
        model.compile({player: Adam(2e-3, 0.0, 0.99) for player in ("generator", "discriminator")})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=64), epochs=5)
        typical = model.sample(16, seed=1, truncation=0.7)
        latents = model.sample_latents(16, seed=1)
        mixed = model.mix(latents, latents[::-1], layer=2)
    """

    def __init__(
        self,
        mapping: keras.Model,
        synthesis: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        penalty: DiscriminatorPenalty | None = None,
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
            penalty=penalty or R1Penalty(10.0),
            mixing=mixing,
            style_momentum=style_momentum,
            ema=ema,
            name=name,
        )

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """The losses of both players, each `(batch,)`."""
        real = batch["image"]
        return self.adversarial(real, self.draw_styles(real))
