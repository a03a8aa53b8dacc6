"""InfoGAN's losses by hand, what codes its latents hold, and the information that it measures."""

import math

import keras
import numpy as np
import pytest

import keras_genssl as kg

LATENT, CATEGORIES, CONTINUOUS = 6, 3, 2
RNG = np.random.default_rng(3)


def generator(weights: np.ndarray | None = None) -> keras.Model:
    """Points that are a linear map of `[z, c, u]`."""
    network = keras.Sequential([keras.Input((LATENT,)), keras.layers.Dense(5, use_bias=False)])
    if weights is not None:
        network.set_weights([weights])
    return network


def discriminator(codes: int = CATEGORIES + CONTINUOUS, weights: np.ndarray | None = None) -> keras.Model:
    """A logit of a point, and codes that are a linear map of it."""
    points = keras.Input((5,))
    read = keras.layers.Dense(codes, use_bias=False, name="codes")
    network = keras.Model(points, [keras.layers.Dense(1)(points), read(points)])
    if weights is not None:
        read.set_weights([weights])
    return network


def infogan(*networks: keras.Model, **arguments: float) -> kg.models.InfoGAN:
    counts = {"num_categories": CATEGORIES, "num_continuous": CONTINUOUS}
    return kg.models.InfoGAN(*(networks or (generator(), discriminator())), LATENT, **{**counts, **arguments})


def softplus(values: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(values))


def test_both_players_minimise_what_is_unknown_of_the_codes() -> None:
    model = infogan(info_weight=2.0, continuous_weight=0.25)
    real = RNG.normal(size=(4, 5)).astype("float32")
    seed = keras.ops.convert_to_numpy(model.seed.state)
    losses = model.player_losses({"image": keras.ops.convert_to_tensor(real)}, ("generator", "discriminator"))
    model.seed.state.assign(seed)
    latents = np.array(model.draw_latents(real))
    told = []
    taken = np.zeros_like(latents)
    for row, latent in enumerate(latents):  # one noise, three for the category, two continuous
        taken[row, 0] = latent[0]
        taken[row, 1 + np.argmax(latent[1:4])] = 1.0
        taken[row, 4:] = [math.erf(value / math.sqrt(2)) for value in latent[4:]]
    fake = np.array(model.generator(taken))
    logits, codes = (np.array(output) for output in model.discriminator(fake))
    for row in range(4):
        unknown = math.log(sum(math.exp(value) for value in codes[row, :3])) - codes[row, np.argmax(taken[row, 1:4])]
        told.append(2.0 * (unknown + 0.25 * 0.5 * sum((taken[row, 4:] - codes[row, 3:]) ** 2)))
    of_real = np.array(model.discriminator(real)[0])[:, 0]
    np.testing.assert_allclose(losses["generator"], softplus(-logits[:, 0]) + told, rtol=1e-4)
    expected = softplus(-of_real) + softplus(logits[:, 0]) + told
    np.testing.assert_allclose(losses["discriminator"], expected, rtol=1e-4)


def test_information_is_nothing_of_a_blind_head_and_all_of_one_that_sees() -> None:
    blind = infogan(generator(), discriminator(weights=np.zeros((5, 5))))
    assert blind.information(30) == pytest.approx(0.0, abs=1e-6)
    # The generator shows c in three of five values; the head magnifies them.
    shows, sees = np.zeros((LATENT, 5)), np.zeros((5, 5))
    shows[1:4, :3], sees[:3, :3] = np.eye(3), 50.0 * np.eye(3)
    seeing = infogan(generator(shows), discriminator(weights=sees))
    assert seeing.information(30) == pytest.approx(math.log(3), abs=1e-6)
    hides = infogan(generator(np.zeros((LATENT, 5))), discriminator(weights=sees))
    assert hides.information(30) == pytest.approx(0.0, abs=1e-6)  # an equal guess, whatever c was
    images = seeing.sample(6, seed=1)
    np.testing.assert_array_equal(images[:, :3], np.eye(3)[[0, 1, 2, 0, 1, 2]])  # the categories in turn
    np.testing.assert_array_equal(seeing.categories(images).argmax(axis=-1), [0, 1, 2, 0, 1, 2])


def test_codes_are_uniform_where_latents_are_normal() -> None:
    model = infogan()
    taken = np.array(model.with_codes(np.random.default_rng(1).standard_normal((3000, LATENT), dtype="float32")))
    assert taken[:, 1:4].sum(axis=0) == pytest.approx([1000] * 3, abs=4 * math.sqrt(3000 * 2 / 9))
    for column in (4, 5):
        counts, _ = np.histogram(taken[:, column], bins=10, range=(-1, 1))
        assert counts == pytest.approx([300] * 10, abs=4 * math.sqrt(3000 * 0.09))
    np.testing.assert_array_equal(model.sample_latents(2, 5), model.sample_latents(7, 5)[:2])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: infogan(num_categories=1),
            "`num_categories` must be an integer of at least 2. Received: num_categories=1",
        ),
        (
            lambda: infogan(num_continuous=-1),
            "`num_continuous` must be an integer of at least 0. Received: num_continuous=-1",
        ),
        (lambda: infogan(num_categories=5), "`latent_dim` must be an integer of at least 8. Received: latent_dim=6"),
        (lambda: infogan(info_weight=-1.0), "`info_weight` must be at least 0 and finite. Received: info_weight=-1.0"),
        (lambda: infogan(generator(), discriminator(4)), r"`discriminator` must give logits and codes \(batch, 5\)"),
    ],
)
def test_errors(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
