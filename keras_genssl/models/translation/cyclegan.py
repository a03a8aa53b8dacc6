"""CycleGAN: translation between two domains without pairs."""

from typing import Any

import keras

from keras_genssl.engine import Image, ImagePool, Kind, PlayersModel, Serving
from keras_genssl.engine.networks import fitting, require_built, require_match
from keras_genssl.losses import AdversarialLoss, LeastSquaresGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses
from keras_genssl.models.translation.base import absolute_error, require_weights


@keras.saving.register_keras_serializable(package="keras_genssl")
class CycleGAN(PlayersModel):
    """CycleGAN (Zhu et al., 2017): an image that is translated there and back must equal the original.

    Let x be an image of the first domain, y one of the second; the generator G translates from first to second, F back.
    The generators minimise

        L_adv(D_second(G(x))) + L_adv(D_first(F(y))) + cycle_weight * (|F(G(x)) - x| + |G(F(y)) - y|)
                              + identity_weight * (|G(y) - y| + |F(x) - x|)

    where |.| is the mean over pixels. Each discriminator minimises the adversarial loss of real images and images
    from a history of 50 generated ones (`engine.ImagePool`). With least squares this is `(D(y) - 1)^2 / 2 +
    D(old G(x))^2 / 2`; the generator minimises `(D(G(x)) - 1)^2`. One forward pass serves all four players, plus one
    discriminator pass on images of the history. Each generator has its own optimizer; with Adam this takes the same
    steps as the paper's one optimizer for both. Paper: batch 1, Adam 2e-4 with beta_1 0.5, constant for 100 epochs,
    then linearly to 0 over 100 epochs (`schedules.ConstantThenLinear`).

    A batch holds the same number of images `first` and `second`, unpaired (a dict, or a tuple in this order), uint8
    or float in [-1, 1]. The domains may differ in channels if `identity_weight` is 0.

    Reference:
        - Zhu et al. 2017, [Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
          Networks](https://arxiv.org/abs/1703.10593)

    Args:
        first_to_second: The generator G, `backbones.resnet_translator()`: images in [-1, 1] to images.
        second_to_first: The generator F, from the second domain to the first.
        first_discriminator: `backbones.patch_discriminator()` on images of the first domain.
        second_discriminator: The same on images of the second domain.
        cycle_weight: The paper's lambda, at least 0.
        identity_weight: The weight of the identity loss, at least 0. The paper uses half the cycle weight for paintings
            and photographs, where this preserves colours.
        adversarial_loss: By default `losses.LeastSquaresGANLoss(generator_scale=1.0)`, as in the paper's code.
        pool_size: The number of images that each history holds, at least 1.
        seed: The seed of the draws from the histories.
        name: The model's name.

    Raises:
        ValueError: If a weight is negative, a network is not built, the networks do not fit together, or their image
            sizes are unknown.

    Example:

        networks = [kg.backbones.resnet_translator((28, 28, 1), filters=16, blocks=3) for _ in range(2)]
        critics = [kg.backbones.patch_discriminator((28, 28, 1), filters=16, layers=2) for _ in range(2)]
        model = kg.models.CycleGAN(*networks, *critics)
        model.compile({player: Adam(2e-4, beta_1=0.5) for player in model.players()})
        model.fit(unpaired, epochs=10)
        second = model.translate(first)
    """

    def __init__(
        self,
        first_to_second: keras.Model,
        second_to_first: keras.Model,
        first_discriminator: keras.Model,
        second_discriminator: keras.Model,
        *,
        cycle_weight: float = 10.0,
        identity_weight: float = 5.0,
        adversarial_loss: AdversarialLoss | None = None,
        pool_size: int = 50,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        require_weights(cycle_weight=cycle_weight, identity_weight=identity_weight)
        require_built(
            first_to_second=first_to_second,
            second_to_first=second_to_first,
            first_discriminator=first_discriminator,
            second_discriminator=second_discriminator,
        )
        first, second = first_to_second.input_shape, second_to_first.input_shape
        require_match("first_to_second", first_to_second.output_shape, "second_to_first", second)
        require_match("second_to_first", second_to_first.output_shape, "first_to_second", first)
        require_match("second_to_first", first, "first_discriminator", first_discriminator.input_shape)
        require_match("first_to_second", second, "second_discriminator", second_discriminator.input_shape)
        if identity_weight and first[-1] != second[-1]:
            raise ValueError(
                "`identity_weight` must be 0 where the domains differ in channels. "
                f"Received: identity_weight={identity_weight}, with {first[-1]} and {second[-1]} channels"
            )
        super().__init__(name=name)
        self.first_to_second = first_to_second
        self.second_to_first = second_to_first
        self.first_discriminator = first_discriminator
        self.second_discriminator = second_discriminator
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.adversarial_loss = adversarial_loss or LeastSquaresGANLoss(generator_scale=1.0)
        self.first_history = ImagePool(first[1:], pool_size, name="first_history")
        self.second_history = ImagePool(second[1:], pool_size, name="second_history")
        self.seed = keras.random.SeedGenerator(seed)

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The two generators, and the two discriminators with their histories."""
        return {
            "first_to_second": [self.first_to_second],
            "second_to_first": [self.second_to_first],
            "first_discriminator": [self.first_discriminator, self.first_history],
            "second_discriminator": [self.second_discriminator, self.second_history],
        }

    def inputs(self) -> dict[str, Kind]:
        """An image of each domain."""
        return {
            "first": Image(self.first_to_second.input_shape[1:]),
            "second": Image(self.second_to_first.input_shape[1:]),
        }

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """All four players' losses from one pass, each `(batch,)`."""
        first, second = batch["first"], batch["second"]
        fake_second = self.first_to_second(first, training=True)
        fake_first = self.second_to_first(second, training=True)
        cycle = absolute_error("first", first, self.second_to_first(fake_second, training=True))
        cycle += absolute_error("second", second, self.first_to_second(fake_first, training=True))
        loss = self.adversarial_loss
        logits_first = self.first_discriminator(first, training=True)
        logits_second = self.second_discriminator(second, training=True)
        to_first = generator_losses(loss, self.first_discriminator(fake_first, training=True), logits_first)
        to_second = generator_losses(loss, self.second_discriminator(fake_second, training=True), logits_second)
        to_first += self.cycle_weight * cycle
        to_second += self.cycle_weight * cycle
        if self.identity_weight:
            same_second, same_first = (
                self.first_to_second(second, training=True),
                self.second_to_first(first, training=True),
            )
            to_second += self.identity_weight * absolute_error("second", second, same_second)
            to_first += self.identity_weight * absolute_error("first", first, same_first)
        old_first = self.first_discriminator(self.first_history.query(fake_first, self.seed), training=True)
        old_second = self.second_discriminator(self.second_history.query(fake_second, self.seed), training=True)
        return {
            "first_to_second": to_second,
            "second_to_first": to_first,
            "first_discriminator": discriminator_losses(loss, logits_first, old_first),
            "second_discriminator": discriminator_losses(loss, logits_second, old_second),
        }

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """Images of the first domain; their true translations are unknown."""
        return batch["first"], None

    def call(self, images: Any, training: bool = False) -> Any:
        """Translates from the first domain to the second."""
        return self.first_to_second(images, training=training)

    def translate(self, images: Any) -> Any:
        """Translates images of the first domain, `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to the second."""
        return keras.ops.clip(self.first_to_second(fitting(self.first_to_second, images), training=False), -1.0, 1.0)

    def translate_back(self, images: Any) -> Any:
        """Translates images of the second domain, `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to the first."""
        return keras.ops.clip(self.second_to_first(fitting(self.second_to_first, images), training=False), -1.0, 1.0)

    def serving(self) -> dict[str, Serving]:
        """Both directions: image in, image out."""
        first, second = self.inputs().values()
        return {
            "translate": Serving(self.translate, {"image": first}, {"image": second}),
            "translate_back": Serving(self.translate_back, {"image": second}, {"image": first}),
        }
