"""Batch normalisation with TensorFlow's fused kernel."""

import functools
from typing import Any

import keras
from keras import ops

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
