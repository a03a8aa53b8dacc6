"""Pix2pix: translation learnt from pairs."""

from typing import Any

import keras

from keras_genssl.engine import Image, Kind, PlayersModel, Serving, replicas
from keras_genssl.engine.networks import fitting, require_built, require_match, require_multiple, size_multiple
from keras_genssl.engine.shapes import same_shape
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses
from keras_genssl.models.translation.base import absolute_error, require_weights


@keras.saving.register_keras_serializable(package="keras_genssl")
class Pix2Pix(PlayersModel):
    """Pix2pix (Isola et al., 2017): a conditional adversarial loss plus 100 times the L1 distance.

    The generator G minimises `L_adv(D(source, G(source))) + pixel_weight * |target - G(source)|`, where |.| is the mean
    over pixels. The discriminator D sees the source and the image that it judges, concatenated along channels, and
    minimises half the adversarial loss. One round updates both from one forward pass. Batches hold the pairs `source`
    and `target` (a dict, or a tuple in this order), uint8 or float in [-1, 1]. Paper: batch 1 to 10, Adam 2e-4 with
    beta_1 0.5.

    Dropout in the generator is the only noise. The paper keeps it on in tests, and normalises with the statistics of
    the test batch; `translate(images, seed=...)` does the same. Deviation: without a seed, and when served,
    `translate` is deterministic and uses no dropout.

    Reference:
        - Isola et al. 2017, [Image-to-Image Translation with Conditional Adversarial
          Networks](https://arxiv.org/abs/1611.07004)

    Args:
        generator: `backbones.unet_generator()`: source images to target images in [-1, 1].
        discriminator: `backbones.patch_discriminator()`: source and target, concatenated, to logits.
        pixel_weight: The weight of the mean absolute error, at least 0.
        adversarial_loss: By default `losses.NonSaturatingGANLoss()`.
        name: The model's name.

    Raises:
        ValueError: If the weight is negative, a network is not built, or the networks do not fit together.

    Example:

        generator = kg.backbones.unet_generator((28, 28, 1), filters=16)
        model = kg.models.Pix2Pix(generator, kg.backbones.patch_discriminator((28, 28, 2), filters=16, layers=2))
        model.compile({player: Adam(2e-4, beta_1=0.5) for player in model.players()})
        model.fit(pairs, epochs=10)
        targets = model.translate(sources)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        pixel_weight: float = 100.0,
        adversarial_loss: AdversarialLoss | None = None,
        name: str | None = None,
    ) -> None:
        require_weights(pixel_weight=pixel_weight)
        require_built(generator=generator, discriminator=discriminator)
        *image, channels = generator.input_shape
        both = (*image, channels + generator.output_shape[-1])
        require_match("generator", generator.output_shape[:-1], "generator", tuple(image))
        require_match("generator", both, "discriminator", discriminator.input_shape)
        super().__init__(name=name)
        self.generator = generator
        self.discriminator = discriminator
        self.multiple = size_multiple(generator)
        self.pixel_weight = pixel_weight
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator and the discriminator."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def inputs(self) -> dict[str, Kind]:
        """A source, and the target that belongs to it."""
        return {"source": Image(self.generator.input_shape[1:]), "target": Image(self.generator.output_shape[1:])}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        source, target = self._fitting(batch["source"]), batch["target"]
        fake = self.generator(source, training=True)
        target = same_shape("`target`", target, "what `generator` makes of `source`", fake)
        fake_logits = self.discriminator(keras.ops.concatenate([source, fake], axis=-1), training=True)
        real_logits = self.discriminator(keras.ops.concatenate([source, target], axis=-1), training=True)
        loss = self.adversarial_loss
        return {
            "generator": generator_losses(loss, fake_logits, real_logits)
            + self.pixel_weight * absolute_error("target", target, fake),
            "discriminator": 0.5 * discriminator_losses(loss, real_logits, fake_logits),
        }

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The sources, and the targets if there are any."""
        return self._fitting(batch["source"]), batch.get("target")

    def call(self, images: Any, training: bool = False) -> Any:
        """The generator's output."""
        return self.generator(images, training=training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics; those of `compile` compare images clipped to [-1, 1], as `translate` gives them."""
        return super().compute_metrics(x, y, keras.ops.clip(y_pred, -1.0, 1.0), sample_weight)

    def translate(self, images: Any, seed: int | None = None) -> Any:
        """Translates source images to target images.

        Args:
            images: `(batch, h, w, c)`, uint8 or float32 in [-1, 1].
            seed: The seed of the noise. With a seed, dropout is on and batch normalisation uses the statistics of this
                batch, as in the paper. None: no noise. The model's own state does not change in either case.

        Returns:
            Images float32 `(batch, h, w, c)` in [-1, 1].
        """
        images = self._fitting(fitting(self.generator, images))
        if seed is None:
            return keras.ops.clip(self.generator(images, training=False), -1.0, 1.0)
        generators = replicas.seed_generators(self.generator)
        draws = {id(own.state): keras.random.SeedGenerator(seed + number) for number, own in enumerate(generators)}
        state = [
            draws[id(variable)].state if id(variable) in draws else variable
            for variable in self.generator.non_trainable_variables
        ]
        translated, _ = self.generator.stateless_call(self.generator.trainable_variables, state, images, training=True)
        return keras.ops.clip(translated, -1.0, 1.0)

    def _fitting(self, source: Any) -> Any:
        """Returns the sources if the generator's output has their size."""
        remedy = f", or the generator stand between layers.PadToMultiple({self.multiple}) and layers.CropToSize()"
        return require_multiple("source", source, self.multiple, remedy)

    def serving(self) -> dict[str, Serving]:
        """One function: image in, image out, without noise."""
        source, target = self.inputs().values()
        return {"translate": Serving(self.translate, {"image": source}, {"image": target})}
