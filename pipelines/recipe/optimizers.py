"""The optimizers that a recipe can name, and the Keras optimizer that each section builds.

Fields have the names and the defaults of the constructor's arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from pipelines.section import PositiveFloat, Section

if TYPE_CHECKING:
    import keras

Rest = Annotated[float, Field(ge=0, lt=1)]  # a decay rate: the share of a moving average that is kept at each update


class Optimizer(Section):
    """The section `optimizer`. Its fields are the parameters of the optimizer that ``kind`` names."""

    kind: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Returns the constructor's arguments without the learning rate."""
        return self.model_dump(exclude={"kind"})

    def build(self, learning_rate: Any) -> keras.Optimizer:
        """Makes a new optimizer with a learning rate that is a number or a Keras schedule."""
        raise NotImplementedError(f"{type(self).__name__} does not build an optimizer")


class Averaging(Optimizer):
    """An optimizer of Keras. ``ema`` is the decay of a moving average of the weights; the average is what is kept."""

    ema: Annotated[float, Field(gt=0, lt=1)] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        average = {} if self.ema is None else {"use_ema": True, "ema_momentum": self.ema}
        return {**self.model_dump(exclude={"kind", "ema"}), **average}


class Moments(Averaging):
    """The fields that Adam and AdamW share."""

    beta_1: Rest = 0.9
    beta_2: Rest = 0.999
    epsilon: PositiveFloat = 1e-7


class Adam(Moments):
    """Adam (Kingma & Ba 2014)."""

    kind: Literal["adam"] = "adam"

    def build(self, learning_rate: Any) -> keras.Optimizer:
        import keras

        return keras.optimizers.Adam(learning_rate, **self.parameters)


class AdamW(Moments):
    """Loshchilov & Hutter 2017: ``weight_decay`` is decoupled from the gradient."""

    kind: Literal["adamw"]
    weight_decay: PositiveFloat = 0.004

    def build(self, learning_rate: Any) -> keras.Optimizer:
        import keras

        return keras.optimizers.AdamW(learning_rate, **self.parameters)


class SGD(Averaging):
    """Gradient descent with momentum; ``weight_decay`` is decoupled from the gradient, as in Keras."""

    kind: Literal["sgd"]
    momentum: Rest = 0.9
    nesterov: bool = False
    weight_decay: PositiveFloat | None = None

    def build(self, learning_rate: Any) -> keras.Optimizer:
        import keras

        return keras.optimizers.SGD(learning_rate, **self.parameters)


class RMSprop(Averaging):
    """Tieleman & Hinton 2012: divides gradients by the root of a moving average (decay ``rho``) of their squares."""

    kind: Literal["rmsprop"]
    rho: Rest = 0.9
    momentum: Rest = 0.0
    epsilon: PositiveFloat = 1e-7

    def build(self, learning_rate: Any) -> keras.Optimizer:
        import keras

        return keras.optimizers.RMSprop(learning_rate, **self.parameters)


class LARS(Optimizer):
    """You et al. 2017, `keras_genssl.optimizers.LARS`; ``weight_decay`` is added to the gradient."""

    kind: Literal["lars"]
    momentum: Rest = 0.9
    weight_decay: Annotated[float, Field(ge=0)] = 0.0

    def build(self, learning_rate: Any) -> keras.Optimizer:
        from keras_genssl import optimizers

        return optimizers.LARS(learning_rate, **self.parameters)


AnyOptimizer = Annotated[Adam | AdamW | SGD | RMSprop | LARS, Field(discriminator="kind")]
