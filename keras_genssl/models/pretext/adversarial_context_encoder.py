"""The context encoder with an adversarial loss: fill in hidden regions so that they look real."""

from typing import Any

import keras

from keras_genssl.engine import Kind, PlayersModel, Serving
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses
from keras_genssl.models.pretext import inpainting_base as inpainting
from keras_genssl.models.representation import features


@keras.saving.register_keras_serializable(package="keras_genssl")
class AdversarialContextEncoder(PlayersModel):
    """The joint loss of the context encoder (Pathak et al., 2016, Eq. 3).

    The generator consists of encoder and decoder. It minimises `(1 - a) L_rec + a L_adv`, with L_rec the loss of
    `ContextEncoder` and a = `adversarial_weight`, 0.001. The discriminator minimises the adversarial loss of the true
    and the painted region. It sees only the predicted pixels, the hidden ones and the overlap, and 0 in place of all
    others; as the paper says, with the context it would only look for the seam. One round updates both from one forward
    pass. The paper's Adam has beta_1 0.5, and the generator's rate is ten times the discriminator's: 2e-3 and 2e-4 in
    the authors' code.

    Batches are as in `ContextEncoder`.

    Reference:
        - Pathak et al. 2016, [Context Encoders: Feature Learning by Inpainting](https://arxiv.org/abs/1604.07379)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to features `(batch, dim)`.
        decoder: A built network of these features to images `(batch, h, w, c)` in [-1, 1].
        discriminator: A built network of such images to logits, such as `backbones.dcgan_discriminator`.
        adversarial_weight: In [0, 1].
        overlap: As in `ContextEncoder`.
        overlap_weight: As in `ContextEncoder`.
        adversarial_loss: By default `losses.NonSaturatingGANLoss()`.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, they do not fit together, or a number is out of its range.

    Example:

        networks = kg.backbones.small_encoder((28, 28, 1)), kg.backbones.convolutional_decoder(128)
        model = kg.models.AdversarialContextEncoder(*networks, kg.backbones.dcgan_discriminator((28, 28, 1)), overlap=1)
        model.compile({"generator": Adam(2e-3, beta_1=0.5), "discriminator": Adam(2e-4, beta_1=0.5)})
        model.fit(kg.data.load("fashion_mnist", batch_size=64, transform=kg.pretext.center_masked), epochs=3)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        *,
        adversarial_weight: float = 0.001,
        overlap: int = 4,
        overlap_weight: float = 10.0,
        adversarial_loss: AdversarialLoss | None = None,
        name: str | None = None,
    ) -> None:
        inpainting.require_painter(encoder, decoder)
        inpainting.require_overlap(overlap, overlap_weight)
        require_inputs("discriminator", discriminator, tuple(encoder.input_shape[1:]))
        if not 0 <= adversarial_weight <= 1:
            raise ValueError(
                f"`adversarial_weight` must lie in [0, 1]. Received: adversarial_weight={adversarial_weight}"
            )
        super().__init__(name=name)
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.adversarial_weight = adversarial_weight
        self.overlap = overlap
        self.overlap_weight = overlap_weight
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator, which has two networks, and the discriminator."""
        return {"generator": [self.encoder, self.decoder], "discriminator": [self.discriminator]}

    def inputs(self) -> dict[str, Kind]:
        """The masked image, the whole image, and the mask."""
        return inpainting.inputs(self.encoder)

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        image, mask = batch["image"], batch["mask"]
        painted = self(batch["masked"], training=True)
        _, predicted = inpainting.regions(mask, self.overlap)
        fake_logits = self.discriminator(predicted * painted, training=True)
        real_logits = self.discriminator(predicted * image, training=True)
        error = inpainting.painting_error(painted, image, mask, self.overlap, self.overlap_weight)
        adversarial = generator_losses(self.adversarial_loss, fake_logits, real_logits)
        return {
            "generator": (1.0 - self.adversarial_weight) * error + self.adversarial_weight * adversarial,
            "discriminator": discriminator_losses(self.adversarial_loss, real_logits, fake_logits),
        }

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The masked images; no metric compares the output."""
        return batch["masked"], None

    def call(self, masked: Any, training: bool = False) -> Any:
        """The decoder's output before clipping."""
        return self.decoder(self.encoder(masked, training=training), training=training)

    def predict_step(self, data: Any) -> Any:
        """The painted images that `predict` returns."""
        return self.inpaint(self.batch(data, training=False)["masked"])

    def inpaint(self, masked: Any) -> Any:
        """Fills in hidden pixels, as `ContextEncoder.inpaint` does."""
        return inpainting.inpaint(self, masked)

    def encode(self, images: Any) -> Any:
        """The encoder's features: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to `(batch, dim)`."""
        return features(self.encoder, images)

    def serving(self) -> dict[str, Serving]:
        """Image to features, and masked image to painted image."""
        return inpainting.serving(self)
