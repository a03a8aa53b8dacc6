"""SRGAN: photo-realistic super-resolution with an adversarial loss."""

import functools
from typing import Any

import keras

from keras_genssl.engine import Image, Kind, PlayersModel, Serving, batches
from keras_genssl.engine.networks import require_built, require_match
from keras_genssl.engine.shapes import same_shape
from keras_genssl.losses import NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses
from keras_genssl.models.super_resolution.base import Upscale, by_tiles


@keras.saving.register_keras_serializable(package="keras_genssl")
class SRGAN(PlayersModel):
    """SRGAN (Ledig et al., 2017): content loss plus 1e-3 times an adversarial loss.

    The generator G minimises `content(high, G(low)) + w * -log D(G(low))`. The discriminator D minimises the
    cross-entropy of classifying `high` as real and `G(low)` as generated. One round updates both from one forward pass.
    Batches hold `low` and `high` (a dict, or a tuple in this order), uint8 or float in [-1, 1]. Paper: G starts from
    SRResNet (`models.SRResNet`), the content loss is on VGG19's conv5_4 (`losses.PerceptualLoss` with
    `backbones.SRGAN_CONTENT_LAYERS`), Adam for 1e5 steps at 1e-4, then 1e5 at 1e-5.

    Reference:
        - Ledig et al. 2017, [Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
          Network](https://arxiv.org/abs/1609.04802)

    Args:
        generator: `backbones.srresnet(scale)`, already trained on pixels.
        discriminator: `backbones.srgan_discriminator()`: large images to logits `(batch, 1)`.
        content_loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        adversarial_weight: The weight w of the adversarial loss, at least 0.
        name: The model's name.

    Raises:
        ValueError: If the weight is negative, a network is not built, or the two do not fit together.

    Example:

        model = kg.models.SRGAN(generator, kg.backbones.srgan_discriminator())
        model.compile({"generator": Adam(1e-4), "discriminator": Adam(1e-4)})
        model.fit(pairs, epochs=10)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        content_loss: keras.losses.Loss | None = None,
        adversarial_weight: float = 1e-3,
        name: str | None = None,
    ) -> None:
        if adversarial_weight < 0:
            raise ValueError(
                f"`adversarial_weight` must not be negative. Received: adversarial_weight={adversarial_weight}"
            )
        require_built(generator=generator, discriminator=discriminator)
        require_match("generator", generator.output_shape, "discriminator", discriminator.input_shape)
        super().__init__(name=name)
        self.generator = generator
        self.discriminator = discriminator
        self.content_loss = content_loss or keras.losses.MeanSquaredError()
        self.adversarial_weight = adversarial_weight
        self.adversarial_loss = NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator and the discriminator."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def inputs(self) -> dict[str, Kind]:
        """The small image that the generator takes, and the large one that the discriminator takes."""
        made, judged = self.generator.output_shape[1:], self.discriminator.input_shape[1:]
        high = tuple(taken if given is None else given for given, taken in zip(made, judged, strict=True))
        return {"low": Image(self.generator.input_shape[1:]), "high": Image(high)}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        fake = self.generator(batch["low"], training=True)  # (batch, h * scale, w * scale, 3)
        high = same_shape("`high`", batch["high"], "what `generator` makes of `low`", fake)
        fake_logits = self.discriminator(fake, training=True)  # (batch, 1)
        real_logits = self.discriminator(high, training=True)
        content = self.content_loss.call(high, fake)
        content = keras.ops.mean(content, axis=tuple(range(1, len(content.shape))))
        return {
            "generator": content + self.adversarial_weight * generator_losses(self.adversarial_loss, fake_logits),
            "discriminator": discriminator_losses(self.adversarial_loss, real_logits, fake_logits),
        }

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The small images, and the large ones if there are any."""
        return batch["low"], batch.get("high")

    def call(self, images: Any, training: bool = False) -> Any:
        """The generator's output before clipping."""
        return self.generator(images, training=training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics; those of `compile` compare images clipped to [-1, 1], as `upscale` gives them."""
        return super().compute_metrics(x, y, keras.ops.clip(y_pred, -1.0, 1.0), sample_weight)

    @functools.cached_property
    def _upscale(self) -> Upscale:
        return by_tiles(lambda images: self(images, training=False), self.generator)

    def upscale(self, images: Any) -> Any:
        """Enlarges images: `(batch, h, w, 3)`, uint8 or float32 in [-1, 1], to `(batch, h * scale, w * scale, 3)`.

        Computes large images tile by tile (`engine.in_tiles`), as an export does and with its answers, unless the
        generator depends on the whole image.
        """
        return self._upscale(batches.required(images))

    def serving(self) -> dict[str, Serving]:
        """One function, `upscale`: image in, enlarged image out."""
        image = {"image": Image((None, None, 3))}
        return {"upscale": Serving(self._upscale, image, image)}
