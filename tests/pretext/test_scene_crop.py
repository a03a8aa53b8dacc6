import numpy as np
import pytest
from PIL import Image

from keras_genssl.pretext import scene_crop


def ramp(height, width):
    """Red tells the row, green the column."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(height)[:, None], np.arange(width)
    return image


def test_an_image_of_the_load_size_is_only_cropped_at_the_place_of_the_seed():
    image, size, load_size = ramp(20, 33), 16, 20
    mirrored = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        down, across = rng.random(2)
        crop = scene_crop({"image": image}, seed, size, load_size)["image"]
        top, left = int(down * 5), int(across * 18)  # of 4 + 1 rows and 17 + 1 columns
        expected = image[top : top + size, left : left + size]
        mirrored += crop[0, 0, 1] > crop[0, -1, 1]
        np.testing.assert_array_equal(crop, expected[:, ::-1] if rng.integers(2) else expected)
        plain = scene_crop({"image": image}, seed, size, load_size, mirror=False)["image"]
        np.testing.assert_array_equal(plain, expected)
    assert 4 < mirrored < 16


def test_without_a_seed_it_is_the_middle():
    np.testing.assert_array_equal(scene_crop({"image": ramp(20, 33)}, None, 16, 20)["image"], ramp(20, 33)[2:18, 8:24])


def test_the_shorter_side_is_resized_and_both_are_without_the_ratio():
    image = ramp(60, 90)
    pillow = Image.fromarray(image).resize((30, 20), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(scene_crop({"image": image}, None, 20, 20)["image"], np.asarray(pillow)[:, 5:25])
    squeezed = Image.fromarray(image).resize((20, 20), Image.Resampling.BICUBIC)
    found = scene_crop({"image": image}, None, 20, 20, keep_ratio=False)["image"]
    np.testing.assert_array_equal(found, squeezed)
    assert scene_crop({"image": ramp(3, 1)}, 0, 16, 18)["image"].shape == (16, 16, 3)  # nothing is too small


def test_images_of_one_scene_are_cut_at_one_place_whatever_their_channels():
    image = ramp(20, 33)
    for seed in range(5):
        made = scene_crop({"first": image, "second": image[..., 1:2]}, seed, 16, 20)
        np.testing.assert_array_equal(made["second"][..., 0], made["first"][..., 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "`size` must be an integer of at least 1. Received: size=0"),
        ({"size": 8, "load_size": 7}, "`load_size` must be an integer of at least `size`=8. Received: load_size=7"),
        ({"size": 8, "load_size": 8.5}, "`load_size` must be an integer"),
    ],
)
def test_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        scene_crop({"image": ramp(9, 9)}, 0, **arguments)
