"""A layer that gives the feature vector of each pixel unit length."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class PixelNormalization(ImageLayer):
    """Divides the channels of each position by their root mean square: ``x / √(mean_c(x²) + ε)``.

    Karras et al., 2018, Section 4.2: it follows each convolution of the generator, and latents are normalised by it
    too. The signals of a generator so cannot grow when it competes with its critic. It has no weights, no mean is
    subtracted, and no statistics of the batch are taken. It is computed in float32 at least.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs, Section 4.2](https://arxiv.org/abs/1710.10196)

    Args:
        epsilon: ε, float, above 0.
        **kwargs: As for any layer.

    Call: inputs float ``(batch, ..., channels)``; returns the same shape.

    Raises:
        ValueError: If ``epsilon`` is not positive and finite.

    Example:
        >>> [round(float(x), 4) for x in PixelNormalization()(ops.array([[3.0, 4.0]]))[0]]  # √((9 + 16) / 2) = 3.5355
        [0.8485, 1.1314]
    """

    def __init__(self, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = finite("epsilon", epsilon, least=0.0, above=True)

    def call(self, inputs: Any) -> Any:
        """Normalises each position."""
        values = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        squared = ops.mean(ops.square(values), axis=-1, keepdims=True)
        return ops.cast(values * ops.rsqrt(squared + self.epsilon), inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
