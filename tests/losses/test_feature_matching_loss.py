import keras
import numpy as np
import tensorflow as tf

from keras_genssl.losses import FeatureMatchingLoss

REAL, FAKE = np.random.default_rng(0).normal(size=(2, 6, 3, 2, 4)).astype("float32")


def test_equals_a_naive_loop_and_gives_its_gradient_to_fakes_only():
    real, fake = tf.constant(REAL), tf.constant(FAKE)
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        values = FeatureMatchingLoss().call(real, fake)
        total = tf.reduce_mean(values)
    expected = sum(
        (np.mean([image[i, j, k] for image in REAL]) - np.mean([image[i, j, k] for image in FAKE])) ** 2
        for i in range(3)
        for j in range(2)
        for k in range(4)
    )
    np.testing.assert_allclose(values, np.full(6, expected), rtol=1e-5)
    to_real, to_fake = tape.gradient(total, [real, fake])
    assert to_real is None
    # d/df_i |a - mean f|^2 = -2 (a - mean f) / batch, the same for each image
    one = -2 * (REAL.mean(0) - FAKE.mean(0)) / 6
    np.testing.assert_allclose(to_fake, np.broadcast_to(one, FAKE.shape), rtol=1e-4, atol=1e-6)


def test_as_a_keras_loss_it_is_scaled_once_and_restored():
    loss = FeatureMatchingLoss(name="matching")
    np.testing.assert_allclose(loss(REAL, FAKE), loss.call(REAL, FAKE)[0], rtol=1e-6)
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert (type(restored), restored.get_config()) == (FeatureMatchingLoss, loss.get_config())
