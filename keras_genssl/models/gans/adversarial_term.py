"""A discriminator as one more loss of any method that makes images."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import Kind, Method, PlayersModel, Serving
from keras_genssl.engine.networks import require_built
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits

_OF_ONE_PASS = ("train_step", "learn", "remember", "penalized")


@keras.saving.register_keras_serializable(package="keras_genssl")
class AdversarialTerm(PlayersModel):
    """A GAN as an additional loss: a discriminator D judges the images that a method makes.

    The network of the method minimises `L + weight * L_G(D(made))`, L being the method's own loss, and D learns to tell
    the images that it makes from true ones, `L_D(D(true), D(made))`. So an autoencoder, a network of super-resolution,
    a context encoder or a colorization makes sharper, more realistic images, at the cost of a larger distance from the
    true ones (Blau and Michaeli, 2018): compare PSNR *and* FID. Each step is one round of both players.

    D does not see what the image was made of. Where it should, `Pix2Pix` is the method; `SRGAN` and
    `AdversarialContextEncoder` are this idea with their papers' settings.

    Weights in use, of adversarial loss beside the other: SRGAN 1e-3, context encoder 1e-3, VAE/GAN 1e-6.

    Reference:
        - Ledig et al. 2017, [Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
          Network](https://arxiv.org/abs/1609.04802)
        - Blau and Michaeli 2018, [The Perception-Distortion Tradeoff](https://arxiv.org/abs/1711.06077)

    Args:
        base: A method with one optimizer that makes images (`compared_images`): an autoencoder or VAE, a method of
            super-resolution, `ContextEncoder`, `Colorization`, `ColorizationRegression`. It is trained here and used
            as before: `model.base.reconstruct(images)`.
        discriminator: A built `keras.Model`, images of the size of the made ones to logits, `(batch, 1)` or a map.
        weight: The weight of the adversarial loss in the network's, at least 0.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        name: The model's name.

    Raises:
        ValueError: If the discriminator is not built or gives no logits, the base makes no images or trains in a way of
            its own, or the weight is negative.
        TypeError: If `base` is no method.

    Example:

        base = kg.models.Autoencoder(kg.backbones.convolutional_encoder(16), kg.backbones.convolutional_decoder(16))
        model = kg.models.AdversarialTerm(base, kg.backbones.spectral_discriminator((28, 28, 1)), weight=1e-2)
        model.compile({"network": Adam(1e-3), "discriminator": Adam(2e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=128), epochs=10)
        sharp = base.reconstruct(images)
    """

    def __init__(
        self,
        base: Method,
        discriminator: keras.Model,
        *,
        weight: float = 1e-3,
        adversarial_loss: AdversarialLoss | None = None,
        name: str | None = None,
    ) -> None:
        _require_images(base)
        require_built(discriminator=discriminator)
        require_logits("discriminator", discriminator)
        super().__init__(name=name)
        self.base = base
        self.discriminator = discriminator
        self.weight = finite("weight", weight, 0)
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def inputs(self) -> dict[str, Kind]:
        """Those of the base."""
        return self.base.inputs()

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """Splits a batch as the base does."""
        return self.base.split_inputs(batch)

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Checks `y` as the base does."""
        return self.base.matched(y, y_pred)

    def call(self, x: Any, training: bool = False) -> Any:
        """What the base computes."""
        return self.base(x, training=training)

    def predict_step(self, data: Any) -> Any:
        """What the base predicts."""
        return self.base.predict_step(data)

    def compared_images(self, x: Any, y: Any, y_pred: Any) -> tuple[Any, Any]:
        """Those of the base."""
        return self.base.compared_images(x, y, y_pred)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, which compare true and made images, clipped to [-1, 1]."""
        images, made = self.compared_images(x, y, y_pred)
        return super().compute_metrics(x, images, ops.clip(made, -1.0, 1.0), sample_weight)

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The networks of the base, and the discriminator."""
        return {"network": [self.base], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        x, y = self.split_inputs(batch)
        y_pred = self.base(x, training=True)
        y = self.matched(y, y_pred)
        true, made = self.compared_images(x, y, y_pred)  # (batch, h, w, c)
        true_logits = self.discriminator(true, training=True)
        made_logits = self.discriminator(made, training=True)
        fooling = generator_losses(self.adversarial_loss, made_logits, true_logits)
        return {
            "network": self.base.example_losses(x, y, y_pred) + self.weight * fooling,
            "discriminator": discriminator_losses(self.adversarial_loss, true_logits, made_logits),
        }

    def after_update(self, player: str) -> None:  # type: ignore[override]
        """Tells the base that its weights have changed."""
        if player == "network":
            self.base.after_update()

    def serving(self) -> dict[str, Serving]:
        """Serves what the base does; the discriminator is not exported."""
        return self.base.serving()


def _require_images(base: Any) -> None:
    """Requires a method with one optimizer that makes images, in the ordinary training step."""
    if not isinstance(base, Method):
        raise TypeError(f"`base` must be a method, such as kg.models.Autoencoder. Received: {type(base).__name__}")
    kind = type(base)
    if isinstance(base, PlayersModel):
        raise ValueError(
            f"`base` must be a method trained by one optimizer. Received: {kind.__name__}, of several players"
        )
    if kind.compared_images is Method.compared_images:
        raise ValueError(
            "`base` must make images of others: an autoencoder, super-resolution, ContextEncoder or a colorization. "
            f"Received: {kind.__name__}"
        )
    own = [name for name in _OF_ONE_PASS if getattr(kind, name) is not getattr(Method, name)]
    if own or base.memories():
        raise ValueError(
            f"`base` must be trained in the ordinary step of `Method`. Received: {kind.__name__}, which has its own "
            f"{', '.join(own) or 'memory'}"
        )
