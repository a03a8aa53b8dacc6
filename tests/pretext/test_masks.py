import numpy as np
import pytest

from keras_genssl import pretext

IMAGE = np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)


def test_the_centre_is_hidden_and_nothing_else():
    made = pretext.center_masked({"image": IMAGE, "label": 1}, fraction=0.5, fill=7)
    assert set(made) == {"masked", "image", "mask"}
    hidden = np.zeros((12, 10, 1), bool)
    hidden[3:9, 2:7] = True  # 6 of 12 rows, 5 of 10 columns
    np.testing.assert_array_equal(made["mask"], 255 * hidden)
    np.testing.assert_array_equal(made["image"], IMAGE)
    np.testing.assert_array_equal(made["masked"], np.where(hidden, 7, IMAGE))
    assert made["masked"].dtype == made["mask"].dtype == np.uint8


def test_blocks_are_of_their_size_and_within_their_area():
    alone = pretext.block_masked({"image": IMAGE}, 3, blocks=1, area=0.25, fill=0)["mask"][..., 0] > 0
    rows, columns = (np.flatnonzero(alone.any(axis=axis)) for axis in (1, 0))
    assert (len(rows), len(columns)) == (6, 5)  # half of each side
    assert alone[np.ix_(rows, columns)].all()
    assert alone.sum() == 30
    for seed in range(50):
        made = pretext.block_masked({"image": IMAGE}, seed, blocks=3, area=0.25, fill=0)
        hidden = made["mask"][..., 0] > 0
        # Blocks of floor(12 * 0.2887) x floor(10 * 0.2887) = 3 x 2 pixels: one of them, where all three overlap.
        assert 6 <= hidden.sum() <= 18
        np.testing.assert_array_equal(made["masked"][hidden], 0)
        np.testing.assert_array_equal(made["masked"][~hidden], IMAGE[~hidden])


def test_places_are_drawn_evenly():
    image = np.zeros((4, 4, 1), np.uint8)
    corners = [
        tuple(np.argwhere(pretext.block_masked({"image": image}, seed, 1)["mask"][..., 0])[0]) for seed in range(1800)
    ]
    _, counts = np.unique(corners, axis=0, return_counts=True)
    assert len(counts) == 9  # of a 2 x 2 block in 4 x 4 pixels
    # 1800 draws of 9 places: four standard deviations, sqrt(1800 * 8/81) = 13.3, around 200.
    assert abs(counts - 200).max() < 54


def test_equal_seeds_equal_draws():
    first, second, other = (pretext.block_masked({"image": IMAGE}, seed)["mask"] for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (pretext.center_masked, {"fraction": 1.0}, r"`fraction` must lie in \(0, 1\). Received: fraction=1.0"),
        (pretext.center_masked, {"fraction": 0.01}, "`image` must be large enough to hide a part of it. Received: sh"),
        (pretext.center_masked, {"fill": 256}, "`fill` must be an integer in 0 ... 255. Received: fill=256"),
        (pretext.block_masked, {"blocks": 0}, "`blocks` must be an integer of at least 1. Received: blocks=0"),
        (pretext.block_masked, {"area": 0}, r"`area` must lie in \(0, 1\). Received: area=0"),
        (pretext.block_masked, {"blocks": 90}, r"`image` must be large enough for 90 blocks. Received: shape=\(12, 10"),
        (pretext.block_masked, {"fill": 0.5}, "`fill` must be an integer in 0 ... 255. Received: fill=0.5"),
    ],
)
def test_errors_name_the_argument(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function({"image": IMAGE}, 0, **arguments)
