"""Activations whose second derivative, which is zero, costs nothing."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="keras_genssl")
class LeakyReLU(keras.layers.LeakyReLU):
    """Keras' LeakyReLU, for networks whose gradient is differentiated, as critics with a gradient penalty.

    The slope of a LeakyReLU does not change with its input, so a gradient's gradient reaches the weights through the
    slopes alone. TensorFlow's own (PyTorch's, too) passes zeros to the input instead, and sends them back through the
    whole network: of the 114 convolutions in a step of WGAN-GP's residual critic, 18 compute zeros. Here they are left
    out. Values and gradients are those of Keras.

    Args:
        negative_slope: Slope of negative inputs, at least 0; 0 gives ReLU.
        **kwargs: As for any layer.

    Raises:
        ValueError: If the slope is negative.

    Example:
        >>> LeakyReLU(0.2)(keras.ops.convert_to_tensor([-1.0, 2.0])).numpy().tolist()
        [-0.20000000298023224, 2.0]
    """

    def call(self, inputs: Any) -> Any:
        if keras.backend.backend() != "tensorflow":
            return super().call(inputs)
        return _leaky_relu(keras.ops.convert_to_tensor(inputs), self.negative_slope)


def _leaky_relu(inputs: Any, slope: float) -> Any:
    import tensorflow as tf

    @tf.custom_gradient
    def activated(x: Any) -> Any:
        y = tf.nn.leaky_relu(x, slope) if slope else tf.nn.relu(x)

        def sloped(upstream: Any) -> Any:
            if slope:
                return tf.raw_ops.LeakyReluGrad(gradients=upstream, features=x, alpha=slope)
            return tf.raw_ops.ReluGrad(gradients=upstream, features=y)

        # Linear in `upstream`, so it is its own derivative.
        return y, tf.custom_gradient(lambda upstream: (sloped(upstream), sloped))

    return activated(inputs)
