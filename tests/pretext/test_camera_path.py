import numpy as np
import pytest

from keras_genssl.pretext import camera_path, camera_tuple

# The value of a pixel is its place: red the row, green the column.
ROWS, COLUMNS = np.meshgrid(np.arange(100), np.arange(120), indexing="ij")
PLACES = np.stack([ROWS, COLUMNS, np.zeros_like(ROWS)], axis=-1).astype(np.uint8)


def test_the_path_is_straight_and_slow_at_its_ends():
    for seed in range(5):
        film = camera_path(PLACES, seed, num_frames=9, size=32).astype(float)
        centres = film[..., :2].mean(axis=(1, 2))  # (9, 2), of each view
        t = np.linspace(0, 1, 9)[:, None]
        expected = centres[0] + (3 * t**2 - 2 * t**3) * (centres[-1] - centres[0])
        # Linear values survive bilinear resampling, but for rounding to 8 bits and the mirrored reach at the edges.
        np.testing.assert_allclose(centres, expected, atol=0.75)


def test_views_are_squares_of_one_to_two_frames():
    sides = []
    for seed in range(40):
        film = camera_path(PLACES, seed, num_frames=2, size=32).astype(float)
        heights = film[:, -1, :, 0].mean(axis=1) - film[:, 0, :, 0].mean(axis=1)  # rows seen, less one sample
        widths = film[:, :, -1, 1].mean(axis=1) - film[:, :, 0, 1].mean(axis=1)
        np.testing.assert_allclose(heights, widths, atol=2)
        sides.extend(heights * 32 / 31)
    assert 31 < min(sides) < 40
    assert 56 < max(sides) < 65


def test_equal_seeds_give_equal_films():
    grey = PLACES[..., :1]
    first, again = (camera_path(grey, 3, 4, 16) for _ in range(2))
    assert first.shape == (4, 16, 16, 1)
    np.testing.assert_array_equal(first, again)
    assert np.any(camera_path(grey, 4, 4, 16) != first)


def test_tuples_of_a_path_tell_nothing_by_the_place_they_start_from():
    """Order and path are drawn apart: first views are the same in tuples that are in order and in others."""
    drawn = [camera_tuple({"image": PLACES}, seed, 12, 16, 5, 2, 0.5) for seed in range(600)]
    assert {tuple(sorted(one)) for one in drawn} == {("frames", "ordered")}
    ordered = np.array([one["ordered"] for one in drawn], bool)
    places = np.array([one["frames"][0, ..., :2].mean() for one in drawn])
    error = places.std() * np.sqrt(1 / ordered.sum() + 1 / (~ordered).sum())
    assert abs(places[ordered].mean() - places[~ordered].mean()) < 4 * error
    again = camera_tuple({"image": PLACES}, 5, 12, 16, 5, 2, 0.5)
    np.testing.assert_array_equal(again["frames"], drawn[5]["frames"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_frames": 1}, "`num_frames` must be an integer of at least 2. Received: num_frames=1"),
        ({"size": 0}, "`size` must be an integer of at least 1. Received: size=0"),
        ({"size": 101}, "`image` must be at least `size` = 101 pixels.*height=100, width=120"),
        ({"image": PLACES / 255}, "`image` must be a uint8 array"),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        camera_path(**{"image": PLACES, "seed": 0, **arguments})
