import functools

import numpy as np
import pytest
from PIL import Image

import keras_genssl as kg
from keras_genssl import pretext


def photograph(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("interpolation", [None, "bicubic"])
def test_patches_are_squares_of_the_whole(interpolation):
    scale, size, stride = 3, 12, 6
    pair = pretext.low_high(photograph(31, 26), scale, interpolation)
    patches = pretext.aligned_patches(pair, size, stride)
    factor = 1 if interpolation else scale
    corners = [(top, left) for top in (0, 6, 12, 18) for left in (0, 6, 12)]  # 30 x 24 after the crop
    assert len(patches) == len(corners)
    for patch, (top, left) in zip(patches, corners, strict=True):
        np.testing.assert_array_equal(patch["high"], pair["high"][top : top + size, left : left + size])
        low = pair["low"][top // factor :, left // factor :][: size // factor, : size // factor]
        np.testing.assert_array_equal(patch["low"], low)
        assert patch["low"].shape == (size // factor, size // factor, 3)


def test_low_patch_shows_what_its_high_patch_shows():
    """On a position-coded image the small patch's mean is that of its own large patch and no other's."""
    ramp = np.broadcast_to((np.arange(64) * 4)[:, None, None], (64, 64, 3)).astype(np.uint8)
    for patch in pretext.aligned_patches(pretext.low_high(ramp, 2), 16, 16):
        assert abs(patch["low"].mean() - patch["high"].mean()) < 1


def test_small_image_has_no_patch():
    assert pretext.aligned_patches(pretext.low_high(photograph(10, 20), 2), 12, 12) == []


@pytest.mark.parametrize(
    ("size", "stride", "message"),
    [
        (7, 4, "`patch_size` must be .* factor 2. Received: patch_size=7"),
        (8, 0, "stride=0"),
        (8.0, 2, "=8.0"),
    ],
)
def test_sizes_must_be_multiples(size, stride, message):
    with pytest.raises(ValueError, match=message):
        pretext.aligned_patches(pretext.low_high(photograph(16, 16), 2), size, stride)


def test_pair_must_fit():
    with pytest.raises(ValueError, match="integer factor larger"):
        pretext.aligned_patches({"low": photograph(5, 5), "high": photograph(10, 11)}, 4, 4)


def places(image, scale, size, interpolation):
    """All pairs of patches at multiples of `scale`, in bytes."""
    patches = pretext.aligned_patches(pretext.low_high(image, scale, interpolation), size, scale)
    return [(patch["low"].tobytes(), patch["high"].tobytes()) for patch in patches]


@pytest.mark.parametrize("interpolation", [None, "bicubic"])
def test_a_drawn_patch_is_an_aligned_one_and_all_places_are_even(interpolation):
    image = photograph(20, 17)  # 18 x 15 after the crop: 3 x 2 places of 12 pixels
    known = places(image, 3, 12, interpolation)
    assert len(set(known)) == 6
    drawn = [pretext.low_high_patch({"image": image, "label": 1}, seed, 3, 12, interpolation) for seed in range(600)]
    assert {tuple(sorted(patch)) for patch in drawn} == {("high", "low")}
    numbers = [known.index((patch["low"].tobytes(), patch["high"].tobytes())) for patch in drawn]
    # 100 of each: standard deviation 9.1.
    assert np.all(np.abs(np.bincount(numbers, minlength=6) - 100) < 5 * 9.2)
    side = 12 if interpolation else 4
    assert drawn[0]["low"].shape == (side, side, 3)
    assert drawn[0]["low"].flags.c_contiguous
    assert drawn[0]["high"].flags.c_contiguous


def test_equal_seeds_cut_equal_patches_at_the_place_that_all_interpolations_share():
    image = photograph(30, 40)
    for seed in range(10):
        first, second, large = (
            pretext.low_high_patch({"image": image}, seed, 2, 8, interpolation)
            for interpolation in (None, None, "bicubic")
        )
        assert first["low"].tobytes() == second["low"].tobytes()
        assert first["high"].tobytes() == second["high"].tobytes() == large["high"].tobytes()


def test_a_patch_as_large_as_the_image_is_the_pair_of_the_whole():
    image = photograph(9, 8)[..., :1]
    patch, pair = pretext.low_high_patch({"image": image}, 0, 2, 8), pretext.low_high(image, 2)
    np.testing.assert_array_equal(patch["high"], pair["high"])
    np.testing.assert_array_equal(patch["low"], pair["low"])


@pytest.mark.parametrize(
    ("image", "arguments", "message"),
    [
        (photograph(70, 63), {}, "must be at least `patch_size` = 64 pixels high and wide. Received: height=70, width"),
        (photograph(70, 70), {"patch_size": 7}, "`patch_size` must be a positive multiple of `scale`=2. .*=7"),
        (photograph(70, 70), {"patch_size": True, "scale": 1}, "`patch_size` must be .* Received: patch_size=True"),
        (photograph(70, 70), {"scale": 0}, "`scale` must be a positive integer. Received: scale=0"),
        (photograph(70, 70), {"interpolation": "cubic"}, "`interpolation` must be one of .*interpolation='cubic'"),
        (photograph(70, 70) / 255, {}, "`image` must be a uint8 array .* Received: dtype=float64"),
    ],
)
def test_what_cannot_be_cut_is_refused(image, arguments, message):
    with pytest.raises(ValueError, match=message):
        pretext.low_high_patch({"image": image}, 0, **arguments)


def test_super_resolution_learns_from_a_folder(tmp_path):
    images = {f"{number}.png": photograph(20 + number, 24, number) for number in range(4)}
    for name, image in images.items():
        Image.fromarray(image).save(tmp_path / name)
    patch = functools.partial(pretext.low_high_patch, scale=2, patch_size=16)
    pairs = kg.data.load(tmp_path, batch_size=2, transform=patch)
    cut = {pair for image in images.values() for pair in places(image, 2, 16, None)}
    for batch in pairs.as_numpy_iterator():
        assert {name: value.shape for name, value in batch.items()} == {"low": (2, 8, 8, 3), "high": (2, 16, 16, 3)}
        assert {(low.tobytes(), high.tobytes()) for low, high in zip(batch["low"], batch["high"], strict=True)} <= cut
    low, high = (next(iter(pairs))[name].numpy() / 127.5 - 1 for name in ("low", "high"))
    model = kg.models.EDSR(kg.backbones.edsr(scale=2, filters=2, blocks=1))
    model.compile("adam")
    error = np.abs(np.asarray(model.network(low.astype(np.float32))) - high).mean()
    history = model.fit(pairs, steps_per_epoch=1, verbose=0)
    assert history.history["loss"][0] == pytest.approx(error, rel=1e-5)
    assert model.optimizer.iterations == 1


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
