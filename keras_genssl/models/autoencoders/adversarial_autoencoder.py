"""The adversarial autoencoder: a discriminator makes the codes follow a prior."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.autoencoders.adversarial_base import PriorAutoencoder, require_dim
from keras_genssl.models.autoencoders.base import image_losses
from keras_genssl.priors import Gaussian, Prior


@keras.saving.register_keras_serializable(package="keras_genssl")
class AdversarialAutoencoder(PriorAutoencoder):
    """The adversarial autoencoder (Makhzani et al., 2015).

    An autoencoder whose codes follow a prior, so that codes drawn from the prior decode to images. The prior can be any
    distribution that can be drawn from; a VAE needs its density. Each step has three rounds on the same images:

    1. Reconstruction: `autoencoder`, the encoder and the decoder, minimises `loss(x, decoder(encoder(x)))`.
    2. Regularisation: `discriminator` learns to tell codes drawn from the prior (real) from codes of images (fake).
    3. Regularisation: `encoder` minimises the adversarial loss of its codes, so that the discriminator takes them for
       draws of the prior. The decoder has no part in it.

    The encoder has two optimizers, one for each of its losses, so the balance of the losses is that of the learning
    rates. Paper, MNIST: two hidden layers of 1000 units in each network, codes of 8, prior N(0, 5^2 I), SGD with
    momentum: 0.01 and 0.9 for reconstruction, 0.1 and 0.1 for regularisation. The encoder is deterministic, as in the
    paper's experiments.

    Reference:
        - Makhzani et al. 2015, [Adversarial Autoencoders](https://arxiv.org/abs/1511.05644)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`.
        decoder: A built network of codes to images.
        discriminator: A built network of codes to logits, such as `backbones.mlp_discriminator((code_dim,))`.
        prior: A `priors.Prior` of codes of this length; by default `priors.Gaussian(code_dim)`.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the networks do not fit together, or the prior's codes have another
            length.

    Example:

        networks = kg.backbones.convolutional_encoder(8), kg.backbones.convolutional_decoder(8)
        model = kg.models.AdversarialAutoencoder(*networks, kg.backbones.mlp_discriminator((8,)))
        model.compile({"autoencoder": Adam(1e-3), "discriminator": Adam(1e-3), "encoder": Adam(1e-3)})
        model.fit(images, epochs=10)
        drawn = model.sample(64)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        *,
        prior: Prior | None = None,
        loss: keras.losses.Loss | None = None,
        adversarial_loss: AdversarialLoss | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, name=name)
        code_dim = decoder.input_shape[1]
        require_inputs("discriminator", discriminator, (code_dim,))
        require_logits("discriminator", discriminator)
        prior = prior or Gaussian(code_dim)
        require_dim("prior", prior, code_dim)
        self.discriminator = discriminator
        self.prior = prior
        self.image_loss = loss or keras.losses.MeanSquaredError()
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """Encoder and decoder; the discriminator; and the encoder again, which fools it."""
        return {
            "autoencoder": [self.encoder, self.decoder],
            "discriminator": [self.discriminator],
            "encoder": [self.encoder],
        }

    def rounds(self) -> list[tuple[str, ...]]:
        """One round of each player: reconstruction, then regularisation."""
        return [("autoencoder",), ("discriminator",), ("encoder",)]

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        images = batch["image"]
        if players == ("autoencoder",):
            return {"autoencoder": image_losses(self.image_loss, images, self(images, training=True)["image"])}
        codes = self.codes(images, training=True)  # (batch, code_dim)
        fake_logits = self.discriminator(codes, training=True)
        judged = "discriminator" in players
        real_logits = None
        if judged or self.adversarial_loss.needs_real:
            drawn = self.draw_codes(ops.shape(codes)[0], self.seed)
            real_logits = self.discriminator(drawn, training=True)
        losses = {"encoder": generator_losses(self.adversarial_loss, fake_logits, real_logits)}
        if judged:
            losses["discriminator"] = discriminator_losses(self.adversarial_loss, real_logits, fake_logits)
        return losses

    def draw_codes(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        """Codes of the prior, float `(num, code_dim)`, for an int or an int32 scalar."""
        return self.prior.draw(num, seed)
