"""The adversarial losses and the penalties on discriminators that a recipe can name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt

from pipelines.section import Part, PositiveFloat, Weight

Smoothing = Annotated[float, Field(ge=0, lt=1)]


class AdversarialLoss(Part):
    """The section ``adversarial_loss``. Its fields are the arguments of the loss that ``kind`` names."""

    kind: str


class Minimax(AdversarialLoss):
    """Goodfellow et al. 2014: the generator lowers the discriminator's log-likelihood."""

    kind: Literal["minimax"]
    label_smoothing: Smoothing = 0.0
    fake_smoothing: Smoothing = 0.0

    def build(self) -> Any:
        from keras_genssl import losses

        return self.made(losses.MinimaxGANLoss)


class NonSaturating(AdversarialLoss):
    """Goodfellow et al. 2014: the generator raises the log-likelihood of its images being real."""

    kind: Literal["non_saturating"]
    label_smoothing: Smoothing = 0.0
    fake_smoothing: Smoothing = 0.0

    def build(self) -> Any:
        from keras_genssl import losses

        return self.made(losses.NonSaturatingGANLoss)


class LeastSquares(AdversarialLoss):
    """Mao et al. 2017: ``a``, ``b`` are the targets of fakes and real images, ``c`` is the generator's."""

    kind: Literal["least_squares"]
    a: float = 0.0
    b: float = 1.0
    c: float = 1.0
    generator_scale: PositiveFloat = 0.5

    def build(self) -> Any:
        from keras_genssl import losses

        return self.made(losses.LeastSquaresGANLoss)


class Hinge(AdversarialLoss):
    """Lim & Ye 2017: the discriminator's loss is zero beyond a margin of 1."""

    kind: Literal["hinge"]

    def build(self) -> Any:
        from keras_genssl import losses

        return self.made(losses.HingeGANLoss)


class Relativistic(AdversarialLoss):
    """Jolicoeur-Martineau 2018: each real image is compared with one fake."""

    kind: Literal["relativistic"]

    def build(self) -> Any:
        from keras_genssl import losses

        return self.made(losses.RelativisticGANLoss)


class RelativisticAverage(AdversarialLoss):
    """Jolicoeur-Martineau 2018: each image is compared with the mean of the other kind."""

    kind: Literal["relativistic_average"]

    def build(self) -> Any:
        from keras_genssl import losses

        return self.made(losses.RelativisticAverageGANLoss)


AnyAdversarialLoss = Annotated[
    Minimax | NonSaturating | LeastSquares | Hinge | Relativistic | RelativisticAverage, Field(discriminator="kind")
]


class Penalty(Part):
    """The section ``penalty``. Its fields are the arguments of the penalty class that ``kind`` names."""

    kind: str


class GradientPenalty(Penalty):
    """Gulrajani et al. 2017: gradients between real and generated images are pulled to norm 1."""

    kind: Literal["gradient_penalty"]
    weight: Weight = 10.0

    def build(self) -> Any:
        from keras_genssl import penalties

        return self.made(penalties.GradientPenalty)


class DRAGAN(Penalty):
    """Kodali et al. 2017: gradients around real images are pulled to norm 1."""

    kind: Literal["dragan"]
    weight: Weight = 10.0

    def build(self) -> Any:
        from keras_genssl import penalties

        return self.made(penalties.DRAGANPenalty)


class R1(Penalty):
    """Mescheder et al. 2018: gradients at real images are kept small; computed in one of ``every`` steps."""

    kind: Literal["r1"]
    gamma: Weight = 10.0
    every: PositiveInt = 1

    def build(self) -> Any:
        from keras_genssl import penalties

        return self.made(penalties.R1Penalty)


AnyPenalty = Annotated[GradientPenalty | DRAGAN | R1, Field(discriminator="kind")]
