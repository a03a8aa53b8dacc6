import numpy as np
import pytest

from keras_genssl import pretext

IMAGE = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)


def test_turns_are_counter_clockwise_and_drawn_evenly():
    turned = {int(made["rotation"]): made["image"][..., 0].tolist() for made in map(_turned, range(20))}
    assert turned == {
        0: [[0, 1, 2], [3, 4, 5]],
        1: [[2, 5], [1, 4], [0, 3]],
        2: [[5, 4, 3], [2, 1, 0]],
        3: [[3, 0], [4, 1], [5, 2]],
    }
    counts = np.bincount([_turned(seed)["rotation"] for seed in range(2000)], minlength=4)
    # A fair draw of 2000 lies within four standard deviations, sqrt(2000 * 3/16) = 19.4, of 500.
    assert abs(counts - 500).max() < 78


def _turned(seed):
    return pretext.rotated({"image": IMAGE, "label": 3}, seed)


def test_equal_seeds_equal_draws_and_nothing_else_passes():
    first, second = _turned(5), _turned(5)
    assert set(first) == {"image", "rotation"}
    np.testing.assert_array_equal(first["image"], second["image"])
    assert first["rotation"] == second["rotation"]
    assert first["rotation"].dtype == np.int32
    assert first["image"].flags.c_contiguous


def test_a_float_image_is_refused():
    with pytest.raises(
        ValueError, match=r"`image` must be a uint8 array .* Received: dtype=float64, shape=\(2, 2, 3\)"
    ):
        pretext.rotated({"image": np.zeros((2, 2, 3))}, 0)
