"""EBGAN's losses by hand, what the margin stops, and whom the pulling-away term reaches."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

LATENT, POINT, CODE = 2, 5, 3
PLAYERS = ("generator", "discriminator")
REAL = np.random.default_rng(4).normal(size=(6, POINT)).astype("float32")


def linear(inputs: int, outputs: int) -> keras.Model:
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])


def ebgan(**arguments: float) -> kg.models.EBGAN:
    keras.utils.set_random_seed(3)
    discriminator = kg.backbones.with_code(linear(POINT, CODE), linear(CODE, POINT))
    return kg.models.EBGAN(linear(LATENT, POINT), discriminator, LATENT, **arguments)


def passed(model: kg.models.EBGAN) -> tuple[dict[str, tf.Tensor], dict[str, list[np.ndarray]]]:
    """The losses of one pass, always of the same draws, and their gradients as the engine takes them."""
    model.seed.state.assign([1, 2])
    with tf.GradientTape(persistent=True) as tape:
        losses = model.player_losses({"image": tf.constant(REAL)}, PLAYERS)
    return losses, {player: tape.gradient(losses[player], model.variables_of(player)) for player in PLAYERS}


def naive(model: kg.models.EBGAN) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The energies of real points and of the fakes, and the codes of these."""
    model.seed.state.assign([1, 2])
    fakes = np.array(model.generator(model.draw_latents(REAL)))
    (rebuilt, _), (again, codes) = (model.discriminator(points) for points in (REAL, fakes))
    return np.mean((REAL - rebuilt) ** 2, axis=1), np.mean((fakes - again) ** 2, axis=1), np.array(codes)


def test_the_losses_are_those_of_a_naive_computation() -> None:
    model = ebgan(margin=1.0, pulling_away=0.3)
    real, fake, codes = naive(model)
    margin = float(np.median(fake))  # between the energies of the fakes
    model.margin = margin
    losses, _ = passed(model)
    hinge = np.array([max(0.0, margin - energy) for energy in fake])
    assert 0 < np.count_nonzero(hinge) < len(hinge)
    np.testing.assert_allclose(losses["discriminator"], real + hinge, rtol=1e-5)
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    alike = [np.mean([(unit[i] @ unit[j]) ** 2 for j in range(6) if j != i]) for i in range(6)]
    np.testing.assert_allclose(losses["generator"], fake + 0.3 * np.array(alike), rtol=1e-5)
    np.testing.assert_allclose(model.energy(REAL), real, rtol=1e-5)
    np.testing.assert_array_equal(model.codes(REAL), model.discriminator(REAL)[1])


def test_fakes_above_the_margin_teach_the_discriminator_nothing() -> None:
    """Its gradient is then that of an autoencoder of real points alone, and below the margin it is not."""
    model = ebgan(margin=1e-6)
    assert naive(model)[1].min() > 1e-6
    with tf.GradientTape() as tape:
        rebuilt, _ = model.discriminator(REAL)
        alone = tf.reduce_mean(tf.square(REAL - rebuilt), axis=1)
    expected = tape.gradient(alone, model.discriminator.trainable_variables)
    for margin, same in ((1e-6, True), (1e6, False)):
        model.margin = margin
        found = passed(model)[1]["discriminator"]
        assert all(np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(found, expected, strict=True)) == same


def test_the_pulling_away_term_reaches_the_generator_alone() -> None:
    model = ebgan(margin=100.0)
    _, without = passed(model)
    model.pulling_away = 0.5
    _, half = passed(model)
    model.pulling_away = 1.0
    _, full = passed(model)
    for one, other in zip(without["discriminator"], full["discriminator"], strict=True):
        np.testing.assert_array_equal(one, other)
    moved = 0.0
    for none, one, two in zip(without["generator"], half["generator"], full["generator"], strict=True):
        np.testing.assert_allclose(two - none, 2 * (one - none), rtol=1e-3, atol=1e-5)
        moved = max(moved, np.abs(two - none).max())
    assert moved > 1e-3


def test_an_autoencoder_of_two_networks_gives_their_image_and_their_code() -> None:
    encoder, decoder = linear(POINT, CODE), linear(CODE, POINT)
    joined = kg.backbones.with_code(encoder, decoder)
    rebuilt, codes = joined(REAL)
    np.testing.assert_array_equal(codes, encoder(REAL))
    np.testing.assert_allclose(rebuilt, decoder(encoder(REAL)), rtol=1e-6)
    assert {id(weight) for weight in joined.weights} == {id(w) for w in (*encoder.weights, *decoder.weights)}
    with pytest.raises(ValueError, match=r"`decoder` must take the codes that `encoder` gives, \(3,\). Received: .4,."):
        kg.backbones.with_code(encoder, linear(4, POINT))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ebgan(margin=0), "`margin` must be positive and finite. Received: margin=0"),
        (lambda: ebgan(margin=np.inf), "`margin` must be positive and finite. Received: margin=inf"),
        (lambda: ebgan(pulling_away=-0.1), "`pulling_away` must be at least 0 and finite. Received: pulling_away=-0.1"),
        (
            lambda: kg.models.EBGAN(linear(LATENT, POINT), linear(POINT, POINT), LATENT),
            "`discriminator` must give reconstructions and codes, .* Received: .* with 1 outputs",
        ),
        (
            lambda: kg.models.EBGAN(
                linear(LATENT, POINT), kg.backbones.with_code(linear(POINT, 3), linear(3, 4)), LATENT
            ),
            r"`discriminator` must give reconstructions of shape \(5,\), which it takes.* Received: .*\(4,\)",
        ),
    ],
)
def test_errors(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
