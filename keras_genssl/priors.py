"""Priors: the distributions that codes are made to follow, drawn in batches, equal on any number of replicas.

Guide: docs/adversarial_autoencoders.md.
"""

import math
from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.engine import replicas

__all__ = ["Categorical", "Gaussian", "GaussianMixture", "Prior", "SwissRoll"]


class Prior:
    """A distribution of codes; one subclass per distribution.

    A subclass sets `dim`, defines `draw(num, seed)`, and `get_config` if it has arguments. It draws random numbers by
    `engine.replicas`, so that N replicas draw together what one device draws.

    Attributes:
        dim: The length of a code.
    """

    dim: int

    def draw(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        """Draws codes.

        Args:
            num: How many; under several replicas those of this replica. An int, or an int32 scalar.
            seed: The generator to draw from.

        Returns:
            A float tensor `(num, dim)`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how its codes are drawn")

    def get_config(self) -> dict[str, Any]:
        """Returns every argument."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Prior":
        """Rebuilds what `get_config` describes."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_genssl")
class Gaussian(Prior):
    """The normal distribution `N(0, scale^2 I)`.

    Args:
        dim: The length of a code, at least 1.
        scale: The standard deviation of each unit, positive.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> codes = Gaussian(8, scale=5.0).draw(100, keras.random.SeedGenerator(0))
        >>> tuple(codes.shape)
        (100, 8)
    """

    def __init__(self, dim: int, scale: float = 1.0) -> None:
        self.dim = whole("dim", dim)
        self.scale = finite("scale", scale, 0, above=True)

    def draw(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        return self.scale * replicas.normal((num, self.dim), seed)

    def get_config(self) -> dict[str, Any]:
        return {"dim": self.dim, "scale": self.scale}


@keras.saving.register_keras_serializable(package="keras_genssl")
class GaussianMixture(Prior):
    """Gaussians in the plane, of equal weight, whose centres are evenly spaced on a circle and which point outwards.

    Component k has its centre at the angle `2 pi k / num_components`, one standard deviation along the radius and
    another across it. The mean of the mixture is 0, and `E |z|^2 = radius^2 + radial^2 + tangential^2`.

    Reference:
        - Makhzani et al. 2015, [Adversarial Autoencoders](https://arxiv.org/abs/1511.05644), whose Figure 2 has ten

    Args:
        num_components: At least 2.
        radius: The distance of the centres from 0, positive.
        radial: The standard deviation along the radius, positive.
        tangential: The standard deviation across the radius, positive.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> codes = GaussianMixture(4, radius=1.0, radial=1e-4, tangential=1e-4).draw(64, keras.random.SeedGenerator(0))
        >>> sorted({tuple(code) for code in ops.convert_to_numpy(ops.abs(ops.round(codes))).tolist()})
        [(0.0, 1.0), (1.0, 0.0)]
    """

    dim = 2

    def __init__(
        self, num_components: int = 10, radius: float = 1.4, radial: float = 0.4, tangential: float = 0.1
    ) -> None:
        self.num_components = whole("num_components", num_components, 2)
        self.radius = finite("radius", radius, 0, above=True)
        self.radial = finite("radial", radial, 0, above=True)
        self.tangential = finite("tangential", tangential, 0, above=True)

    def draw(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        component = ops.floor(self.num_components * replicas.uniform((num,), seed))
        angle = (2.0 * math.pi / self.num_components) * component
        noise = replicas.normal((num, 2), seed)
        out, across = self.radius + self.radial * noise[:, 0], self.tangential * noise[:, 1]
        cos, sin = ops.cos(angle), ops.sin(angle)
        return ops.stack([out * cos - across * sin, out * sin + across * cos], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {
            "num_components": self.num_components,
            "radius": self.radius,
            "radial": self.radial,
            "tangential": self.tangential,
        }


@keras.saving.register_keras_serializable(package="keras_genssl")
class SwissRoll(Prior):
    """A spiral in the plane: `radius t (cos(2 pi turns t), sin(2 pi turns t))` with `t = sqrt(u)`, u uniform in [0, 1).

    The square root spreads codes almost evenly along the spiral. `E |z|^2 = radius^2 / 2`.

    Reference:
        - Makhzani et al. 2015, [Adversarial Autoencoders](https://arxiv.org/abs/1511.05644), Figure 4

    Args:
        turns: The number of turns, positive.
        radius: The distance of the end of the spiral from 0, positive.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> codes = SwissRoll(radius=3.0).draw(100, keras.random.SeedGenerator(0))
        >>> bool(ops.max(ops.norm(codes, axis=-1)) <= 3.0)
        True
    """

    dim = 2

    def __init__(self, turns: float = 2.0, radius: float = 3.0) -> None:
        self.turns = finite("turns", turns, 0, above=True)
        self.radius = finite("radius", radius, 0, above=True)

    def draw(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        along = ops.sqrt(replicas.uniform((num,), seed))
        angle = (2.0 * math.pi * self.turns) * along
        return self.radius * along[:, None] * ops.stack([ops.cos(angle), ops.sin(angle)], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {"turns": self.turns, "radius": self.radius}


@keras.saving.register_keras_serializable(package="keras_genssl")
class Categorical(Prior):
    """Categories of equal probability as one-hot vectors.

    Args:
        dim: The number of categories, at least 2.

    Raises:
        ValueError: If `dim` is less than 2.

    Example:
        >>> ops.convert_to_numpy(ops.sum(Categorical(3).draw(5, keras.random.SeedGenerator(0)), axis=-1)).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, dim: int) -> None:
        self.dim = whole("dim", dim, 2)

    def draw(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        category = ops.floor(self.dim * replicas.uniform((num,), seed))
        return ops.one_hot(ops.cast(category, "int32"), self.dim, dtype=keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        return {"dim": self.dim}
