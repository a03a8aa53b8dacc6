"""Layers that normalise batches, instances, or the spectra of kernels."""

import functools
from typing import Any

import keras
from keras import ops

from keras_genssl.layers.preprocessing import ImageLayer

# TensorFlow's own wrapper raises smaller values to this one, for cuDNN.
_MIN_FUSED_EPSILON = 1.001e-5


@keras.saving.register_keras_serializable(package="keras_genssl")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` with equal results, computed by the fused kernel where one exists.

    Under TensorFlow, ``(batch, height, width, channels)`` inputs normalised over the channel axis go through
    ``FusedBatchNormV3``, in training and in inference, in float32, bfloat16 and float16 (statistics in
    float32). Everything else is computed by Keras: other backends, ranks, axes and dtypes, masks,
    renormalisation, ``epsilon`` below 1.001e-5, and training with ``synchronized=True`` on more than one
    replica, where the statistics are those of the global batch.

    If the batch mean or variance of a channel is NaN or infinite, the moving statistics of the channel are not updated.
    (Keras' own become NaN, and so does every later inference.)

    Args: those of `keras.layers.BatchNormalization`. As there, ``trainable=False`` also means inference mode, and
    ``epsilon`` is 1e-3 by default; PyTorch has 1e-5 and Chainer 2e-5. The `backbones` say where they differ from their
    papers' code in this.

    Ioffe and Szegedy, 2015.

    Reference:
        - Ioffe and Szegedy 2015, [Batch Normalization](https://arxiv.org/abs/1502.03167)

    Example:
        >>> layer = BatchNormalization(synchronized=True)
        >>> layer(keras.ops.ones((2, 4, 4, 3)), training=True).shape
        TensorShape([2, 4, 4, 3])
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise over the batch (training) or with the moving statistics (inference)."""
        use_batch_statistics = bool(training) and self.trainable
        if mask is not None or not self._fusible(inputs, use_batch_statistics):
            return self._plain(inputs, training, mask, use_batch_statistics)
        return self._fused(inputs, use_batch_statistics)

    def _plain(self, inputs: Any, training: bool | None, mask: Any, use_batch_statistics: bool) -> Any:
        own = (self.gamma, self.beta)
        moving = [weight for weight in self.weights if not any(weight is other for other in own)]
        before = [ops.copy(weight.value) for weight in moving] if use_batch_statistics else []
        outputs = super().call(inputs, training=training, mask=mask)
        if use_batch_statistics:
            finite = functools.reduce(ops.logical_and, [ops.isfinite(weight.value) for weight in moving])
            for weight, value in zip(moving, before, strict=True):
                weight.assign(ops.where(finite, weight.value, value))
        return outputs

    def _fusible(self, inputs: Any, use_batch_statistics: bool) -> bool:
        if keras.backend.backend() != "tensorflow" or self.renorm or self.epsilon < _MIN_FUSED_EPSILON:
            return False
        if len(inputs.shape) != 4 or self.axis not in (-1, 3):
            return False
        if keras.backend.standardize_dtype(inputs.dtype) not in ("float32", "bfloat16", "float16"):
            return False
        if not (self.synchronized and use_batch_statistics):
            return True
        import tensorflow as tf

        replica = tf.distribute.get_replica_context()
        return replica is None or replica.num_replicas_in_sync == 1

    def _fused(self, inputs: Any, use_batch_statistics: bool) -> Any:
        import tensorflow as tf

        channels = inputs.shape[-1]
        moving_mean = tf.cast(self.moving_mean, "float32")
        moving_variance = tf.cast(self.moving_variance, "float32")
        empty = tf.zeros((0,), "float32")
        normalised = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, "float32") if self.scale else tf.ones((channels,), "float32"),
            offset=tf.cast(self.beta, "float32") if self.center else tf.zeros((channels,), "float32"),
            mean=empty if use_batch_statistics else moving_mean,
            variance=empty if use_batch_statistics else moving_variance,
            epsilon=self.epsilon,
            is_training=use_batch_statistics,
        )
        if use_batch_statistics:
            # The kernel returns the unbiased variance; Keras averages the biased one.
            count = tf.cast(tf.size(inputs), "float32") / channels
            variance = normalised.batch_variance * ((count - 1.0) / count)
            finite = tf.math.is_finite(normalised.batch_mean) & tf.math.is_finite(variance)
            for moving, value, new in (
                (self.moving_mean, moving_mean, normalised.batch_mean),
                (self.moving_variance, moving_variance, variance),
            ):
                moving.assign(tf.where(finite, value * self.momentum + new * (1.0 - self.momentum), value))
        return tf.cast(normalised.y, self.compute_dtype)


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
        channels = inputs.shape[-1]
        gamma = ops.ones((channels,), dtype) if self.gamma is None else ops.cast(self.gamma, dtype)
        beta = ops.zeros((channels,), dtype) if self.beta is None else ops.cast(self.beta, dtype)
        return ops.cast(_instances(ops.cast(inputs, dtype), gamma, beta, self.epsilon), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "scale": self.scale,
            "center": self.center,
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
        }


def _instances(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """Instance normalisation with its gradient in closed form.

    With ``c = x - mean`` and ``r = 1 / sqrt(var + epsilon)``, the gradient with respect to x of a loss whose gradient
    with respect to the output is d is ``gamma r (d - mean(d) - c r² mean(d c))``. It is differentiable again.

    Args:
        x: ``(batch, h, w, c)``.
        gamma, beta: ``(c,)``, of x's dtype.
        epsilon: added to the variance.
    """

    @ops.custom_gradient
    def normalised(x: Any, gamma: Any, beta: Any) -> tuple[Any, Any]:
        mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)  # (b, 1, 1, c)
        inverse = ops.rsqrt(variance + epsilon)
        factor = inverse * gamma

        def gradient(*arguments: Any, upstream: Any = None) -> tuple[Any, Any, Any]:
            (d,) = arguments if upstream is None else (upstream,)
            pixels = ops.cast(ops.shape(d)[1] * ops.shape(d)[2], d.dtype)
            centred = x - mean
            of_beta = ops.sum(d, axis=(1, 2), keepdims=True)
            of_gamma = ops.sum(d * centred, axis=(1, 2), keepdims=True) * inverse
            slope = factor * inverse * of_gamma / pixels
            of_x = factor * d - (slope * centred + factor * of_beta / pixels)
            return of_x, ops.sum(of_gamma, axis=(0, 1, 2)), ops.sum(of_beta, axis=(0, 1, 2))

        return x * factor + (beta - mean * factor), gradient

    return normalised(x, gamma, beta)


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
