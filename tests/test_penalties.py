import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import layers, penalties
from keras_genssl.engine import replicas
from keras_genssl.penalties import R1Penalty, clip_weights

REAL, FAKE = np.random.default_rng(0).uniform(-1, 1, (2, 5, 4, 3, 2)).astype("float32")
W = np.random.default_rng(1).normal(size=(4, 3, 2)).astype("float32")


def linear(images):
    """Logits ``(batch, 1)`` whose gradient is W everywhere."""
    return tf.reduce_sum(images * W, axis=(1, 2, 3))[:, None]


def quadratic(images):
    """Logits ``(batch, 1)`` whose gradient is the image."""
    return 0.5 * tf.reduce_sum(images**2, axis=(1, 2, 3))[:, None]


def norm(images):
    return np.sqrt((images.astype("float64") ** 2).sum((1, 2, 3)))


def seed():
    return keras.random.SeedGenerator(4)


@pytest.mark.parametrize("kind", [penalties.GradientPenalty, penalties.DRAGANPenalty])
def test_of_a_linear_discriminator(kind):
    expected = 3.0 * (np.sqrt((W**2).sum()) - 1) ** 2
    np.testing.assert_allclose(kind(weight=3.0)(linear, REAL, FAKE, seed()), np.full(5, expected), rtol=1e-5)


def test_gradient_penalty_mixes_with_one_uniform_number_for_an_image():
    alpha = replicas.uniform((5, 1, 1, 1), seed()).numpy()
    expected = 10.0 * (norm(REAL + alpha * (FAKE - REAL)) - 1) ** 2
    np.testing.assert_allclose(penalties.GradientPenalty()(quadratic, REAL, FAKE, seed()), expected, rtol=1e-4)


def test_gradient_penalty_mixes_uniformly_between_real_and_fake():
    """D = x²/2 on points 0 and 1 has the slope α, and E (α - 1)² = 1/3, Var = 4/45 for a uniform α."""
    zeros, ones = np.zeros((20000, 1), "float32"), np.ones((20000, 1), "float32")
    values = penalties.GradientPenalty(1.0)(lambda x: 0.5 * x**2, zeros, ones, seed()).numpy()
    assert values.mean() == pytest.approx(1 / 3, abs=5 * np.sqrt(4 / 45 / 20000))
    assert values.max() <= 1 + 1e-5
    assert values.min() >= 0


def test_dragan_perturbs_real_images_by_half_their_deviation():
    noise = replicas.uniform(REAL.shape, seed()).numpy()
    expected = 10.0 * (norm(REAL + 0.5 * REAL.std() * noise) - 1) ** 2
    np.testing.assert_allclose(penalties.DRAGANPenalty()(quadratic, REAL, None, seed()), expected, rtol=1e-4)


def test_r1_is_half_gamma_times_the_squared_slope_at_real_images():
    values = penalties.R1Penalty(gamma=4.0)(quadratic, REAL, FAKE, seed())
    np.testing.assert_allclose(values, 2.0 * norm(REAL) ** 2, rtol=1e-5)


@pytest.mark.parametrize("make", [penalties.GradientPenalty, penalties.DRAGANPenalty, penalties.R1Penalty])
def test_of_patches_the_mean_counts(make):
    def patches(images):
        return tf.stack([2.0 * quadratic(images), 0.0 * quadratic(images)], axis=1)[:, :, :, None]  # (batch, 2, 1, 1)

    one, mean = make()(quadratic, REAL, FAKE, seed()), make()(patches, REAL, FAKE, seed())
    np.testing.assert_allclose(mean, one, rtol=1e-5)


@pytest.mark.parametrize("make", [penalties.GradientPenalty, penalties.DRAGANPenalty, penalties.R1Penalty])
def test_weights_get_the_derivative_and_a_slope_of_zero_gives_no_nan(make):
    scale = tf.Variable(2.0)

    def penalty():
        return tf.reduce_sum(make()(lambda x: scale * quadratic(x), REAL, FAKE, seed()))

    with tf.GradientTape() as tape:
        value = penalty()
    gradient = tape.gradient(value, scale).numpy()
    scale.assign(2.01)
    above = penalty().numpy()
    scale.assign(1.99)
    assert gradient == pytest.approx((above - penalty().numpy()) / 0.02, rel=1e-3)
    scale.assign(0.0)
    with tf.GradientTape() as tape:
        value = penalty()
    assert np.isfinite(tape.gradient(value, scale))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_lazy_r1_is_k_times_as_strong_at_each_kth_update(jit_compile):
    lazy, plain = penalties.R1Penalty(gamma=4.0, every=3), penalties.R1Penalty(gamma=4.0)
    scale, iterations = tf.Variable(2.0), tf.Variable(0, dtype="int64")

    @tf.function(jit_compile=jit_compile)
    def gradient():
        with tf.GradientTape() as tape:
            value = lazy(lambda x: scale * quadratic(x), REAL, FAKE, None, iterations)
        return value, tape.gradient(value, scale)

    expected = plain(lambda x: scale * quadratic(x), REAL, FAKE, None)
    strength = []
    for step in range(7):
        iterations.assign(step)
        value, slope = gradient()
        strength.append(float(value[0] / expected[0]))
        # the derivative of gamma / 2 s² |x|² is twice the value over s
        np.testing.assert_allclose(slope, 2 * tf.reduce_sum(value) / scale, rtol=1e-4)
    assert strength == pytest.approx([3, 0, 0, 3, 0, 0, 3], rel=1e-5)


def test_a_lazy_r1_follows_the_optimizers_own_counter():
    optimizer, scale = keras.optimizers.SGD(0.0), tf.Variable(1.0)
    optimizer.build([scale])
    lazy = penalties.R1Penalty(every=2)
    applied = []
    for _ in range(4):
        applied.append(float(lazy(quadratic, REAL, None, None, optimizer.iterations)[0]) > 0)
        optimizer.apply([tf.zeros(())], [scale])
    assert applied == [True, False, True, False]


@pytest.mark.parametrize(
    "penalty",
    [
        penalties.GradientPenalty(3.0),
        penalties.DRAGANPenalty(3.0),
        penalties.R1Penalty(3.0, every=2),
    ],
)
def test_config_round_trip(penalty):
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    assert (type(restored), vars(restored)) == (type(penalty), vars(penalty))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: penalties.GradientPenalty(-1.0), "`weight` must be at least 0 and finite. Received: weight=-1.0"),
        (lambda: penalties.DRAGANPenalty(-1.0), "`weight` must be at least 0 and finite"),
        (lambda: penalties.R1Penalty(gamma=-1.0), "`gamma` must be at least 0 and finite"),
        (lambda: penalties.GradientPenalty(np.nan), "`weight` must be at least 0 and finite. Received: weight=nan"),
        (lambda: penalties.R1Penalty(every=True), "`every` must be an integer of at least 1. Received: every=True"),
        (lambda: penalties.ClipWeights(np.inf), "`limit` must be positive and finite. Received: limit=inf"),
        (lambda: penalties.R1Penalty(every=0), "`every` must be an integer of at least 1. Received: every=0"),
        (lambda: penalties.R1Penalty(every=2)(linear, REAL, FAKE, None), "`iterations` must be given"),
        (lambda: penalties.ClipWeights(0.0), "`limit` must be positive and finite. Received: limit=0.0"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


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


def critic():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, strides=2)(image)
    x = keras.layers.PReLU(shared_axes=[1, 2])(layers.BatchNormalization()(x))
    x = layers.SpectralNormalization(keras.layers.Conv2D(2, 1))(x)
    return keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(x)))


def step(network, rate=0.5):
    """One descent of the mean output; returns the trainable weights."""
    network.compile(keras.optimizers.SGD(rate), loss=lambda y, y_pred: y_pred)
    images = np.random.default_rng(0).normal(size=(6, 8, 8, 3)).astype("float32")
    network.train_on_batch(images, np.zeros(6))
    return [variable.numpy() for variable in network.trainable_variables]


def test_an_update_is_what_it_would_be_without_then_clipped():
    keras.utils.set_random_seed(0)
    free = critic()
    clipped = keras.models.clone_model(free)
    clipped.set_weights(free.get_weights())
    clip_weights(clipped, 0.05)
    expected = [np.clip(weight, -0.05, 0.05) for weight in step(free)]
    for weight, value in zip(step(clipped), expected, strict=True):
        np.testing.assert_allclose(weight, value, atol=1e-6)
    assert sum((np.abs(value) == np.float32(0.05)).sum() for value in expected) > 20


def test_a_loaded_network_still_clips(tmp_path):
    network = critic()
    clip_weights(network, 0.03)
    network.save(tmp_path / "critic.keras")
    loaded = keras.models.load_model(tmp_path / "critic.keras")
    cloned = keras.models.clone_model(network)
    for again in (loaded, cloned):
        assert max(np.abs(weight).max() for weight in step(again)) == pytest.approx(0.03)


def test_a_layer_that_cannot_hold_a_constraint_is_refused_and_nothing_changed():
    image = keras.Input((4, 4, 8))
    x = keras.layers.Conv2D(8, 1, name="first")(image)
    network = keras.Model(image, layers.SelfAttention2D()(x))
    with pytest.raises(ValueError, match=r"Received: SelfAttention2D .* without 'gamma_constraint'"):
        clip_weights(network)
    assert network.get_layer("first").kernel_constraint is None
    assert network.get_layer("first").kernel.constraint is None


def test_an_unbuilt_network():
    with pytest.raises(ValueError, match="`network` must be built"):
        clip_weights(keras.Sequential([keras.layers.Dense(1)]))
