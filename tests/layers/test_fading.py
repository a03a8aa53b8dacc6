import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import FadeIn

OLD, NEW = np.random.default_rng(0).normal(size=(2, 3, 4, 4, 2)).astype("float32")


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_mixes_by_alpha_and_gives_gradients_in_its_shares(alpha):
    layer, old, new = FadeIn(), tf.constant(OLD), tf.constant(NEW)
    layer.alpha.assign(alpha)
    with tf.GradientTape() as tape:
        tape.watch((old, new))
        outputs = layer(old, new)
    np.testing.assert_allclose(outputs, (1 - alpha) * OLD + alpha * NEW, rtol=1e-5, atol=1e-6)
    for gradient, share in zip(tape.gradient(outputs, (old, new)), (1 - alpha, alpha), strict=True):
        np.testing.assert_allclose(gradient, np.full(OLD.shape, share), rtol=1e-6)


def test_the_ends_are_exact():
    layer = FadeIn()
    np.testing.assert_array_equal(layer(OLD, NEW), NEW)  # as it starts
    layer.alpha.assign(0.0)
    np.testing.assert_array_equal(layer(OLD, NEW), OLD)


def test_no_optimizer_moves_alpha_and_shapes_are_not_broadcast():
    layer = FadeIn()
    assert layer.trainable_weights == []
    assert [weight.name for weight in layer.weights] == ["alpha"]
    with pytest.raises(ValueError, match=r"must have one shape. Received: \(3, 4, 4, 2\) and \(3, 4, 4, 1\)"):
        layer(OLD, NEW[..., :1])
