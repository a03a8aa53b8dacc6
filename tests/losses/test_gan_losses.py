"""Each objective against its formula in NumPy, and against the optimum that its paper proves."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import losses

SMOOTHED = {"label_smoothing": 0.01, "fake_smoothing": 0.02}


def sigmoid(logit):
    return 1 / (1 + np.exp(-logit))


def mean(values):
    return np.mean(values, axis=tuple(range(1, values.ndim)))


def bce(target, logit):
    return -target * np.log(sigmoid(logit)) - (1 - target) * np.log(1 - sigmoid(logit))


# (the loss, its discriminator's formula, its generator's), of float64 logits x of real images and y of fakes
FORMULAS = {
    "minimax": (
        losses.MinimaxGANLoss(),
        lambda x, y: -np.log(sigmoid(x)) - np.log(1 - sigmoid(y)),
        lambda x, y: np.log(1 - sigmoid(y)),
    ),
    "minimax, smoothed": (
        losses.MinimaxGANLoss(**SMOOTHED),
        lambda x, y: bce(0.99, x) + bce(0.02, y),
        lambda x, y: np.log(1 - sigmoid(y)),
    ),
    "non-saturating": (
        losses.NonSaturatingGANLoss(**SMOOTHED),
        lambda x, y: bce(0.99, x) + bce(0.02, y),
        lambda x, y: -np.log(sigmoid(y)),
    ),
    "least squares": (
        losses.LeastSquaresGANLoss(),
        lambda x, y: ((x - 1) ** 2 + y**2) / 2,
        lambda x, y: (y - 1) ** 2 / 2,
    ),
    "least squares, Eq. 8": (
        losses.LeastSquaresGANLoss(a=-1, b=1, c=0, generator_scale=1.0),
        lambda x, y: ((x - 1) ** 2 + (y + 1) ** 2) / 2,
        lambda x, y: y**2,
    ),
    "hinge": (
        losses.HingeGANLoss(),
        lambda x, y: np.maximum(0, 1 - x) + np.maximum(0, 1 + y),
        lambda x, y: -y,
    ),
    "Wasserstein": (losses.WassersteinGANLoss(), lambda x, y: y - x, lambda x, y: -y),
    "relativistic": (
        losses.RelativisticGANLoss(),
        lambda x, y: -np.log(sigmoid(x - y)),
        lambda x, y: -np.log(sigmoid(y - x)),
    ),
    "relativistic average": (
        losses.RelativisticAverageGANLoss(),
        lambda x, y: -np.log(sigmoid(x - y.mean(0))) - np.log(1 - sigmoid(y - x.mean(0))),
        lambda x, y: -np.log(sigmoid(y - x.mean(0))) - np.log(1 - sigmoid(x - y.mean(0))),
    ),
}


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 3, 2, 1)])
@pytest.mark.parametrize("name", FORMULAS)
def test_equals_its_formula(name, shape):
    loss, discriminator, generator = FORMULAS[name]
    real, fake = np.random.default_rng(0).normal(scale=1.5, size=(2, *shape))
    logits = real.astype("float32"), fake.astype("float32")
    np.testing.assert_allclose(loss.discriminator(*logits), mean(discriminator(real, fake)), rtol=1e-5, atol=1e-6)
    given = {"real_logits": logits[0]} if loss.needs_real else {}
    np.testing.assert_allclose(loss.generator(logits[1], **given), mean(generator(real, fake)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_finite_at_extreme_logits_with_finite_gradients(name):
    loss = FORMULAS[name][0]
    real = tf.constant([[-1e4], [1e4], [1e4], [-1e4]])
    fake = tf.constant([[1e4], [-1e4], [1e4], [-1e4]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        values = [loss.discriminator(real, fake), loss.generator(fake, real)]
    gradients = [tape.gradient(value, logits) for value in values for logits in (real, fake)]
    for result in (*values, *(gradient for gradient in gradients if gradient is not None)):
        assert np.isfinite(result).all()
    assert any(np.abs(gradient).max() > 0.1 for gradient in gradients if gradient is not None)


@pytest.mark.parametrize("name", FORMULAS)
def test_half_precision_logits_are_computed_with_in_float32(name):
    loss = FORMULAS[name][0]
    real, fake = tf.constant([[400.0], [3.0]], "float16"), tf.constant([[-300.0], [2.0]], "float16")
    wide = tf.cast(real, "float32"), tf.cast(fake, "float32")
    np.testing.assert_array_equal(loss.discriminator(real, fake), loss.discriminator(*wide))
    assert loss.generator(fake, real).dtype == "float32"


@pytest.mark.parametrize("name", FORMULAS)
def test_compiles_with_xla(name):
    loss, logits = FORMULAS[name][0], np.array([[0.3], [-2.0]], "float32")
    for function in (loss.discriminator, loss.generator):
        compiled = tf.function(function, jit_compile=True)(logits, -logits)
        np.testing.assert_allclose(compiled, function(logits, -logits), rtol=1e-5)


@pytest.mark.parametrize("name", FORMULAS)
def test_config_round_trip(name):
    loss = FORMULAS[name][0]
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(restored) is type(loss)
    assert restored.get_config() == loss.get_config()
    assert vars(restored) == vars(loss)


def descend(objective, *shapes, steps=4000, rate=0.5):
    """Minimises ``objective`` over tables of numbers that start at 0."""
    tables = [tf.Variable(tf.zeros(shape)) for shape in shapes]
    optimizer = tf.function(lambda: _step(objective, tables, rate))
    for _ in range(steps):
        optimizer()
    return [table.numpy() for table in tables]


def _step(objective, tables, rate):
    with tf.GradientTape() as tape:
        value = objective(*tables)
    for table, gradient in zip(tables, tape.gradient(value, tables), strict=True):
        table.assign_sub(rate * gradient)


# The lecture's one-dimensional GAN: densities as tables over bins, D as a table of logits.
P = np.array([0.1, 0.2, 0.4, 0.2, 0.1], "float32")  # the data's
Q = np.array([0.4, 0.3, 0.1, 0.1, 0.1], "float32")  # the generator's

BEST = {
    # Goodfellow et al., Proposition 1: p / (p + q), smoothed as Salimans et al. say
    "minimax": lambda p, q: np.log(p / q),
    "minimax, smoothed": lambda p, q: np.log((0.99 * p + 0.02 * q) / (0.01 * p + 0.98 * q)),
    "non-saturating": lambda p, q: np.log((0.99 * p + 0.02 * q) / (0.01 * p + 0.98 * q)),
    # Mao et al., Eq. 5: (b p + a q) / (p + q)
    "least squares": lambda p, q: p / (p + q),
    "least squares, Eq. 8": lambda p, q: (p - q) / (p + q),
}


@pytest.mark.parametrize("name", BEST)
def test_the_best_discriminator_of_a_fixed_generator(name):
    loss = FORMULAS[name][0]

    def objective(logits):
        # Weighting the rows of a table of logits by a density takes its expectation.
        zero = tf.zeros_like(logits)
        on_real, on_fake = loss.discriminator(logits, zero), loss.discriminator(zero, logits)
        return tf.reduce_sum(P * on_real + Q * on_fake)

    (logits,) = descend(objective, (5,))
    np.testing.assert_allclose(logits, BEST[name](P, Q), atol=2e-3)


def test_the_best_hinge_discriminator_is_the_sign_and_its_loss_twice_the_overlap():
    """It is 1 where p > q and -1 where p < q (Lim and Ye), so it loses 2 min(p, q) in each bin."""
    loss = losses.HingeGANLoss()

    def objective(logits):
        one = tf.ones_like(logits)  # beyond the hinge: the other term is 0
        return tf.reduce_sum(P * loss.discriminator(logits, -one) + Q * loss.discriminator(one, logits))

    (logits,) = descend(objective, (5,), rate=0.01)
    differ = P != Q
    np.testing.assert_allclose(logits[differ], np.sign(P - Q)[differ], atol=0.01)
    assert objective(tf.constant(logits)).numpy() == pytest.approx(2 * np.minimum(P, Q).sum(), abs=0.01)


def test_minimax_at_the_best_discriminator_is_the_jensen_shannon_divergence():
    """Goodfellow et al., Theorem 1: V(D*, G) = -log 4 + 2 JSD(p, q)."""
    logits = np.log(P / Q)
    loss = losses.MinimaxGANLoss()
    value = -np.sum(P * loss.discriminator(logits, np.full(5, -1e4, "float32")))
    value += np.sum(Q * loss.generator(logits))
    middle = (P + Q) / 2
    divergence = 0.5 * np.sum(P * np.log(P / middle)) + 0.5 * np.sum(Q * np.log(Q / middle))
    assert value == pytest.approx(-np.log(4) + 2 * divergence, abs=1e-6)


@pytest.mark.parametrize("loss", [losses.MinimaxGANLoss(), losses.NonSaturatingGANLoss()], ids=["minimax", "ns"])
def test_the_one_dimensional_gan_ends_at_the_data_with_a_discriminator_of_a_half(loss):
    """Both play at once, on tables: D's logits of each bin, and the logarithms of the generator's density.

    The generator's loss weights what it minimises by q, which is what sampling from q does.
    """
    table, generator = tf.Variable(np.zeros(5, "float32")), tf.Variable(np.log(Q))
    players = keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.1)
    for optimizer, variable in zip(players, (table, generator), strict=True):
        optimizer.build([variable])

    @tf.function
    def step():
        with tf.GradientTape(persistent=True) as tape:
            q, zero = tf.nn.softmax(generator), tf.zeros_like(table)
            on_real, on_fake = loss.discriminator(table, zero), loss.discriminator(zero, table)
            to_discriminate = tf.reduce_sum(P * on_real + tf.stop_gradient(q) * on_fake)
            to_generate = tf.reduce_sum(q * tf.stop_gradient(loss.generator(table)))
        players[0].apply([tape.gradient(to_discriminate, table)], [table])
        players[1].apply([tape.gradient(to_generate, generator)], [generator])

    for _ in range(3000):
        step()
    np.testing.assert_allclose(tf.nn.softmax(generator), P, atol=1e-3)
    np.testing.assert_allclose(tf.sigmoid(table), 0.5, atol=1e-3)
    zero = np.zeros(5, "float32")
    on_real, on_fake = loss.discriminator(table, zero) - np.log(2), loss.discriminator(zero, table) - np.log(2)
    assert np.sum(P * on_real + P * on_fake) == pytest.approx(np.log(4), abs=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.MinimaxGANLoss(1.0), r"`label_smoothing` must lie in \[0, 1\). Received: label_smoothing=1.0"),
        (lambda: losses.NonSaturatingGANLoss(fake_smoothing=-0.1), r"`fake_smoothing` must lie in \[0, 1\)"),
        (lambda: losses.MinimaxGANLoss(0.5, 0.5), "must sum to less than 1"),
        (lambda: losses.LeastSquaresGANLoss(a=1.0), "`a` and `b` must differ"),
        (lambda: losses.LeastSquaresGANLoss(generator_scale=0), "`generator_scale` must be positive"),
        (lambda: losses.RelativisticGANLoss().generator(np.zeros((2, 1))), "`real_logits` must be given"),
        (lambda: losses.RelativisticAverageGANLoss().generator(np.zeros((2, 1))), "`real_logits` must be given"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_where_the_discriminator_is_sure_minimax_teaches_nothing():
    """Goodfellow et al., Section 3: at logit -10 the slopes are -sigma(-10), about 5e-5, and sigma(-10) - 1."""
    logits = tf.constant([[-10.0]])
    slopes = []
    for loss in (losses.MinimaxGANLoss(), losses.NonSaturatingGANLoss()):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss.generator(logits)
        slopes.append(float(tape.gradient(value, logits)[0, 0]))
    np.testing.assert_allclose(slopes, [-sigmoid(-10.0), sigmoid(-10.0) - 1], rtol=1e-5)
