import numpy as np
import pytest

from keras_genssl import pretext


def coordinates(height, width):
    """A picture whose pixels say where they are: row, column, and both."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows ^ columns], axis=-1).astype(np.uint8)


def test_patches_come_from_the_cells_that_the_order_names():
    """Of cells that are patches, in an image that is the grid, nothing is left to chance but the order."""
    image = coordinates(12, 12)
    orders = pretext.permutation_set(64)
    for seed in range(20):
        puzzle = pretext.jigsaw({"image": image}, seed, cell_size=4, patch_size=4, grayscale=0.0)
        assert set(puzzle) == {"patches", "permutation"}
        assert puzzle["permutation"].dtype == np.int32
        assert puzzle["permutation"].shape == ()
        for patch, cell in zip(puzzle["patches"], orders[puzzle["permutation"]], strict=True):
            top, left = 4 * (cell // 3), 4 * (cell % 3)
            np.testing.assert_array_equal(patch, image[top : top + 4, left : left + 4])


def test_patches_lie_anywhere_in_their_cells_and_cells_anywhere_in_the_image():
    image = coordinates(22, 25)
    orders = pretext.permutation_set(24, num_patches=4)
    firsts, places = set(), set()
    for seed in range(300):
        settings = {"num_permutations": 24, "cell_size": 10, "patch_size": 8, "grid": 2}
        puzzle = pretext.jigsaw({"image": image}, seed, **settings, grayscale=0.0, channel_shift=0)
        in_order = puzzle["patches"][np.argsort(orders[puzzle["permutation"]])]
        corners = in_order[:, 0, 0, :2].astype(int)
        for patch, (top, left) in zip(in_order, corners, strict=True):
            np.testing.assert_array_equal(patch, image[top : top + 8, left : left + 8])
        less_cells = corners - [[0, 0], [0, 10], [10, 0], [10, 10]]
        assert np.ptp(less_cells, axis=0).max() <= 2
        firsts.add(tuple(corners[0]))
        places.add(tuple(less_cells[0] - less_cells.min(axis=0)))
    # The crop lies in rows 0 to 2 and columns 0 to 5, a patch in 0 to 2 of its cell both ways.
    assert {row for row, _ in firsts} == set(range(5))
    assert {column for _, column in firsts} == set(range(8))
    assert places == {(row, column) for row in range(3) for column in range(3)}


def test_orders_are_drawn_evenly():
    image = np.zeros((9, 9, 1), np.uint8)
    counts = np.zeros(10, int)
    for seed in range(1000):
        counts[pretext.jigsaw({"image": image}, seed, 10, cell_size=3, patch_size=2)["permutation"]] += 1
    assert counts.min() > 60  # 100 expected, standard deviation 9.5
    assert counts.max() < 140


def test_channels_move_by_themselves_within_their_cells():
    """Each channel holds its own columns; a shift of one in a slack of 4 parts channels by at most two."""
    columns = np.tile(np.arange(36, dtype=np.uint8), (36, 1))
    image = np.repeat(columns[..., None], 3, axis=-1)
    apart = set()
    for seed in range(200):
        puzzle = pretext.jigsaw({"image": image}, seed, cell_size=12, patch_size=8, grayscale=0.0, channel_shift=1)
        lefts = puzzle["patches"][:, 0, 0].astype(int)  # (patch, channel)
        np.testing.assert_array_equal(puzzle["patches"][:, :, -1], lefts[:, None] + np.full((8, 1), 7))
        cells = pretext.permutation_set(64)[puzzle["permutation"]] % 3
        assert ((lefts >= 12 * cells[:, None]) & (lefts <= 12 * cells[:, None] + 4)).all()
        apart |= set(np.ptp(lefts, axis=1).tolist())
    assert apart == {0, 1, 2}


def test_a_part_of_the_images_is_grey():
    """BT.601: pure red has luma 76, green 150, blue 29; the image's own channels differ."""
    image = np.zeros((9, 9, 3), np.uint8)
    image[..., 0] = 255
    grey = 0
    for seed in range(1000):
        patches = pretext.jigsaw({"image": image}, seed, cell_size=3, patch_size=3)["patches"]
        colours = {tuple(pixel) for pixel in patches.reshape(-1, 3).tolist()}
        assert colours in ({(255, 0, 0)}, {(76, 76, 76)})
        grey += colours == {(76, 76, 76)}
    assert 240 < grey < 360  # 300 expected, standard deviation 14.5


def test_grey_images_and_seeds():
    rng = np.random.default_rng(0)
    example = {"image": rng.integers(256, size=(28, 28, 1), dtype=np.uint8), "label": 3}
    before = example["image"].copy()
    first, again, other = (pretext.jigsaw(example, seed, cell_size=9, patch_size=7) for seed in (1, 1, 2))
    assert first["patches"].shape == (9, 7, 7, 1)
    assert first["patches"].flags.c_contiguous
    np.testing.assert_array_equal(first["patches"], again["patches"])
    assert np.any(first["patches"] != other["patches"])
    np.testing.assert_array_equal(example["image"], before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_permutations": 2000}, "`count` must be an integer from 2 to 1512 for 9 patches"),
        ({"num_permutations": 64, "grid": 2}, "from 2 to 24 for 4 patches. Received: count=64"),
        ({"grid": 4}, "`grid` must be 2 or 3. Received: grid=4"),
        ({"cell_size": 0}, "`cell_size` must be an integer of at least 1. Received: cell_size=0"),
        ({"patch_size": 10}, "`patch_size` must be at most `cell_size`. Received: patch_size=10, cell_size=9"),
        ({"channel_shift": -1}, "`channel_shift` must be an integer of at least 0"),
        ({"grayscale": 1.5}, r"`grayscale` must lie in \[0, 1\]. Received: grayscale=1.5"),
        ({"cell_size": 10}, r"at least 30 pixels high and 30 wide \(`grid \* cell_size`\).*height=28, width=28"),
        ({"example": {"image": np.zeros((28, 28), np.uint8)}}, "`image` must be a uint8 array"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    example = {"image": np.zeros((28, 28, 1), np.uint8)}
    with pytest.raises(ValueError, match=message):
        pretext.jigsaw(**{"example": example, "seed": 0, "cell_size": 9, "patch_size": 7, **arguments})
