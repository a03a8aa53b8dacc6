"""BiGAN and ALI: the loss by hand, which pairs reach which network, and the inverse of a known generator."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

LATENT, POINT = 2, 5
RNG = np.random.default_rng(5)
REAL = RNG.normal(size=(6, POINT)).astype("float32")
PLAYERS = ("generator", "discriminator")
METHODS = {"BiGAN": (kg.models.BiGAN, LATENT), "ALI": (kg.models.ALI, 2 * LATENT)}


def linear(inputs: int, outputs: int, name: str) -> keras.Model:
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)], name=name)


def discriminator(point: int = POINT, latent: int = LATENT, units: int = 4, outputs: int = 1) -> keras.Model:
    points, latents = keras.Input((point,)), keras.Input((latent,))
    hidden = keras.layers.Dense(units, activation="tanh")(keras.layers.Concatenate()([points, latents]))
    return keras.Model([points, latents], keras.layers.Dense(outputs, name="logit")(hidden))


def made(name: str) -> kg.engine.PlayersModel:
    method, codes = METHODS[name]
    return method(linear(POINT, codes, "encoder"), linear(LATENT, POINT, "generator"), discriminator(), LATENT)


def softplus(values: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(values))


@pytest.mark.parametrize("name", METHODS)
def test_both_minimise_the_loss_of_pairs_one_with_the_sides_exchanged(name: str) -> None:
    model = made(name)
    seed = keras.ops.convert_to_numpy(model.seed.state)
    losses = model.player_losses({"image": tf.constant(REAL)}, PLAYERS)
    model.seed.state.assign(seed)
    latents = np.array(model.draw_latents(REAL))
    codes = np.array(model.encoder(REAL))
    if name == "ALI":
        noise = np.array(model.draw_latents(REAL))
        codes = codes[:, :LATENT] + np.exp(codes[:, LATENT:] / 2) * noise
    real = np.array(model.discriminator([REAL, codes]))[:, 0]
    fake = np.array(model.discriminator([np.array(model.generator(latents)), latents]))[:, 0]
    np.testing.assert_allclose(losses["discriminator"], softplus(-real) + softplus(fake), rtol=1e-4)
    np.testing.assert_allclose(losses["generator"], softplus(real) + softplus(-fake), rtol=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_a_discriminator_that_knows_nothing_costs_ln_2_a_side(name: str) -> None:
    model = made(name)
    model.discriminator.get_layer("logit").set_weights([np.zeros((4, 1)), np.zeros(1)])
    for values in model.player_losses({"image": tf.constant(REAL)}, PLAYERS).values():
        np.testing.assert_allclose(values, 2 * np.log(2), rtol=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_each_network_learns_from_its_own_pairs_alone(name: str) -> None:
    """The encoder from real images with their codes, the generator from latents with their images."""
    model = made(name)
    seed = keras.ops.convert_to_numpy(model.seed.state)
    with tf.GradientTape(persistent=True) as tape:
        losses = model.player_losses({"image": tf.constant(REAL)}, PLAYERS)
        model.seed.state.assign(seed)
        latents = model.draw_latents(REAL)
        of_real = keras.ops.softplus(model.discriminator([tf.constant(REAL), model.codes(tf.constant(REAL))])[:, 0])
        of_fakes = keras.ops.softplus(-model.discriminator([model.generator(latents), latents])[:, 0])
    for network, pairs, others in ((model.encoder, of_real, of_fakes), (model.generator, of_fakes, of_real)):
        given = tape.gradient(losses["generator"], network.trainable_variables)
        for one, other in zip(given, tape.gradient(pairs, network.trainable_variables), strict=True):
            assert np.abs(one).max() > 1e-4
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
        assert tape.gradient(others, network.trainable_variables) == [None, None]


def test_the_encoder_inverts_a_generator_that_is_given() -> None:
    """The images are the latents doubled: the code of x must become x / 2, although no loss says so."""
    keras.utils.set_random_seed(2)
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    generator.set_weights([np.array([[2.0]])])
    generator.trainable = False
    encoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model = kg.models.BiGAN(encoder, generator, discriminator(1, 1, 32), 1, ema=0.98)
    model.compile({player: keras.optimizers.Adam(5e-3, 0.5) for player in PLAYERS})
    images = 2 * np.random.default_rng(0).standard_normal((300 * 128, 1), dtype="float32")
    model.fit(images, batch_size=128, verbose=0)
    points = np.linspace(-3, 3, 7, dtype="float32")[:, None]
    np.testing.assert_allclose(model.encode(points), points / 2, atol=0.15)
    np.testing.assert_allclose(model.reconstruct(points), points, atol=0.3)


def test_a_mean_is_the_code_of_a_stochastic_encoder() -> None:
    model = made("ALI")
    np.testing.assert_allclose(model.encode(REAL), np.array(model.encoder(REAL))[:, :LATENT], rtol=1e-6)
    np.testing.assert_allclose(
        model.reconstruct(REAL), model.generator(np.array(model.encoder(REAL))[:, :LATENT]), rtol=1e-5
    )
    assert set(model.serving()) == {"generate", "encode", "reconstruct"}


def test_the_posterior_is_that_of_the_moving_average_and_in_training_the_encoders_own() -> None:
    """The average keeps the old weights w when the encoder has 2 w: what it gives doubles, without the bias."""
    networks = linear(POINT, 2 * LATENT, "encoder"), linear(LATENT, POINT, "generator"), discriminator()
    model = kg.models.ALI(*networks, LATENT, ema=0.9)
    old = np.array(model.encoder(REAL))
    model.encoder.set_weights([2 * weight for weight in model.encoder.get_weights()])
    for training, statistics in ((False, old), (True, 2 * old)):
        given = [np.array(each) for each in model.posterior(REAL, training=training)]
        np.testing.assert_allclose(np.concatenate(given, axis=1), statistics, rtol=1e-5)
    np.testing.assert_allclose(model.encode(REAL), old[:, :LATENT], rtol=1e-5)


@pytest.mark.parametrize(
    ("method", "encoder", "judge", "message"),
    [
        (
            kg.models.BiGAN,
            2 * LATENT,
            discriminator,
            r"`encoder` must take \(5,\), .* and give \(2,\) beside the batch",
        ),
        (kg.models.ALI, LATENT, discriminator, r"`encoder` must take \(5,\), .* and give \(4,\) beside the batch"),
        (
            kg.models.BiGAN,
            LATENT,
            lambda: discriminator(POINT, 3),
            r"`discriminator` must take inputs of shape \(5,\), ",
        ),
        (kg.models.BiGAN, LATENT, lambda: discriminator(outputs=3), r"`discriminator` must give logits .*\(None, 3\)"),
    ],
)
def test_errors(method, encoder: int, judge, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        method(linear(POINT, encoder, "encoder"), linear(LATENT, POINT, "generator"), judge(), LATENT)
