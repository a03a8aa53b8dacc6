import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.losses import NonSaturatingGANLoss


def test_at_logit_zero_every_term_is_log_2():
    loss, zeros = NonSaturatingGANLoss(), np.zeros((3, 1), "float32")
    np.testing.assert_allclose(loss.discriminator(zeros, zeros), 3 * [2 * math.log(2)], rtol=1e-6)
    np.testing.assert_allclose(loss.generator(zeros), 3 * [math.log(2)], rtol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 3, 2, 1)])
def test_equals_naive_loop(smoothing, shape):
    generator = np.random.default_rng(0)
    real, fake = generator.normal(scale=2, size=(2, *shape)).astype("float32")
    loss = NonSaturatingGANLoss(smoothing)

    def probability(logit):
        return 1 / (1 + math.exp(-logit))

    for index in range(4):
        d_real = [
            -(1 - smoothing) * math.log(probability(x)) - smoothing * math.log(1 - probability(x))
            for x in real[index].ravel().tolist()
        ]
        d_fake = [-math.log(1 - probability(x)) for x in fake[index].ravel().tolist()]
        g_fake = [-math.log(probability(x)) for x in fake[index].ravel().tolist()]
        expected = np.mean(d_real) + np.mean(d_fake)
        np.testing.assert_allclose(loss.discriminator(real, fake)[index], expected, rtol=1e-5)
        np.testing.assert_allclose(loss.generator(fake)[index], np.mean(g_fake), rtol=1e-5)


def test_finite_with_gradient_at_extreme_logits():
    fake = tf.constant([[-1e4], [1e4]])
    with tf.GradientTape() as tape:
        tape.watch(fake)
        values = NonSaturatingGANLoss().generator(fake)
    np.testing.assert_allclose(values, [1e4, 0.0])
    np.testing.assert_allclose(tape.gradient(values, fake), [[-1.0], [0.0]])


def test_compiles_with_xla():
    loss, logits = NonSaturatingGANLoss(0.1), np.array([[0.3], [-2.0]], "float32")
    compiled = tf.function(loss.discriminator, jit_compile=True)(logits, -logits)
    np.testing.assert_allclose(compiled, loss.discriminator(logits, -logits), rtol=1e-5)


def test_config_and_arguments():
    restored = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(NonSaturatingGANLoss(label_smoothing=0.1))
    )
    assert (type(restored), restored.label_smoothing) == (NonSaturatingGANLoss, 0.1)
    with pytest.raises(ValueError, match=r"`label_smoothing` must lie in \[0, 1\). Received: label_smoothing=1"):
        NonSaturatingGANLoss(label_smoothing=1)
