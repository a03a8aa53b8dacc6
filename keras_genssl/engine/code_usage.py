"""How evenly a model uses its codes."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_genssl")
class CodeUsage(keras.metrics.Metric):
    """The perplexity of codes, and the share of codes that are used at all.

    With p_k the share of code k among all that were seen, the perplexity is `exp(-sum p_k log p_k)`: 1 if one code is
    used, `num_codes` if all are used alike.

    Args:
        num_codes: The number of codes.
        suffix: Ends the names of both values, `perplexity` and `used_codes`.
        name: The metric's name.

    Example:
        >>> usage = CodeUsage(4)
        >>> usage.update_state([[0, 1], [1, 0]])
        >>> {name: round(float(value), 4) for name, value in usage.result().items()}
        {'perplexity': 2.0, 'used_codes': 0.5}
    """

    def __init__(self, num_codes: int, suffix: str = "", name: str = "code_usage") -> None:
        super().__init__(name=name)
        self.num_codes = num_codes
        self.suffix = suffix
        self.counts = self.add_variable((num_codes,), "zeros", name="counts")

    def update_state(self, indices: Any, sample_weight: Any = None) -> None:
        """Counts codes, integers of any shape in [0, num_codes)."""
        indices = ops.reshape(indices, (-1,))
        self.counts.assign_add(
            ops.segment_sum(ops.ones_like(indices, dtype=self.dtype), indices, num_segments=self.num_codes)
        )

    def result(self) -> dict[str, Any]:
        """Both values, by name."""
        counts = ops.convert_to_tensor(self.counts)
        shares = counts / ops.maximum(ops.sum(counts), 1.0)
        entropy = -ops.sum(shares * ops.log(ops.maximum(shares, keras.config.epsilon())))
        used = ops.mean(ops.cast(counts > 0, self.dtype))
        return {f"perplexity{self.suffix}": ops.exp(entropy), f"used_codes{self.suffix}": used}

    def get_config(self) -> dict[str, Any]:
        return {"num_codes": self.num_codes, "suffix": self.suffix, "name": self.name}
