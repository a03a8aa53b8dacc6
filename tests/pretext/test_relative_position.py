import numpy as np
import pytest

from keras_genssl import pretext

PLAIN = {"colour": None, "downsample": 0.0}


def coordinates(height, width):
    """A picture whose pixels say where they are: row, column, and both."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows ^ columns], axis=-1).astype(np.uint8)


def test_the_second_patch_lies_where_the_position_says():
    image = coordinates(35, 31)
    firsts, apart, positions = set(), set(), np.zeros(8, int)
    for seed in range(600):
        pair = pretext.relative_position({"image": image}, seed, patch_size=6, gap=3, jitter=2, **PLAIN)
        assert set(pair) == {"patches", "position"}
        corners = pair["patches"][:, 0, 0, :2].astype(int)
        for patch, (top, left) in zip(pair["patches"], corners, strict=True):
            np.testing.assert_array_equal(patch, image[top : top + 6, left : left + 6])
        moved = corners[1] - corners[0] - 9 * np.array(pretext.POSITIONS[pair["position"]])
        firsts.add(tuple(corners[0]))
        apart.add(tuple(moved))
        positions[pair["position"]] += 1
    assert apart == {(row, column) for row in range(-2, 3) for column in range(-2, 3)}
    # 28 pixels are needed: the first patch begins 11 after the place, of 0 to 7 and 0 to 3.
    assert firsts == {(row, column) for row in range(11, 19) for column in range(11, 15)}
    assert positions.min() > 45  # 75 expected, standard deviation 8.1
    assert positions.max() < 105


def test_positions_count_the_neighbours_row_by_row():
    image = np.arange(9, dtype=np.uint8).reshape(3, 3, 1)
    for seed in range(40):
        pair = pretext.relative_position({"image": image}, seed, patch_size=1, gap=0, jitter=0)
        assert pair["patches"][0] == 4
        assert pair["patches"][1] == [0, 1, 2, 3, 5, 6, 7, 8][pair["position"]]
        assert pair["position"].dtype == np.int32


def test_dropped_channels_are_noise_and_one_is_kept():
    image = np.random.default_rng(0).integers(256, size=(24, 24, 3), dtype=np.uint8)
    kept = np.zeros(3, int)
    for seed in range(300):
        settings = {"patch_size": 8, "gap": 0, "jitter": 0, "downsample": 0.0}
        pair = pretext.relative_position({"image": image}, seed, **settings)
        plain = pretext.relative_position({"image": image}, seed, **settings, colour=None)
        for patch, original in zip(pair["patches"], plain["patches"], strict=True):
            same = [bool((patch[..., channel] == original[..., channel]).all()) for channel in range(3)]
            assert sum(same) == 1
            noise = patch[..., [not equal for equal in same]]
            assert set(np.unique(noise)) == {127, 128}
            kept[same.index(True)] += 1
    assert kept.min() > 140  # 200 expected, standard deviation 11.5


def test_projection_takes_green_against_magenta_out():
    """Of green the part left is (1, 1, 1) / 3: 85 each; of blue it is (-1, 2, 5) / 6, cut off at 0; greys stay."""
    colours = {(0, 255, 0): (85, 85, 85), (0, 0, 240): (0, 80, 200), (9, 9, 9): (9, 9, 9)}
    for colour, expected in colours.items():
        image = np.full((3, 3, 3), colour, np.uint8)
        settings = {"patch_size": 1, "gap": 0, "jitter": 0}
        pair = pretext.relative_position({"image": image}, 0, **settings, colour="project")
        assert pair["patches"].reshape(2, 3).tolist() == [list(expected)] * 2


def test_some_patches_lose_resolution():
    """From one pixel to all of 64, drawn evenly; a checkerboard halved is grey."""
    checker = np.indices((24, 24)).sum(axis=0) % 2 * 200
    image = checker.astype(np.uint8)[..., None]
    settings = {"patch_size": 8, "gap": 0, "jitter": 0}
    deviations = np.array(
        [
            patch.std()
            for seed in range(300)
            for patch in pretext.relative_position({"image": image}, seed, **settings, least_pixels=1)["patches"]
        ]
    )
    assert 160 < (deviations < 99).sum() < 240  # 200 expected of 600, standard deviation 11.5; 100 is untouched
    assert (deviations == 0).any()
    untouched = pretext.relative_position({"image": image}, 0, **settings, downsample=1.0)["patches"]
    assert (untouched.std(axis=(1, 2, 3)) == 100).all()  # 64 pixels are no more than 100


def test_small_grey_images_and_seeds():
    example = {"image": np.random.default_rng(0).integers(256, size=(28, 28, 1), dtype=np.uint8), "label": 3}
    before = example["image"].copy()
    settings = {"patch_size": 8, "gap": 1, "jitter": 1}
    first, again, other = (pretext.relative_position(example, seed, **settings) for seed in (1, 1, 2))
    assert first["patches"].shape == (2, 8, 8, 1)
    assert first["patches"].dtype == np.uint8
    np.testing.assert_array_equal(first["patches"][0], example["image"][10:18, 10:18])
    np.testing.assert_array_equal(first["patches"], again["patches"])
    assert np.any(first["patches"] != other["patches"])
    np.testing.assert_array_equal(example["image"], before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patch_size": 0}, "`patch_size` must be an integer of at least 1. Received: patch_size=0"),
        ({"least_pixels": 0}, "`least_pixels` must be an integer of at least 1"),
        ({"gap": -1}, "`gap` must be an integer of at least 0"),
        ({"jitter": 2}, "`jitter` must be at most `gap`, or patches overlap. Received: jitter=2, gap=1"),
        ({"colour": "grey"}, "`colour` must be 'drop', 'project' or None. Received: colour='grey'"),
        ({"downsample": 2}, r"`downsample` must lie in \[0, 1\]. Received: downsample=2"),
        ({"patch_size": 9}, r"at least 31 pixels high.*2 \* jitter`\). Received: height=28, width=28"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    settings = {"patch_size": 8, "gap": 1, "jitter": 1, **arguments}
    with pytest.raises(ValueError, match=message):
        pretext.relative_position({"image": np.zeros((28, 28, 3), np.uint8)}, 0, **settings)
