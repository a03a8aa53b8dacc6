"""Normalisation of each image's channels."""

from typing import Any

import keras
from keras import ops

from keras_genssl.layers.image_layer import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class InstanceNormalization(ImageLayer):
    """Normalise each channel of each image over its pixels: ``gamma (x - mean) / sqrt(var + epsilon) + beta``.

    Ulyanov, Vedaldi and Lempitsky, 2016. Mean and (biased) variance are taken over height and width, separately for
    each image and channel, in training and in inference. There are no moving statistics, and replicas need no
    synchronisation.
    Statistics are computed in float32 at least.

    Reference:
        - Ulyanov et al. 2016, [Instance Normalization](https://arxiv.org/abs/1607.08022)

    Args:
        epsilon: float, positive.
        scale: whether there is a gamma, one per channel, starting at 1.
        center: whether there is a beta, one per channel, starting at 0.
        gamma_initializer: initializer of gamma.

    Raises:
        ValueError: if ``epsilon`` is not positive, or the channels of the input are not known.

    Example:
        >>> image = keras.ops.reshape(keras.ops.array([1.0, 3.0]), (1, 1, 2, 1))
        >>> [round(float(x), 3) for x in keras.ops.ravel(InstanceNormalization(epsilon=1e-5)(image))]
        [-1.0, 1.0]
    """

    def __init__(
        self,
        epsilon: float = 1e-5,
        scale: bool = True,
        center: bool = True,
        gamma_initializer: str | keras.initializers.Initializer = "ones",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(f"`epsilon` must be positive. Received: epsilon={epsilon}")
        self.epsilon = epsilon
        self.scale = scale
        self.center = center
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create gamma and beta, ``(channels,)``."""
        channels = input_shape[-1]
        if len(input_shape) != 4 or channels is None:
            raise ValueError(
                "InstanceNormalization takes images (batch, height, width, channels) with known channels. "
                f"Received: input of shape {tuple(input_shape)}"
            )
        self.gamma = self.add_weight((channels,), self.gamma_initializer, name="gamma") if self.scale else None
        self.beta = self.add_weight((channels,), "zeros", name="beta") if self.center else None

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return input_shape

    def call(self, inputs: Any) -> Any:
        """Normalise images ``(batch, h, w, c)``."""
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        x = ops.cast(inputs, dtype)
        mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)  # (b, 1, 1, c)
        factor = ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * ops.cast(self.gamma, dtype)
        offset = -mean * factor
        if self.beta is not None:
            offset = offset + ops.cast(self.beta, dtype)
        return ops.cast(x * factor + offset, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "scale": self.scale,
            "center": self.center,
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
        }
