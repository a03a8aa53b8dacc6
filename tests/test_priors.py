"""Priors are held against their moments, which are derived beside each."""

import json
import math

import keras
import numpy as np
import pytest

from keras_genssl.priors import Categorical, Gaussian, GaussianMixture, Prior, SwissRoll

NUM = 40_000
PRIORS = [Gaussian(3, 2.0), GaussianMixture(5), SwissRoll(), Categorical(4)]


def drawn(prior: Prior, seed: int = 1) -> np.ndarray:
    return np.array(prior.draw(NUM, keras.random.SeedGenerator(seed)), np.float64)


def assert_mean(values: np.ndarray, expected: float) -> None:
    """The mean of a sample, within four standard errors."""
    assert abs(values.mean() - expected) < 4 * values.std() / math.sqrt(len(values))


def test_moments_of_the_gaussian() -> None:
    codes = drawn(Gaussian(3, scale=5.0))
    for unit in codes.T:
        assert_mean(unit, 0.0)
        assert_mean(unit**2, 25.0)
        assert_mean(unit**4, 3 * 625.0)
    assert_mean(codes[:, 0] * codes[:, 1], 0.0)


def test_moments_of_the_mixture() -> None:
    codes = drawn(GaussianMixture(10, radius=2.0, radial=0.3, tangential=0.1))
    # The centres of a ring have mean 0 and, of three or more, as much variance along one axis as along the other.
    for unit in codes.T:
        assert_mean(unit, 0.0)
        assert_mean(unit**2, (2.0**2 + 0.3**2 + 0.1**2) / 2)
    assert_mean(codes[:, 0] * codes[:, 1], 0.0)


def test_components_of_the_mixture_are_as_frequent_and_point_outwards() -> None:
    # Four components, far apart: each code is near the component of its quadrant around the axes.
    codes = drawn(GaussianMixture(4, radius=10.0, radial=0.5, tangential=0.2))
    component = np.round(np.arctan2(codes[:, 1], codes[:, 0]) / (math.pi / 2)).astype(int) % 4
    for number in range(4):
        own = codes[component == number]
        assert abs(len(own) / NUM - 0.25) < 4 * math.sqrt(0.25 * 0.75 / NUM)
        out = np.array([math.cos(number * math.pi / 2), math.sin(number * math.pi / 2)])
        across = np.array([-out[1], out[0]])
        assert_mean(own @ out, 10.0)
        assert_mean((own @ out - 10.0) ** 2, 0.25)
        assert_mean(own @ across, 0.0)
        assert_mean((own @ across) ** 2, 0.04)


def test_the_swiss_roll_is_a_spiral_with_its_moments() -> None:
    turns, radius = 2, 3.0
    codes = drawn(SwissRoll(turns, radius))
    along = np.linalg.norm(codes, axis=1) / radius
    spiral = radius * along[:, None] * np.stack([np.cos(4 * math.pi * along), np.sin(4 * math.pi * along)], axis=1)
    np.testing.assert_allclose(codes, spiral, atol=1e-4)
    assert_mean(along**2, 0.5)  # u itself, uniform
    assert_mean(along**4, 1 / 3)
    # t = sqrt(u) has the density 2 t, so E z = integral of 2 r t^2 (cos w t, sin w t) with w = 2 pi turns: by parts
    # (4 r / w^2, -2 r / w).
    w = 2 * math.pi * turns
    assert_mean(codes[:, 0], 4 * radius / w**2)
    assert_mean(codes[:, 1], -2 * radius / w)


def test_categories_are_one_hot_and_as_frequent() -> None:
    codes = drawn(Categorical(4))
    np.testing.assert_array_equal(np.sort(codes, axis=1), np.tile([0.0, 0.0, 0.0, 1.0], (NUM, 1)))
    for unit in codes.T:
        assert_mean(unit, 0.25)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: type(prior).__name__)
def test_each_draw_is_new_and_the_seed_gives_it(prior: Prior) -> None:
    seed = keras.random.SeedGenerator(3)
    first, second = (np.array(prior.draw(20, seed)) for _ in range(2))
    assert first.shape == (20, prior.dim)
    assert first.dtype == np.float32
    assert (first != second).any()
    np.testing.assert_array_equal(first, prior.draw(20, keras.random.SeedGenerator(3)))
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert (type(restored), vars(restored)) == (type(prior), vars(prior))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Gaussian(np.int64(3), np.float32(0.5)), {"dim": 3, "scale": 0.5}),
        (Categorical(np.int32(4)), {"dim": 4}),
        (SwissRoll(np.int64(2), np.float64(3)), {"turns": 2.0, "radius": 3.0}),
        (
            GaussianMixture(np.int64(5), np.int64(2)),
            {"num_components": 5, "radius": 2.0, "radial": 0.4, "tangential": 0.1},
        ),
    ],
)
def test_numbers_of_numpy_are_numbers_and_go_into_json(given: Prior, expected: dict) -> None:
    assert json.loads(json.dumps(given.get_config())) == expected


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Gaussian(0), "`dim` must be an integer of at least 1. Received: dim=0"),
        (lambda: Gaussian(2.0), "`dim` must be an integer of at least 1. Received: dim=2.0"),
        (lambda: Gaussian(True), "`dim` must be an integer of at least 1. Received: dim=True"),
        (lambda: Gaussian(2, scale=True), "`scale` must be positive and finite. Received: scale=True"),
        (lambda: SwissRoll(radius="3"), "`radius` must be positive and finite. Received: radius='3'"),
        (lambda: Gaussian(2, scale=0.0), "`scale` must be positive and finite. Received: scale=0.0"),
        (lambda: GaussianMixture(1), "`num_components` must be an integer of at least 2. Received: num_components=1"),
        (lambda: GaussianMixture(radius=-1.0), "`radius` must be positive and finite. Received: radius=-1.0"),
        (lambda: GaussianMixture(tangential=math.nan), "`tangential` must be positive and finite"),
        (lambda: SwissRoll(turns=0), "`turns` must be positive and finite. Received: turns=0"),
        (lambda: Categorical(1), "`dim` must be an integer of at least 2. Received: dim=1"),
    ],
)
def test_bad_arguments_are_named(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
