"""The adversarial losses and the penalties on discriminators that a recipe can name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt

from pipelines.section import Section, Weight

Adversary = Literal["minimax", "non_saturating", "least_squares", "hinge", "relativistic", "relativistic_average"]


def adversarial_loss(name: Adversary | None) -> Any:
    """Returns the adversarial loss that a recipe names. None stays None: the method then uses its default loss."""
    if name is None:
        return None
    from keras_genssl import losses

    return {
        "minimax": losses.MinimaxGANLoss,
        "non_saturating": losses.NonSaturatingGANLoss,
        "least_squares": losses.LeastSquaresGANLoss,
        "hinge": losses.HingeGANLoss,
        "relativistic": losses.RelativisticGANLoss,
        "relativistic_average": losses.RelativisticAverageGANLoss,
    }[name]()


class Penalty(Section):
    """The section ``penalty``. Its fields are the arguments of the penalty class that ``kind`` names."""

    kind: str

    def build(self) -> Any:
        """Makes the penalty (`keras_genssl.penalties`)."""
        raise NotImplementedError(f"{type(self).__name__} does not build a penalty")


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
