import keras
import numpy as np
import tensorflow as tf

from keras_genssl import layers
from keras_genssl.penalties import R1Penalty


def test_a_lazy_penalty_of_attention_has_its_second_derivative_under_xla():
    """A transpose in the discriminator would fail here: of a conditional's second derivative XLA cannot invert it."""
    keras.utils.set_random_seed(0)
    image = keras.Input((4, 4, 8))
    attention = layers.SelfAttention2D(spectral_normalization=True)
    x = layers.MinibatchStdDev(2)(keras.layers.LeakyReLU()(attention(image)))
    network = keras.Model(image, layers.SpectralNormalization(keras.layers.Conv2D(1, 4))(x))
    attention.gamma.assign(0.5)
    images = np.random.default_rng(0).normal(size=(4, 4, 4, 8)).astype("float32")
    variables = network.trainable_variables

    def gradients(penalty, iterations):
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(penalty(network, images, None, None, iterations))
        return tape.gradient(value, [v.value for v in variables], unconnected_gradients="zero")

    compiled = tf.function(lambda iterations: gradients(R1Penalty(every=3), iterations), jit_compile=True)
    for iterations, strength in ((0, 3.0), (1, 0.0)):
        expected = gradients(R1Penalty(), None)
        for one, other in zip(compiled(tf.constant(iterations)), expected, strict=True):
            np.testing.assert_allclose(one, strength * other, rtol=1e-3, atol=1e-4)
