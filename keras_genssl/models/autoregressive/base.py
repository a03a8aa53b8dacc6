"""The base class of autoregressive methods: exact log-probabilities of levels, and samples."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.backbones.pixelcnn import PixelNetwork
from keras_genssl.checks.numbers import whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.engine import Method
from keras_genssl.engine.graphs import as_graph
from keras_genssl.losses import DiscreteDistribution
from keras_genssl.models.autoregressive.sampling_base import draw_levels

BATCH = 200  # of images that are judged or drawn at a time: bounds memory


class AutoregressiveMethod(Method):
    """Base class of methods that predict each level, a pixel's or a code's, from those before it.

    Minimises `-log p(x) = -sum_i log p(x_i | x_1 ... x_(i-1))` in nats per example, which is exact. A subclass says
    what a batch holds (`inputs`), and what of it the network takes: `split_inputs` gives `{"levels", "vector", "map"}`,
    the conditions only if the network takes them. Logs `bits_per_dim`, `-log2 p(x)` per level.

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
        self.bits_tracker = keras.metrics.Mean("bits_per_dim")
        self._draw = as_graph(self.draw)

    @property
    def dimensions(self) -> int:
        """How many levels an example has."""
        return math.prod(self.network.level_shape)

    def call(self, x: dict[str, Any], training: bool = False) -> Any:
        """The log-probability of each example in nats, `(batch,)`."""
        outputs = self.network([x[name] for name in ("levels", "vector", "map") if name in x], training=training)
        return ops.sum(self.distribution.log_prob(x["levels"], outputs), axis=(1, 2, 3))

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`-log p(x)`, `(batch,)`."""
        return -y_pred

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, with the bits per dimension."""
        self.bits_tracker.update_state(y_pred * (-1.0 / (self.dimensions * math.log(2.0))))
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def draw(self, noise: Any, conditions: dict[str, Any], given: Any = None, rows: Any = 0) -> Any:
        """Draws levels: uniform noise on [0, 1) `(batch, h, w, c)` to int32 of that shape; see `draw_levels`."""
        return draw_levels(self.network, self.distribution, noise, given=given, rows=rows, **conditions)

    # For arrays of any length -------------------------------------------------------------------

    def log_prob_of(self, batch: dict[str, Any]) -> np.ndarray:
        """The log-probabilities in nats of a batch of any length, by name of input; float64 `(num,)`."""
        first = next(iter(self.inputs()))
        if len(batch[first]) < 1:
            raise ValueError(f"`{first}` must hold at least one example. Received: {len(batch[first])}")
        parts = []
        for start in range(0, len(batch[first]), BATCH):
            part = {name: ops.convert_to_tensor(value[start : start + BATCH]) for name, value in batch.items()}
            x, _ = self.split_inputs(self.batch(part))
            parts.append(ops.convert_to_numpy(self(x, training=False)).astype(np.float64))
        return np.concatenate(parts)

    def levels_of(
        self, num: int, seed: int | None, conditions: dict[str, Any], given: Any = None, rows: int = 0
    ) -> np.ndarray:
        """Draws levels from a seed, int32 `(num, h, w, c)`; the same seed gives the same ones, whatever `num` is.

        Raises:
            ValueError: If `num` is less than 1.
        """
        noise = drawn_noise(num, seed, self.network.level_shape)
        given = np.zeros(noise.shape, np.int32) if given is None else given
        parts = []
        for start in range(0, num, BATCH):
            part = slice(start, start + BATCH)
            own = {name: ops.convert_to_tensor(value[part]) for name, value in conditions.items()}
            tensors = (ops.convert_to_tensor(value[part]) for value in (noise, given))
            noise_part, given_part = tensors
            parts.append(ops.convert_to_numpy(self._draw(noise_part, own, given_part, ops.convert_to_tensor(rows))))
        return np.concatenate(parts)


def drawn_noise(num: int, seed: int | None, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform noise on [0, 1), float32 `(num, *shape)`; the first rows do not depend on `num`.

    Raises:
        ValueError: If `num` is less than 1.
    """
    num = whole("num_images", num)
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
        raise ValueError(f"`network` must be a network of backbones.pixelcnn. Received: network={network!r}")
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
