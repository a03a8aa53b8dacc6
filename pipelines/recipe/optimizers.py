"""The optimizers that a recipe may name, and the Keras optimizer that each makes.

Fields are called as the constructor's arguments, with the constructor's defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from pipelines.section import PositiveFloat, Section

if TYPE_CHECKING:
    import keras

Rest = Annotated[float, Field(ge=0, lt=1)]  # the share of an average that stays at each update


class Optimizer(Section):
    """The section `optimizer`: its fields are the parameters of the optimizer that ``kind`` names."""

    kind: str

    @property
    def parameters(self) -> dict[str, Any]:
        """The constructor's arguments, but for the learning rate."""
        return self.model_dump(exclude={"kind"})

    def build(self, learning_rate: Any) -> keras.Optimizer:
        """A new optimizer, of a number or a Keras schedule."""
        raise NotImplementedError(f"{type(self).__name__} does not build an optimizer")


class Averaging(Optimizer):
    """An optimizer of Keras: ``ema`` averages the weights that are kept, by this factor at each update."""

    ema: Annotated[float, Field(gt=0, lt=1)] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The constructor's arguments, but for the learning rate."""
        average = {} if self.ema is None else {"use_ema": True, "ema_momentum": self.ema}
        return {**self.model_dump(exclude={"kind", "ema"}), **average}


class Moments(Averaging):
    """What Adam and AdamW share."""

    beta_1: Rest = 0.9
    beta_2: Rest = 0.999
    epsilon: PositiveFloat = 1e-7


class Adam(Moments):
    """Kingma & Ba 2014."""

    kind: Literal["adam"] = "adam"

    def build(self, learning_rate: Any) -> keras.Optimizer:
        """The optimizer."""
        import keras

        return keras.optimizers.Adam(learning_rate, **self.parameters)


class AdamW(Moments):
    """Loshchilov & Hutter 2017: ``weight_decay`` is apart from the gradient."""

    kind: Literal["adamw"]
    weight_decay: PositiveFloat = 0.004

    def build(self, learning_rate: Any) -> keras.Optimizer:
        """The optimizer."""
        import keras

        return keras.optimizers.AdamW(learning_rate, **self.parameters)


class SGD(Averaging):
    """Gradient descent with momentum; ``weight_decay`` is apart from the gradient, as Keras has it."""

    kind: Literal["sgd"]
    momentum: Rest = 0.9
    nesterov: bool = False
    weight_decay: PositiveFloat | None = None

    def build(self, learning_rate: Any) -> keras.Optimizer:
        """The optimizer."""
        import keras

        return keras.optimizers.SGD(learning_rate, **self.parameters)


class RMSprop(Averaging):
    """Tieleman & Hinton 2012: gradients over a moving root of their squares, of which ``rho`` stays."""

    kind: Literal["rmsprop"]
    rho: Rest = 0.9
    momentum: Rest = 0.0
    epsilon: PositiveFloat = 1e-7

    def build(self, learning_rate: Any) -> keras.Optimizer:
        """The optimizer."""
        import keras

        return keras.optimizers.RMSprop(learning_rate, **self.parameters)


class LARS(Optimizer):
    """You et al. 2017, as `keras_genssl.optimizers.LARS`; ``weight_decay`` is part of the gradient."""

    kind: Literal["lars"]
    momentum: Rest = 0.9
    weight_decay: Annotated[float, Field(ge=0)] = 0.0

    def build(self, learning_rate: Any) -> keras.Optimizer:
        """The optimizer."""
        from keras_genssl import optimizers

        return optimizers.LARS(learning_rate, **self.parameters)


AnyOptimizer = Annotated[Adam | AdamW | SGD | RMSprop | LARS, Field(discriminator="kind")]
