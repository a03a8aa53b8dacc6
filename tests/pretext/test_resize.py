import numpy as np
import pytest
from PIL import Image

from keras_genssl import pretext
from keras_genssl.pretext import canvas_print


def photograph(height, width, channels=3, seed=0):
    """Noise of two frequencies: edges, overshoot and clipping all occur."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.integers(0, 256, (height // 4 + 1, width // 4 + 1, channels)), np.ones((4, 4, 1)))
    fine = rng.integers(-40, 41, (height, width, channels))
    return np.clip(coarse[:height, :width] + fine, 0, 255).astype(np.uint8)


def keys(x, a=-0.5):
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def filter_matrix(size, new_size):
    """Row i: weights of the old pixels in new pixel i, the kernel stretched where the image shrinks."""
    ratio = size / new_size
    stretch = max(ratio, 1.0)
    centres = (np.arange(new_size) + 0.5) * ratio
    weights = keys((np.arange(size) + 0.5 - centres[:, None]) / stretch)
    return weights / weights.sum(axis=1, keepdims=True)


def naive_bicubic(image, height, width):
    def byte(x):
        return np.clip(np.floor(x + 0.5), 0, 255)

    rows = byte(np.einsum("ij,hjc->hic", filter_matrix(image.shape[1], width), image.astype(np.float64)))
    return byte(np.einsum("ij,jwc->iwc", filter_matrix(image.shape[0], height), rows))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_downscale_is_antialiased_keys_bicubic(scale):
    image = photograph(37, 50)
    expected = naive_bicubic(image[: 37 - 37 % scale, : 50 - 50 % scale], 37 // scale, 50 // scale)
    difference = np.abs(pretext.downscale(image, scale).astype(int) - expected)
    assert difference.max() <= 1  # fixed-point coefficients
    assert difference.mean() < 0.01


def test_upscale_bicubic_is_keys_without_stretching():
    image = photograph(11, 9)
    difference = np.abs(pretext.upscale(image, 3).astype(int) - naive_bicubic(image, 33, 27))
    assert difference.max() <= 1


def test_upscale_nearest_repeats_pixels():
    image = photograph(5, 6)
    np.testing.assert_array_equal(pretext.upscale(image, 3, "nearest"), image.repeat(3, axis=0).repeat(3, axis=1))


@pytest.mark.parametrize("interpolation", ["bilinear", "lanczos"])
def test_upscale_is_pillow(interpolation):
    image = photograph(5, 6)
    expected = Image.fromarray(image).resize((12, 10), Image.Resampling[interpolation.upper()])
    np.testing.assert_array_equal(pretext.upscale(image, 2, interpolation), np.asarray(expected))


def test_gray_is_one_channel_of_colour():
    image = photograph(13, 10)
    np.testing.assert_array_equal(pretext.downscale(image[..., 1:2], 2), pretext.downscale(image, 2)[..., 1:2])


def test_low_high_both_variants():
    image = photograph(13, 11)
    small = pretext.low_high(image, 3)
    assert small["low"].shape == (4, 3, 3)
    np.testing.assert_array_equal(small["high"], image[:12, :9])
    large = pretext.low_high(image, 3, "bilinear")
    np.testing.assert_array_equal(large["low"], pretext.upscale(small["low"], 3, "bilinear"))
    np.testing.assert_array_equal(large["high"], small["high"])


def test_scale_one_is_the_identity():
    image = photograph(5, 7)
    np.testing.assert_array_equal(pretext.downscale(image, 1), image)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda image: pretext.downscale(image.astype(np.float32), 2), "`image` must be a uint8 array"),
        (lambda image: pretext.downscale(image[..., 0], 2), r"shape=\(8, 8\)"),
        (lambda image: pretext.downscale(image, 2.0), r"`scale` must be a positive integer.*scale=2.0"),
        (lambda image: pretext.downscale(image, 0), "scale=0"),
        (lambda image: pretext.downscale(image, 9), "at least `scale` pixels.*scale=9, height=8"),
        (lambda image: pretext.upscale(image, 2, "cubic"), "`interpolation` must be one of .*'cubic'"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call(photograph(8, 8))


def test_pixel_by_pixel() -> None:
    image = np.random.default_rng(1).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    printed = canvas_print(image, warmth=2.0, depth=0.25)
    for row in range(7):
        for column in range(9):
            thread = (row // 2) % 2 == (column // 2) % 2
            for channel, gamma in enumerate((0.5, 1.0, 2.0)):
                value = 255 * (image[row, column, channel] / 255) ** gamma * (0.75 if thread else 1.0)
                assert abs(printed[row, column, channel] - value) <= 0.5 + 1e-9  # rounded


def test_the_weave_goes_through_patches_cut_at_multiples_of_its_period() -> None:
    image = np.random.default_rng(2).integers(0, 256, (16, 16, 1), dtype=np.uint8)
    np.testing.assert_array_equal(canvas_print(image)[4:12, 8:], canvas_print(image[4:12, 8:]))
    assert np.any(canvas_print(image)[2:12, 8:] != canvas_print(image[2:12, 8:]))


def test_nothing_changes_without_warmth_and_depth() -> None:
    image = np.random.default_rng(3).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(canvas_print(image, warmth=1, depth=0), image)


def test_errors_name_argument_rule_and_value() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match=r"`warmth` must be positive\. Received: warmth=0"):
        canvas_print(image, warmth=0)
    with pytest.raises(ValueError, match=r"`depth` must lie in \[0, 1\)\. Received: depth=1"):
        canvas_print(image, depth=1)
