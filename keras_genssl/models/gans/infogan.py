"""InfoGAN: a GAN whose discriminator recovers some of the latents from the image."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import LatentGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class InfoGAN(LatentGAN):
    """InfoGAN (Chen et al., 2016): some latents are codes, and the discriminator learns to predict them from the image.

    The generator takes `[z, c, u]`: noise z, a category c as a one-hot vector, and continuous codes u in (-1, 1). Q(x)
    is the codes that the discriminator's head predicts. Both players minimise the adversarial loss plus

        info_weight * (-log Q(c | G(z, c, u)) + continuous_weight * |u - Q_u(G(z, c, u))|^2 / 2)

    `ln num_categories` minus the mean of the first term is a lower bound of the mutual information of category and
    image. The second term is the negative log-likelihood of a normal distribution with standard deviation 1, without
    its constant. No labels are used; the categories learn the main differences between images. Each step is one round
    of both players. Paper: latents 62 + 10 + 2, Adam with beta_1 0.5, 2e-4 for the discriminator and 1e-3 for the
    generator, batch 128.

    Latents are N(0, 1), as in every GAN here, in the order z, c, u. The category c is the index of the largest of its
    `num_categories` latents, which is uniformly distributed, and u is `erf(latent / sqrt(2))`, which is uniform too. To
    choose codes, set these latents and call `generate`: 1 for the category and 0 for the others; 2 gives u = 0.95.

    Reference:
        - Chen et al. 2016, [InfoGAN: Interpretable Representation Learning by Information Maximizing Generative
          Adversarial Nets](https://arxiv.org/abs/1606.03657)

    Args:
        generator: A built `keras.Model`, `(batch, latent_dim)` to images:
            `backbones.dcgan_generator(image_shape, latent_dim)`.
        discriminator: A built `keras.Model`, images to `[logits (batch, 1), codes (batch, num_categories +
            num_continuous)]`; the first `num_categories` codes are logits. `backbones.acgan_discriminator(image_shape,
            num_codes)` makes one.
        latent_dim: The length of z, c and u together; greater than that of c and u.
        num_categories: The number of categories, at least 2.
        num_continuous: The length of u, at least 0.
        info_weight: The weight of the losses of all codes, at least 0.
        continuous_weight: The weight of the loss of u relative to that of c, at least 0.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        generator = kg.backbones.dcgan_generator((28, 28, 1), latent_dim=62 + 10 + 2)
        discriminator = kg.backbones.acgan_discriminator((28, 28, 1), 10 + 2)
        model = kg.models.InfoGAN(generator, discriminator, latent_dim=62 + 10 + 2)
        model.compile({"generator": Adam(1e-3, 0.5), "discriminator": Adam(2e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=128), epochs=10)
        one_of_each = model.sample(10, seed=1)  # the categories in turn
        latents = model.sample_latents(10, seed=1)
        latents[:, 62:72] = np.eye(10)[3]
        of_category_3 = model.generate(latents)
        clusters = model.categories(images).argmax(axis=-1)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        num_categories: int = 10,
        num_continuous: int = 2,
        info_weight: float = 1.0,
        continuous_weight: float = 0.1,
        adversarial_loss: AdversarialLoss | None = None,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, ema=ema, name=name)
        num_categories = whole("num_categories", num_categories, 2)
        num_continuous = whole("num_continuous", num_continuous, 0)
        num_codes = num_categories + num_continuous
        latent_dim = whole("latent_dim", latent_dim, num_codes + 1)
        require_inputs("discriminator", discriminator, self.image_shape)
        require_logits("discriminator", discriminator)
        outputs = [tuple(output.shape[1:]) for output in keras.tree.flatten(discriminator.outputs)]
        if len(outputs) != 2 or outputs[1] != (num_codes,):
            raise ValueError(
                f"`discriminator` must give logits and codes (batch, {num_codes}). "
                f"Received: {discriminator.name!r} with outputs of shape {outputs} beside the batch"
            )
        self.discriminator = discriminator
        self.num_categories = num_categories
        self.info_weight = finite("info_weight", info_weight, 0)
        self.continuous_weight = finite("continuous_weight", continuous_weight, 0)
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()
        self._ends = [latent_dim - num_codes, latent_dim - num_continuous]  # of z and of c

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator, and the discriminator with the head that predicts codes."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real = batch["image"]
        taken = self.with_codes(self.draw_latents(real))
        fake = self.generator(taken, training=True)
        real_logits, _ = self.discriminator(real, training=True)  # (batch, 1)
        fake_logits, codes = self.discriminator(fake, training=True)  # (batch, num_categories + num_continuous)
        unknown, apart = self.code_losses(taken, codes)
        told = self.info_weight * (unknown + self.continuous_weight * apart)
        return {
            "generator": generator_losses(self.adversarial_loss, fake_logits, real_logits) + told,
            "discriminator": discriminator_losses(self.adversarial_loss, real_logits, fake_logits) + told,
        }

    def with_codes(self, latents: Any) -> Any:
        """The generator's input `[z, c, u]` of latents, both `(batch, latent_dim)`."""
        noise, category, continuous = self._parts(latents)
        one_hot = ops.one_hot(ops.argmax(category, axis=-1), self.num_categories, dtype=noise.dtype)
        return ops.concatenate([noise, one_hot, ops.erf(continuous / math.sqrt(2.0))], axis=-1)

    def _parts(self, latents: Any) -> tuple[Any, Any, Any]:
        """The three parts of `(batch, latent_dim)`; a replica's share of a draw does not tell its length."""
        start, end = self._ends
        return latents[:, :start], latents[:, start:end], latents[:, end:]

    def code_losses(self, taken: Any, codes: Any) -> tuple[Any, Any]:
        """`-log Q` of c, and half the squared distance of u to its prediction, each `(batch,)`.

        Args:
            taken: `[z, c, u]`, `(batch, latent_dim)`.
            codes: The discriminator's predictions, `(batch, num_categories + num_continuous)`.
        """
        _, category, continuous = self._parts(taken)
        codes = ops.cast(codes, keras.config.floatx())
        logits, means = codes[:, : self.num_categories], codes[:, self.num_categories :]
        unknown = ops.categorical_crossentropy(category, logits, from_logits=True)
        return unknown, 0.5 * ops.sum(ops.square(continuous - means), axis=-1)

    def call(self, latents: Any, training: bool = False) -> Any:
        """The images of latents `(batch, latent_dim)`, made by the generator's moving average if there is one."""
        return super().call(self.with_codes(latents), training=training)

    def sample_latents(self, num_images: int, seed: int | None) -> np.ndarray:
        """The latents that `sample` uses, float32 `(num_images, latent_dim)`; categories are 0, 1, 2, ... in turn.

        Args:
            num_images: How many, at least 1.
            seed: At least 0; None draws other latents each time.
        """
        latents = super().sample_latents(num_images, seed)
        category = latents[:, slice(*self._ends)]
        category[np.arange(num_images), np.arange(num_images) % self.num_categories] = category.max(axis=-1) + 1.0
        return latents

    def categories(self, images: Any) -> np.ndarray:
        """The probability of each category, as the discriminator predicts it from images.

        Args:
            images: `(batch, height, width, channels)`, uint8 or float in [-1, 1].

        Returns:
            Float32 `(batch, num_categories)`.
        """
        _, codes = self.discriminator(self.batch(images)["image"], training=False)
        return ops.convert_to_numpy(ops.softmax(ops.cast(codes[:, : self.num_categories], "float32")))

    def information(self, num_images: int = 1000, seed: int = 0) -> float:
        """A lower bound of the mutual information of category and image, in nats; at most `ln num_categories`.

        It is `ln num_categories` minus the mean of `-log Q(c | image)` over generated images of all categories in turn:
        0 or less if Q does not recognise the category, the maximum if it always does. Labels play no part.

        Args:
            num_images: How many images are generated, in one batch; at least 1.
            seed: The seed of their latents.
        """
        latents = ops.convert_to_tensor(self.sample_latents(num_images, seed))
        _, codes = self.discriminator(self(latents, training=False), training=False)
        return math.log(self.num_categories) - float(ops.mean(self.code_losses(self.with_codes(latents), codes)[0]))
