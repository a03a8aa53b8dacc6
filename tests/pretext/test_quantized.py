import numpy as np
import pytest

from keras_genssl import pretext

GREYS = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)


@pytest.mark.parametrize("num_levels", [2, 5, 16, 256])
def test_a_pixel_becomes_the_nearest_level(num_levels):
    levels = np.linspace(0, 255, num_levels)
    nearest = np.abs(GREYS.reshape(-1, 1) - levels).argmin(axis=1)
    np.testing.assert_array_equal(pretext.level_numbers(GREYS, num_levels).ravel(), nearest)
    result = pretext.quantized({"image": GREYS, "label": 3}, seed=0, num_levels=num_levels)
    np.testing.assert_array_equal(result["image"].ravel(), np.rint(levels[nearest]))
    assert (result["image"].dtype, result["label"]) == (np.uint8, 3)


def test_two_levels_are_the_binarisation_and_all_levels_the_image():
    np.testing.assert_array_equal(pretext.quantize(GREYS, 2), pretext.binarized({"image": GREYS}, 0)["image"])
    np.testing.assert_array_equal(pretext.quantize(GREYS, 256), GREYS)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"`num_levels` must lie in \[2, 256\]. Received: num_levels=1"):
        pretext.quantize(GREYS, 1)
    with pytest.raises(ValueError, match=r"`images` must be uint8\. Received: float32"):
        pretext.quantize(GREYS.astype("float32"), 4)
