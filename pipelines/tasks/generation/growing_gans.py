"""GANs that grow: their recipe parameters, how they are built, and the phases of their training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from pipelines.errors import UserError
from pipelines.recipe.adversarial import AnyAdversarialLoss, AnyPenalty
from pipelines.recipe.method import Method, Sections
from pipelines.recipe.phase import Phase
from pipelines.section import OutputActivation, Weight

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class ProgressiveGAN(Method):
    """Karras et al. 2018: one phase for each side, from 4 pixels to ``prepare.size``, each with new optimizers.

    Each phase but the last sees ``stage_images`` images; the last, at the full size, is as long as ``train`` says. In
    the first ``fade_images`` of a phase, the smallest side's excepted, the new block fades in. ``penalty`` is WGAN-GP's
    by default; ``output_activation`` is what images pass through; ``ema`` is the momentum of the averaged weights that
    samples come from.
    """

    players: ClassVar[tuple[str, ...]] = ("generator", "critic")

    method: Literal["ProgressiveGAN"]
    latent_dim: PositiveInt = 512
    filters: PositiveInt = 512
    group_size: Annotated[int, Field(ge=2)] = 4
    output_activation: OutputActivation = None
    adversarial_loss: AnyAdversarialLoss | None = None
    penalty: AnyPenalty | None = None
    drift: Weight = 1e-3
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    fade_images: PositiveInt = 600_000
    stage_images: PositiveInt = 1_200_000

    @model_validator(mode="after")
    def _blocks_fade_in_within_a_stage(self) -> ProgressiveGAN:
        if self.fade_images > self.stage_images:
            raise ValueError(
                "`fade_images` must not exceed `stage_images`. "
                f"Received: fade_images={self.fade_images} and stage_images={self.stage_images}"
            )
        return self

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        shape = sections.prepare.shape
        return self.made(
            models.ProgressiveGAN,
            generator=backbones.progressive_generator(
                shape, self.latent_dim, self.filters, output_activation=self.output_activation
            ),
            critic=backbones.progressive_critic(shape, self.filters, self.group_size),
        )

    def phases(self, model: keras.Model, data: tf.data.Dataset, train: Any) -> Iterator[Phase]:
        """Trains each side in turn."""
        steps, last = math.ceil(self.stage_images / train.batch_size), train.length(int(data.cardinality()))
        if len(model.sides) > 1 and last * train.batch_size < self.fade_images:
            raise UserError(
                f"model.fade_images={self.fade_images}: the last stage has only {last:,} steps of {train.batch_size} "
                "images; raise train.steps or train.epochs, or lower model.fade_images"
            )
        for stage in model.stages(self.fade_images):
            length = last if stage.side == model.sides[-1] else steps
            yield Phase(f"{stage.side} pixels", stage, data, length, train)

    def served(self, model: keras.Model) -> keras.Model:
        """Returns the generator."""
        return model.generator


AnyGrowingGAN = ProgressiveGAN
