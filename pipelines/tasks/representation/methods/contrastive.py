"""Representations from views of images: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.recipe.method import Sections
from pipelines.section import Fraction, PositiveFloat, Weight
from pipelines.tasks.representation.methods.encoders import FromPairs, FromTwoViews, FromViews

if TYPE_CHECKING:
    import keras


class SimCLR(FromPairs):
    """Chen et al. 2020: finds an image's other view among the batch's views; the projection has ``head_layers``."""

    method: Literal["SimCLR"]
    head_dim: PositiveInt = 128
    head_layers: PositiveInt = 2
    temperature: PositiveFloat = 0.2

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        encoder = self.network(sections.prepare)
        head = backbones.projection_head(
            encoder.output_shape[-1], self.head_dim, num_layers=self.head_layers, output_norm=True
        )
        return self.made(models.SimCLR, encoder=encoder, head=head, views=self.layer(sections.prepare))


class MoCo(FromViews):
    """He et al. 2020, Chen et al. 2020: finds it among a queue's keys; ``head_layers``: 1 for v1's head, 2 for v2's."""

    method: Literal["MoCo"]
    head_dim: PositiveInt = 128
    head_layers: PositiveInt = 2
    queue_size: PositiveInt = 65536
    momentum: Fraction = 0.999
    temperature: PositiveFloat = 0.2
    groups: PositiveInt = 8

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        encoder = self.network(sections.prepare)
        head = backbones.projection_head(
            encoder.output_shape[-1], self.head_dim, num_layers=self.head_layers, batch_norm=False, output_bias=True
        )
        return self.made(models.MoCo, encoder=encoder, head=head, views=self.layer(sections.prepare))


class InstanceDiscrimination(FromViews):
    """Wu et al. 2018: finds it among the vectors of all ``num_examples`` images; the data give this number."""

    numbered: ClassVar[bool] = True

    method: Literal["InstanceDiscrimination"]
    num_examples: PositiveInt | None = None
    head_dim: PositiveInt = 128
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.5
    temperature: PositiveFloat = 0.07

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        assert self.num_examples is not None  # from the data
        encoder = self.network(sections.prepare)
        head = backbones.projection_head(encoder.output_shape[-1], self.head_dim, num_layers=1, output_bias=True)
        return self.made(models.InstanceDiscrimination, encoder=encoder, head=head, views=self.layer(sections.prepare))


class BYOL(FromTwoViews):
    """Grill et al. 2020: predicts a slow target's output for the other view; its momentum ends at 1."""

    method: Literal["BYOL"]
    head_dim: PositiveInt = 256
    hidden_dim: PositiveInt | None = None  # None: twice the features
    momentum: Fraction = 0.996
    num_examples: PositiveInt | None = None  # taken from the data; need not be given

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models, schedules

        assert self.num_examples is not None  # from the data
        encoder = self.network(sections.prepare)
        dim = encoder.output_shape[-1]
        hidden = self.hidden_dim or 2 * dim
        steps = sections.train.length(max(self.num_examples // sections.train.batch_size, 1))
        return self.made(
            models.BYOL,
            encoder=encoder,
            head=backbones.projection_head(dim, self.head_dim, hidden),
            predictor=backbones.projection_head(self.head_dim, self.head_dim, hidden, name="predictor"),
            views=self.pair(sections.prepare),
            momentum=schedules.CosineMomentum(self.momentum, steps),
        )


class SimSiam(FromPairs):
    """Chen & He 2021: predicts the other view's projection. ``head_dim``: None uses the width of the features."""

    method: Literal["SimSiam"]
    head_dim: PositiveInt | None = None
    predictor_dim: PositiveInt | None = None  # None: a quarter of the head's width

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        encoder = self.network(sections.prepare)
        dim = self.head_dim or encoder.output_shape[-1]
        head = backbones.projection_head(encoder.output_shape[-1], dim, dim, num_layers=3, output_norm=True)
        hidden = self.predictor_dim or max(dim // 4, 1)
        predictor = backbones.projection_head(dim, dim, hidden, output_bias=True, name="predictor")
        views = self.layer(sections.prepare)
        return self.made(models.SimSiam, encoder=encoder, head=head, predictor=predictor, views=views)


class BarlowTwins(FromTwoViews):
    """Zbontar et al. 2021: decorrelates all dimensions. ``head_dim``: None uses four times the features' width."""

    method: Literal["BarlowTwins"]
    head_dim: PositiveInt | None = None
    redundancy_weight: Weight = 0.005

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        encoder = self.network(sections.prepare)
        dim = encoder.output_shape[-1]
        wide = self.head_dim or 4 * dim
        head = backbones.projection_head(dim, wide, wide, num_layers=3)
        return self.made(models.BarlowTwins, encoder=encoder, head=head, views=self.pair(sections.prepare))


class VICReg(FromPairs):
    """Bardes et al. 2022: high variances, low covariances. ``head_dim``: None is four times the features' width."""

    method: Literal["VICReg"]
    head_dim: PositiveInt | None = None
    invariance_weight: Weight = 25.0
    variance_weight: Weight = 25.0
    covariance_weight: Weight = 1.0

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import backbones, models

        encoder = self.network(sections.prepare)
        dim = encoder.output_shape[-1]
        wide = self.head_dim or 4 * dim
        head = backbones.projection_head(dim, wide, wide, num_layers=3)
        return self.made(models.VICReg, encoder=encoder, head=head, views=self.layer(sections.prepare))


AnyContrastive = SimCLR | MoCo | InstanceDiscrimination | BYOL | SimSiam | BarlowTwins | VICReg
