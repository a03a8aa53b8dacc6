import numpy as np
import pytest
from PIL import Image, ImageOps

from keras_genssl import pretext
from keras_genssl.pretext.overlapping_patches import augment


def coordinates(height, width):
    """A picture whose pixels say where they are: row, column, and both."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows ^ columns], axis=-1).astype(np.uint8)


def test_patches_lie_on_a_grid_that_lies_anywhere():
    image = coordinates(14, 17)
    corners = set()
    for seed in range(200):
        grid = pretext.overlapping_patches({"image": image}, seed, patch_size=6, rows=3, columns=4, flip=0.0)
        assert set(grid) == {"patches"}
        top, left = grid["patches"][0, 0, 0, :2].astype(int)
        corners.add((top, left))
        for number, patch in enumerate(grid["patches"]):  # strides of 3, row by row
            y, x = top + 3 * (number // 4), left + 3 * (number % 4)
            np.testing.assert_array_equal(patch, image[y : y + 6, x : x + 6])
    assert corners == {(row, column) for row in range(3) for column in range(3)}


def test_half_of_the_images_are_mirrored():
    image = np.arange(4, dtype=np.uint8).reshape(1, 4, 1).repeat(4, axis=0)
    mirrored = 0
    for seed in range(400):
        grid = pretext.overlapping_patches({"image": image}, seed, patch_size=2, stride=2, rows=2, columns=2)
        rows = grid["patches"][:, 0, :, 0].tolist()
        assert rows in ([[0, 1], [2, 3]] * 2, [[3, 2], [1, 0]] * 2)
        mirrored += rows[0] == [3, 2]
    assert 150 < mirrored < 250  # 200 expected, standard deviation 10


def test_patches_turn_grey_each_by_itself():
    image = np.zeros((4, 4, 3), np.uint8)
    image[..., 1] = 200  # luma 117.4
    settings = {"patch_size": 2, "stride": 2, "rows": 2, "columns": 2, "grayscale": 0.25}
    grey = np.array(
        [pretext.overlapping_patches({"image": image}, seed, **settings)["patches"][:, 0, 0] for seed in range(250)]
    )
    is_grey = (grey == 117).all(axis=-1)
    assert (is_grey | (grey == [0, 200, 0]).all(axis=-1)).all()
    assert 190 < is_grey.sum() < 310  # 250 expected of 1000, standard deviation 13.7
    assert len(np.unique(is_grey.sum(axis=1))) > 1


def test_inner_squares_come_from_anywhere_in_a_patch_and_lie_in_black():
    image = coordinates(5, 5) + 1
    places = set()
    for seed in range(100):
        settings = {"patch_size": 5, "rows": 1, "columns": 1, "flip": 0.0, "inner_size": 2}
        patch = pretext.overlapping_patches({"image": image}, seed, **settings)["patches"][0]
        top, left = patch[1, 1, :2].astype(int) - 1
        np.testing.assert_array_equal(patch[1:3, 1:3], image[top : top + 2, left : left + 2])
        assert patch.astype(int).sum() == image[top : top + 2, left : left + 2].astype(int).sum()
        places.add((top, left))
    assert places == {(row, column) for row in range(4) for column in range(4)}


def test_operations_are_drawn_for_each_patch():
    image = np.random.default_rng(0).integers(256, size=(16, 16, 3), dtype=np.uint8)
    settings = {"patch_size": 8, "stride": 8, "rows": 2, "columns": 2, "flip": 0.0}
    plain = pretext.overlapping_patches({"image": image}, 3, **settings)["patches"]
    changed = pretext.overlapping_patches({"image": image}, 3, **settings, operations=1)["patches"]
    again = pretext.overlapping_patches({"image": image}, 3, **settings, operations=1)["patches"]
    np.testing.assert_array_equal(changed, again)
    rng = np.random.default_rng(3)
    rng.integers(1), rng.integers(1), rng.random()  # the place and the mirror
    for patch, result in zip(plain, changed, strict=True):
        operation, amount = pretext.OPERATIONS[rng.integers(11)], rng.uniform(-1, 1)
        np.testing.assert_array_equal(result, augment(patch, operation, amount))
        rng.random()  # of grey


def test_operations_do_what_they_say():
    image = np.random.default_rng(0).integers(256, size=(9, 9, 3), dtype=np.uint8)
    still = {name: augment(image, name, 0.0) for name in pretext.OPERATIONS}
    for name in ("brightness", "color", "contrast", "posterize", "rotate", "sharpness", "shear_x", "shear_y"):
        np.testing.assert_array_equal(still[name], image)
    np.testing.assert_array_equal(still["solarize"], np.where(image < 128, image, 255 - image))
    np.testing.assert_array_equal(still["equalize"], ImageOps.equalize(Image.fromarray(image)))
    np.testing.assert_array_equal(augment(image, "posterize", -1.0), image & 0b11110000)
    flat = np.full((1, 1, 1), 100, np.uint8)
    assert augment(flat, "brightness", 1.0).item() == 190
    assert augment(flat, "brightness", -1.0).item() == 10
    ramp = np.array([[[50], [150]]], np.uint8)
    assert augment(ramp, "autocontrast", 0.3).ravel().tolist() == [0, 255]
    assert augment(ramp, "contrast", -1.0).ravel().tolist() == [95, 105]  # a tenth of the distance to the mean of 100
    grey = augment(image, "color", -1.0).astype(int)
    assert np.ptp(grey, axis=-1).max() <= np.ptp(image.astype(int), axis=-1).max() / 10 + 1
    line = np.zeros((11, 11, 1), np.uint8)
    line[:, 5] = 200
    sheared = augment(line, "shear_x", 1.0)[..., 0]  # row y is moved left by 0.3 (y + 1/2) pixels
    assert [sheared[row].argmax() for row in (0, 3, 10)] == [5, 4, 2]
    np.testing.assert_array_equal(augment(np.swapaxes(line, 0, 1), "shear_y", 1.0)[..., 0], sheared.T)
    turned = Image.fromarray(image).rotate(15, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128))
    np.testing.assert_array_equal(augment(image, "rotate", 0.5), turned)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patch_size": 0}, "`patch_size` must be an integer of at least 1"),
        ({"stride": 0}, "`stride` must be an integer of at least 1. Received: stride=0"),
        ({"operations": -1}, "`operations` must be an integer of at least 0"),
        ({"flip": -0.1}, r"`flip` must lie in \[0, 1\]. Received: flip=-0.1"),
        ({"inner_size": 9}, "`inner_size` must be at most `patch_size`. Received: inner_size=9, patch_size=8"),
        ({"rows": 7}, r"at least 32 pixels high and 28 wide \(`patch_size.*Received: height=28, width=28"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    settings = {"patch_size": 8, "rows": 6, "columns": 6, **arguments}
    with pytest.raises(ValueError, match=message):
        pretext.overlapping_patches({"image": np.zeros((28, 28, 1), np.uint8)}, 0, **settings)


@pytest.mark.parametrize(
    ("operation", "amount", "message"),
    [
        ("invert", 0.0, r"`operation` must be one of \['autocontrast'.*Received: operation='invert'"),
        ("rotate", 2.0, r"`amount` must lie in \[-1, 1\]. Received: amount=2.0"),
    ],
)
def test_augment_refuses_what_breaks_a_rule(operation, amount, message):
    with pytest.raises(ValueError, match=message):
        augment(np.zeros((2, 2, 1), np.uint8), operation, amount)
