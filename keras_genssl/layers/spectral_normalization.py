"""Spectral normalisation."""

from typing import Any

import keras
from keras import ops

_TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
_WITH_KERNEL = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D, *_TRANSPOSED)
_EPSILON = 1e-12


@keras.saving.register_keras_serializable(package="keras_genssl")
class SpectralNormalization(keras.layers.Wrapper):
    """Computes a layer with ``W / σ(W)`` in place of its kernel W, σ the largest singular value.

    Miyato et al., 2018, Section 2.1 and Algorithm 1. The stored kernel does not change: it is normalised at each call.
    The gradient flows to W also through σ = vᵀ W u, with the singular vectors u and v as constants (Eq. 12).
    (`keras.layers.SpectralNormalization` overwrites the kernel and stops the gradient at σ.) A convolution's W is the
    matrix ``(height · width · inputs, outputs)``.

    σ is estimated as ‖W u‖, where u is found by power iteration and stored as a weight that is not trained. A call in
    training makes one iteration first and keeps the new u, also if several batches make one update. A call in inference
    changes nothing. All of this is computed in full precision (`keras.config.floatx()`) under any policy. u depends
    only on the kernel, so it stays equal on all replicas without communication. A kernel of zeros is not changed.

    Reference:
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial Networks, Algorithm
          1](https://arxiv.org/abs/1802.05957)

    Args:
        layer: a Dense, Conv, ConvTranspose or Embedding layer of Keras. Its bias is not normalised.
        power_iterations: number of iterations per call in training, int, at least 1.
        name: the layer's name.

    Raises:
        ValueError: if ``layer`` is of another kind or has an activity regulariser, or ``power_iterations`` is not a
        positive int.

    Example:
        >>> layer = SpectralNormalization(keras.layers.Dense(2, use_bias=False))
        >>> layer.build((None, 2))
        >>> _ = layer.layer.kernel.assign([[3.0, 0.0], [0.0, 1.0]])
        >>> for _ in range(30):
        ...     outputs = layer(ops.ones((1, 2)), training=True)
        >>> [round(float(value), 4) for value in outputs[0]]
        [1.0, 0.3333]
    """

    def __init__(
        self, layer: keras.layers.Layer, power_iterations: int = 1, name: str | None = None, **kwargs: Any
    ) -> None:
        if not isinstance(layer, (*_WITH_KERNEL, keras.layers.Embedding)):
            raise ValueError(
                f"`layer` must be a Dense, Conv, ConvTranspose or Embedding layer. Received: layer={layer!r}"
            )
        if layer.activity_regularizer is not None:
            raise ValueError(f"`layer` must have no activity regulariser. Received: {layer.activity_regularizer!r}")
        if not isinstance(power_iterations, int) or power_iterations < 1:
            raise ValueError(
                f"`power_iterations` must be a positive int. Received: power_iterations={power_iterations}"
            )
        # The wrapped layer casts by itself. Here the kernel is read as it is stored, in full precision.
        super().__init__(layer, name=name, autocast=False, **kwargs)
        self.power_iterations = power_iterations

    def build(self, input_shape: Any) -> None:
        """Builds the layer, and creates u with one entry per output."""
        super().build(input_shape)
        self.u = self.add_weight(
            name="u",
            shape=(self._kernel.shape[-2 if isinstance(self.layer, _TRANSPOSED) else -1],),
            initializer="random_normal",
            trainable=False,
            dtype=keras.config.floatx(),
        )

    @property
    def _kernel(self) -> keras.Variable:
        return self.layer.embeddings if isinstance(self.layer, keras.layers.Embedding) else self.layer.kernel

    def _matrix(self, kernel: Any) -> Any:
        """Returns the kernel in full precision, ``(inputs, outputs)``."""
        kernel = ops.cast(ops.convert_to_tensor(kernel), keras.config.floatx())
        if isinstance(self.layer, _TRANSPOSED):  # (..., outputs, inputs)
            kernel = ops.swapaxes(kernel, -1, -2)
        return ops.reshape(kernel, (-1, kernel.shape[-1]))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the layer's output with the normalised kernel."""
        kernel = self._kernel
        weights = kernel.value
        sigma, u = self.spectral_norm(self.power_iterations if training else 0)
        if training:
            self.u.assign(u)
        normalised = weights / ops.cast(sigma, weights.dtype)
        values = [(variable, normalised if variable is kernel else variable.value) for variable in self.layer.variables]
        with keras.StatelessScope(values):
            return self.layer(inputs)

    def spectral_norm(self, power_iterations: int = 0) -> tuple[Any, Any]:
        """Estimates the largest singular value of the kernel.

        Args:
            power_iterations: number of iterations to make first, starting from the stored u, int.

        Returns:
            σ, a scalar, differentiable with respect to the kernel; and u after the iterations. The stored u
            does not change.
        """
        matrix = self._matrix(self._kernel)
        constant = ops.stop_gradient(matrix)
        u = _unit(ops.convert_to_tensor(self.u))
        for _ in range(power_iterations):
            following = ops.matmul(_unit(ops.matmul(constant, u)), constant)
            # For a kernel of zeros keep the old u: iterations from a u of zeros would stay at zero.
            u = ops.where(ops.norm(following) > _EPSILON, _unit(following), u)
        v = _unit(ops.matmul(constant, u))
        sigma = ops.sum(v * ops.matmul(matrix, u))
        return ops.where(sigma > _EPSILON, sigma, 1.0), u

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the output shape of the layer."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "power_iterations": self.power_iterations}
        config["layer"].pop("build_config", None)  # it is built with this layer, so its weights keep their paths
        return config


def _unit(vector: Any) -> Any:
    return vector / (ops.norm(vector) + _EPSILON)
