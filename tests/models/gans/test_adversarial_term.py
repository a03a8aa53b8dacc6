"""A discriminator as one more loss: by closed forms, and on each kind of method that makes images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl import losses
from keras_genssl.models import AdversarialTerm

SHAPE = (8, 8, 1)


def dense(shape, units=3):
    images = keras.Input(shape)
    return keras.Model(images, keras.layers.Dense(units)(keras.layers.Flatten()(images)))


def judge(shape=SHAPE):
    images = keras.Input(shape)
    return keras.Model(images, keras.layers.Dense(1)(keras.layers.Flatten()(images)))


def autoencoder():
    codes = keras.Input((3,))
    decoder = keras.Model(codes, keras.layers.Reshape(SHAPE)(keras.layers.Dense(64)(codes)))
    return kg.models.Autoencoder(dense(SHAPE), decoder)


def colorization():
    return kg.models.ColorizationRegression(kg.backbones.small_feature_map((None, None, 1), filters=2))


def context_encoder():
    codes = keras.Input((3,))
    decoder = keras.Model(codes, keras.layers.Reshape(SHAPE)(keras.layers.Dense(64)(codes)))
    return kg.models.ContextEncoder(dense(SHAPE), decoder, overlap=1)


def images(shape=SHAPE, count=4, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, *shape)).astype("float32")


def compiled(model, rate=0.1):
    model.compile({player: keras.optimizers.SGD(rate) for player in model.players()})
    return model


def test_without_weight_the_base_trains_as_alone():
    keras.utils.set_random_seed(1)
    alone = autoencoder()
    keras.utils.set_random_seed(1)
    base = autoencoder()
    alone.compile(keras.optimizers.SGD(0.1))
    together = compiled(AdversarialTerm(base, judge(), weight=0.0))
    for step in range(3):
        alone.train_on_batch(images(seed=step))
        together.train_on_batch(images(seed=step))
    for one, other in zip(alone.weights, base.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


class Bias(keras.layers.Layer):
    def build(self, shape):
        self.bias = self.add_weight((), "zeros")

    def call(self, x):
        return x + self.bias


def test_gradients_are_those_of_the_two_losses():
    """An identity with a bias b, at 0, and D(x) = d * sum(x), least squares: by hand.

    The network's loss is mean((x + b - x)^2) + w (D(x + b) - 1)^2 / 2, whose slope at b = 0 is w (D(x) - 1) d n; that
    of D is ((D(x) - 1)^2 + D(x + b)^2) / 2, whose slope in d is (2 D(x) - 1) sum(x).
    """
    inputs, codes = keras.Input((1, 2, 1)), keras.Input((2,))
    encoder = keras.Model(inputs, keras.layers.Flatten()(inputs))
    decoder = keras.Model(codes, keras.layers.Reshape((1, 2, 1))(Bias()(codes)))
    discriminator = judge((1, 2, 1))
    discriminator.layers[-1].kernel.assign([[0.5], [0.5]])
    discriminator.layers[-1].bias.assign([0.0])
    model = AdversarialTerm(
        kg.models.Autoencoder(encoder, decoder),
        discriminator,
        weight=0.25,
        adversarial_loss=losses.LeastSquaresGANLoss(),
    )
    compiled(model, rate=1.0)
    x = np.array([0.25, 0.75], "float32").reshape((1, 1, 2, 1))
    model.train_on_batch(x)
    value, n = 0.5, 2  # D(x), and the pixels
    np.testing.assert_allclose(decoder.trainable_variables[0], -0.25 * (value - 1) * 0.5 * n, rtol=1e-6)
    expected = 0.5 - (2 * value - 1) * x.reshape((2, 1))
    np.testing.assert_allclose(discriminator.layers[-1].kernel, expected, rtol=1e-6)


def super_resolution():
    return kg.models.ESPCN(kg.backbones.espcn(2, filters=(2, 2)))


def _masks(count):
    mask = np.zeros((count, 8, 8, 1), "float32")
    mask[:, 2:6, 2:6] = 1.0
    return mask


CASES = {
    "autoencoder": (autoencoder, {"image": images()}, SHAPE),
    "super_resolution": (
        super_resolution,
        {"low": images((4, 4, 3)), "high": images((8, 8, 3), seed=1)},
        (8, 8, 3),
    ),
    "context_encoder": (
        context_encoder,
        {"masked": images(), "image": images(seed=1), "mask": _masks(4)},
        SHAPE,
    ),
    "colorization": (colorization, {"image": images((8, 8, 3))}, (8, 8, 3)),
}


@pytest.mark.parametrize("case", CASES)
def test_every_maker_of_images_learns_from_its_discriminator(case):
    build, batch, shape = CASES[case]
    keras.utils.set_random_seed(2)
    base = build()
    model = compiled(AdversarialTerm(base, judge(shape), weight=1.0))
    x, y = model.split_inputs(model.batch(batch))
    y_pred = base(x, training=False)
    true, made = model.compared_images(x, model.matched(y, y_pred), y_pred)
    assert tuple(true.shape) == tuple(made.shape) == (4, *shape)
    if case != "colorization":  # whose true images have the coarse colours of predictions
        np.testing.assert_array_equal(true, batch["high" if "high" in batch else "image"])
    before = [np.array(weight) for weight in base.trainable_variables]
    model.train_on_batch(batch)
    assert any((np.array(new) != old).any() for new, old in zip(base.trainable_variables, before, strict=True))
    assert set(model.serving()) == set(base.serving())


def test_colours_are_compared_in_images_of_the_same_lightness():
    model = colorization()
    shown = images((8, 8, 3))
    x, y = model.split_inputs(model.batch(shown))
    true, made = model.compared_images(x, y, y / kg.models.pretext.colour_base.AB_SCALE)
    np.testing.assert_allclose(true, made, atol=1e-5)
    grey = np.repeat(np.linspace(-1, 1, 64, dtype="float32").reshape((1, 8, 8, 1)), 3, axis=-1)
    x, y = model.split_inputs(model.batch(grey))
    true, _ = model.compared_images(x, y, y)
    np.testing.assert_allclose(true, grey, atol=2e-3)  # the rounding of the Lab matrices


def test_it_is_saved_with_its_base(tmp_path):
    keras.utils.set_random_seed(3)
    model = compiled(AdversarialTerm(autoencoder(), judge(), weight=0.5))
    model.train_on_batch(images())
    model.save(tmp_path / "term.keras")
    loaded = keras.saving.load_model(tmp_path / "term.keras")
    np.testing.assert_array_equal(loaded.base.reconstruct(images()), model.base.reconstruct(images()))
    assert loaded.weight == 0.5
    for each in (model, loaded):
        each.train_on_batch(images(seed=1))
    for one, other in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_metrics_compare_clipped_images():
    model = AdversarialTerm(autoencoder(), judge())
    model.compile(
        {player: keras.optimizers.SGD(0.0) for player in model.players()}, metrics=[keras.metrics.MeanSquaredError()]
    )
    logs = model.evaluate(images(), verbose=0, return_dict=True)
    expected = np.mean(np.square(np.array(model.base.reconstruct(images())) - images()))
    np.testing.assert_allclose(logs["mean_squared_error"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: AdversarialTerm(judge(), judge()), TypeError, "`base` must be a method.*Received: Functional"),
        (
            lambda: AdversarialTerm(kg.models.Rotation(dense(SHAPE)), judge()),
            ValueError,
            "`base` must make images of others.*Received: Rotation",
        ),
        (
            lambda: AdversarialTerm(
                kg.models.DCGAN(kg.backbones.mlp_generator(SHAPE, 2, (3,)), judge(), latent_dim=2), judge()
            ),
            ValueError,
            "`base` must be a method trained by one optimizer.*DCGAN, of several players",
        ),
        (lambda: AdversarialTerm(autoencoder(), judge(), weight=-1.0), ValueError, "`weight` must"),
        (lambda: AdversarialTerm(autoencoder(), dense(SHAPE)), ValueError, "`discriminator` must give logits"),
    ],
)
def test_what_does_not_fit_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_one_step_in_xla():
    model = AdversarialTerm(autoencoder(), judge())
    model.compile(dict.fromkeys(model.players(), "sgd"), jit_compile=True)
    before = tf.identity(model.discriminator.trainable_variables[0])
    model.train_on_batch(images())
    assert bool(tf.reduce_any(before != model.discriminator.trainable_variables[0]))
