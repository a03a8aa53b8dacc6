"""CoGAN: pairs of images of two domains, learnt without pairs."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.numbers import whole
from keras_genssl.engine import Image, Kind, Serving, Vector
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import LatentGAN

DOMAINS = ("first", "second")


@keras.saving.register_keras_serializable(package="keras_genssl")
class CoGAN(LatentGAN):
    """CoGAN (Liu & Tuzel, 2016): two GANs of two domains that share layers, and so learn to draw pairs.

    Two generators make images of the same latents z, G_1(z) and G_2(z), and share their first layers, which decide what
    is shown. Two discriminators share their last layers, which judge it. Both players minimise the sum of the
    adversarial losses of both domains. No pair is seen in training: that G_1(z) and G_2(z) show the same thing comes
    from the shared layers alone. Each step is one round of both players, from the same latents. Each discriminator sees
    real images and generated ones in passes of their own. Deviation: the generators maximise `log D` where the paper
    minimises `log(1 - D)`, unless `adversarial_loss` says otherwise. Paper: Adam 2e-4 with beta_1 0.5, batch 128.

    Two networks that share layers are one model of two outputs: so what is shared is one object, trained by the
    gradients of both domains, and stays shared when the model is saved.

    A batch holds the same number of images `first` and `second`, unpaired (a dict, or a tuple in this order), uint8
    or float in [-1, 1].

    Reference:
        - Liu and Tuzel 2016, [Coupled Generative Adversarial Networks](https://arxiv.org/abs/1606.07536)

    Args:
        generators: A built `keras.Model`, latents `(batch, latent_dim)` to `[first, second]`, images of the two
            domains: `backbones.coupled_generators(image_shape, latent_dim)`.
        discriminators: A built `keras.Model`, `[first, second]` to logits of both:
            `backbones.coupled_discriminators(image_shape)`.
        latent_dim: The length of the latent vectors, at least 1.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        ema: The momentum of a moving average of both generators, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        networks = kg.backbones.coupled_generators((28, 28, 1), 64), kg.backbones.coupled_discriminators((28, 28, 1))
        model = kg.models.CoGAN(*networks, latent_dim=64, ema=0.995)
        model.compile({"generators": Adam(2e-4, 0.5), "discriminators": Adam(2e-4, 0.5)})
        model.fit(unpaired, epochs=10)
        first, second = model.sample(64, seed=1)  # first[i] and second[i] show the same
    """

    def __init__(
        self,
        generators: keras.Model,
        discriminators: keras.Model,
        latent_dim: int,
        *,
        adversarial_loss: AdversarialLoss | None = None,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        latent_dim = whole("latent_dim", latent_dim)
        require_inputs("generators", generators, (latent_dim,))
        super().__init__(generators, latent_dim, ema=ema, name=name)
        self.image_shapes = _shapes("generators", generators.outputs)
        require_inputs("discriminators", discriminators, *self.image_shapes)
        _shapes("discriminators", discriminators.outputs)
        require_logits("discriminators", discriminators)
        self.image_shape = self.image_shapes[0]
        self.discriminators = discriminators
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    @property
    def generators(self) -> keras.Model:
        """Both generators, one model."""
        return self.generator

    def inputs(self) -> dict[str, Kind]:
        """An image of each domain, or a point."""
        kinds = [Image(shape) if len(shape) == 3 else Vector(*shape) for shape in self.image_shapes]
        return dict(zip(DOMAINS, kinds, strict=True))

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """Both generators, and both discriminators."""
        return {"generators": [self.generator], "discriminators": [self.discriminators]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real = [batch[domain] for domain in DOMAINS]
        fake = self.generator(self.draw_latents(real[0]), training=True)
        real_logits = self.discriminators(real, training=True)  # (batch, 1) of each domain
        fake_logits = self.discriminators(fake, training=True)
        loss, pairs = self.adversarial_loss, list(zip(real_logits, fake_logits, strict=True))
        return {
            "generators": sum(generator_losses(loss, made, true) for true, made in pairs),
            "discriminators": sum(discriminator_losses(loss, true, made) for true, made in pairs),
        }

    def after_update(self, player: str) -> None:  # type: ignore[override]
        """Updates the moving average after the generators."""
        if player == "generators" and self.average is not None:
            self.average.update()

    def generate(self, latents: Any) -> dict[str, Any]:
        """Generates pairs: float `(batch, latent_dim)` to `first` and `second`, float32 images in [-1, 1]."""
        made = self(latents, training=False)
        return {domain: self.bounded(images) for domain, images in zip(DOMAINS, made, strict=True)}

    def sample(self, num_images: int, seed: int | None = None) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[override]
        """Generates pairs of random latents.

        Args:
            num_images: How many, at least 1.
            seed: As for every GAN: the same seed gives the same pairs; None draws new ones at each call.

        Returns:
            Two arrays, float32 `(num_images, height, width, channels)` in [-1, 1]: images of the first domain, and
            those of the second that belong to them.

        Raises:
            ValueError: If `num_images` is less than 1.
        """
        parts = [self.generate(latents) for latents in self.in_parts(self.sample_latents(num_images, seed))]
        first, second = (np.concatenate([ops.convert_to_numpy(part[domain]) for part in parts]) for domain in DOMAINS)
        return first, second

    def serving(self) -> dict[str, Serving]:
        """One function: latents in, an image of each domain out."""
        return {"generate": Serving(self.generate, {"latent": Vector(self.latent_dim)}, self.inputs())}


def _shapes(argument: str, outputs: Any) -> list[tuple[int, ...]]:
    """The shapes of two outputs, without the batch."""
    shapes = [tuple(output.shape[1:]) for output in keras.tree.flatten(outputs)]
    if len(shapes) != 2 or len(shapes[0]) != len(shapes[1]):
        raise ValueError(
            f"`{argument}` must give two outputs, one of each domain, as `backbones.coupled_{argument}` makes it. "
            f"Received: outputs of shape {shapes} beside the batch"
        )
    return shapes
