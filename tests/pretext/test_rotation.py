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


def photograph(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def eight(image):
    turned = [np.rot90(image, k) for k in range(4)]
    return turned + [np.flip(t, axis=1) for t in turned]


def test_draws_the_eight_symmetries_evenly():
    image = photograph(6, 6)
    counts = np.zeros(8, int)
    for seed in range(800):
        drawn = pretext.dihedral({"image": image}, seed)["image"]
        (hit,) = [i for i, candidate in enumerate(eight(image)) if np.array_equal(candidate, drawn)]
        counts[hit] += 1
    assert counts.min() > 60  # 100 expected, standard deviation 9.4
    assert counts.max() < 140


@pytest.mark.parametrize("seed", range(16))
def test_commutes_with_downscaling(seed):
    image = photograph(24, 16)
    pair = pretext.dihedral(pretext.low_high(image, 2), seed, permute_channels=True)
    again = pretext.downscale(pair["high"], 2)
    # A transpose swaps the order of the two 8-bit roundings.
    assert np.abs(again.astype(int) - pair["low"].astype(int)).max() <= 2


def test_one_draw_for_all_images_and_nothing_else_changes():
    image = photograph(8, 8)
    example = {"a": image, "b": image[::2, ::2], "key": b"k", "label": np.int64(3)}
    for seed in range(20):
        drawn = pretext.dihedral(example, seed)
        (hit,) = [i for i, candidate in enumerate(eight(image)) if np.array_equal(candidate, drawn["a"])]
        np.testing.assert_array_equal(drawn["b"], eight(example["b"])[hit])
        assert (drawn["key"], drawn["label"]) == (b"k", 3)


def test_seed_reproduces_and_input_is_untouched():
    example = {"image": photograph(8, 8)}
    before = example["image"].copy()
    first = pretext.dihedral(example, 5, permute_channels=True)["image"]
    np.random.seed(1)
    np.testing.assert_array_equal(first, pretext.dihedral(example, 5, permute_channels=True)["image"])
    np.testing.assert_array_equal(example["image"], before)
    assert first.flags.c_contiguous


def test_channel_order_is_a_permutation_shared_by_the_pair():
    image = np.broadcast_to(np.array([1, 2, 3], np.uint8), (4, 4, 3))
    orders = set()
    for seed in range(60):
        drawn = pretext.dihedral({"low": image[:2, :2], "high": image}, seed, permute_channels=True)
        assert np.unique(drawn["high"].reshape(-1, 3), axis=0).shape == (1, 3)
        np.testing.assert_array_equal(drawn["low"][0, 0], drawn["high"][0, 0])
        orders.add(tuple(int(v) for v in drawn["high"][0, 0]))
    assert len(orders) == 6


def test_unequal_channels_are_refused():
    example = {"a": photograph(4, 4), "b": photograph(4, 4)[..., :1]}
    with pytest.raises(ValueError, match="equally many channels"):
        pretext.dihedral(example, 0, permute_channels=True)
