"""What methods share whose images a PixelCNN draws: checks, seeds, and drawing in one graph."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from keras_genssl.backbones.pixelcnn import PixelNetwork
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.engine import Method
from keras_genssl.engine.graphs import as_graph
from keras_genssl.engine.levels import from_levels
from keras_genssl.losses import DiscreteDistribution
from keras_genssl.models.autoregressive.sampling_base import draw_levels

_BATCH = 200  # of images that are judged or drawn at a time: bounds memory


class PixelMethod(Method):
    """Base class of methods whose images a PixelCNN draws level by level.

    A subclass says in `conditions` what the network takes besides levels.

    Args:
        network: A network of `backbones.pixelcnn`.
        distribution: A distribution of `losses` that has the levels and the outputs of the network.
        name: The model's name.

    Raises:
        ValueError: If the network is of another kind, or the two do not fit together.
    """

    def __init__(self, network: PixelNetwork, distribution: DiscreteDistribution, *, name: str | None = None) -> None:
        check_network(network, distribution)
        super().__init__(name=name)
        self.network = network
        self.distribution = distribution
        self._graph = as_graph(self._images)

    @property
    def dimensions(self) -> int:
        """How many levels an image has."""
        return math.prod(self.network.level_shape)

    def conditions(self, *of: Any) -> dict[str, Any]:
        """What the network takes besides levels, `vector` or `map`, of what an image depends on: a label, a code."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its network takes besides levels")

    def draw(self, noise: Any, *of: Any, given: Any = None, rows: Any = 0) -> Any:
        """Draws images in one graph, which is kept.

        Args:
            noise: Uniform on [0, 1), `(batch, h, w, c)`.
            *of: What `conditions` takes.
            given: Levels `(batch, h, w, c)`, of which the first `rows` rows are kept; None: everything is drawn.
            rows: How many rows are given.

        Returns:
            Float32 `(batch, h, w, c)` in [-1, 1]; NaN where the network's outputs are NaN.
        """
        given = ops.zeros(ops.shape(noise), "int32") if given is None else given
        return self._graph(noise, of, given, ops.convert_to_tensor(rows, "int32"))

    def _images(self, noise: Any, of: tuple[Any, ...], given: Any, rows: Any) -> Any:
        levels = draw_levels(self.network, self.distribution, noise, given=given, rows=rows, **self.conditions(*of))
        return ops.where(levels < 0, float("nan"), from_levels(levels, self.distribution.num_levels))

    def drawn(self, num: int, seed: int | None, *of: Any, given: np.ndarray | None = None, rows: int = 0) -> np.ndarray:
        """Draws any number of images from a seed, float32 `(num, h, w, c)`; the first ones do not depend on `num`.

        Raises:
            ValueError: If outputs of the network are NaN.
        """
        noise = drawn_noise(num, seed, self.network.level_shape)
        given = np.zeros(noise.shape, np.int32) if given is None else given
        images = in_parts(lambda noise, given, *of: self.draw(noise, *of, given=given, rows=rows), noise, given, *of)
        if np.isnan(images).any():
            raise ValueError(
                "`network` must give finite outputs, which an image can be drawn from. Received: NaN, as of a network "
                "whose training has diverged"
            )
        return images


def in_parts(function: Callable[..., Any], *arrays: Any) -> np.ndarray:
    """What a function of tensors gives for arrays of any length, which it gets in parts, `(num, ...)`."""
    return np.concatenate(
        [
            ops.convert_to_numpy(function(*(ops.convert_to_tensor(each[start : start + _BATCH]) for each in arrays)))
            for start in range(0, len(arrays[0]), _BATCH)
        ]
    )


def require_some(**arrays: Any) -> None:
    """Raises ValueError for an array, by argument name, that holds no example."""
    for name, array in arrays.items():
        if not len(array):
            raise ValueError(f"`{name}` must hold at least one example. Received: none")


def drawn_noise(num: int, seed: int | None, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform noise on [0, 1), float32 `(num, *shape)`; the first rows do not depend on `num`."""
    return np.random.default_rng(given_or_new(seed)).random((num, *shape), dtype=np.float32)


def uniform(latents: Any, shape: tuple[int, int, int]) -> Any:
    """Standard normal latents `(batch, h * w * c)` as uniform noise `(batch, h, w, c)`, by their distribution function.

    Example:
        >>> float(uniform(ops.zeros((1, 1)), (1, 1, 1))[0, 0, 0, 0])
        0.5
    """
    return ops.reshape(0.5 * (1.0 + ops.erf(latents / math.sqrt(2.0))), (-1, *shape))


def check_network(network: Any, distribution: Any) -> None:
    """Raises ValueError unless these are a network of `backbones.pixelcnn` and a distribution of its outputs."""
    if not isinstance(network, PixelNetwork):
        raise ValueError(
            "`network` must be a network of backbones.pixelcnn (keras.models.clone_model makes a plain model of one; "
            f"`PixelNetwork.from_config(network.get_config())` copies it). Received: network={network!r}"
        )
    if not isinstance(distribution, DiscreteDistribution):
        raise ValueError(
            "`distribution` must be a losses.DiscreteDistribution, such as CategoricalDistribution(256). "
            f"Received: distribution={distribution!r}"
        )
    wanted = distribution.num_levels, distribution.num_outputs
    if (network.num_levels, network.num_outputs) != wanted:
        raise ValueError(
            "`network` must have the levels and outputs of `distribution`, num_levels={} and num_outputs={}. ".format(
                *wanted
            )
            + f"Received: num_levels={network.num_levels} and num_outputs={network.num_outputs}"
        )
