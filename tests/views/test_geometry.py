"""Crops, flips and blurs against Pillow and NumPy, image by image."""

import keras
import numpy as np
import pytest
from PIL import Image

from keras_genssl.views import GaussianBlur, RandomFlip, RandomResizedCrop, Solarize


def pictures(count, height, width, channels, seed=0):
    """Noise from -1 to 1, both reached: cubic interpolation overshoots."""
    return (
        np.random.default_rng(seed).choice([-1.0, -0.3, 0.2, 1.0], (count, height, width, channels)).astype("float32")
    )


def chances(view, count, seed=0):
    return np.random.default_rng(seed).random((count, view.num_chances), dtype="float32")


@pytest.mark.parametrize(("interpolation", "filter"), [("bicubic", Image.BICUBIC), ("bilinear", Image.BILINEAR)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_crop_is_pillows(interpolation, filter, channels):
    """Boxes larger and smaller than the view: in one direction each, in both, and one pixel."""
    images = pictures(5, 20, 24, channels)
    boxes = {
        "top": [0, 3, 8, 0, 19],
        "left": [0, 5, 0, 20, 7],
        "height": [20, 5, 12, 20, 1],
        "width": [24, 19, 7, 4, 1],
    }
    view = RandomResizedCrop((8, 11), interpolation=interpolation)
    found = view.apply(images, {name: np.array(values, "float32") for name, values in boxes.items()})
    for i, image in enumerate(images):
        top, left, height, width = (boxes[name][i] for name in ("top", "left", "height", "width"))
        for channel in range(channels):
            crop = Image.fromarray(image[top : top + height, left : left + width, channel])
            expected = np.clip(np.array(crop.resize((11, 8), filter)), -1, 1)
            np.testing.assert_allclose(found[i, ..., channel], expected, atol=2e-6)


def test_the_whole_image_at_its_size_is_the_image():
    images = pictures(2, 9, 7, 3)
    whole = {"top": [0, 0], "left": [0, 0], "height": [9, 9], "width": [7, 7]}
    whole = {name: np.array(values, "float32") for name, values in whole.items()}
    np.testing.assert_allclose(RandomResizedCrop((9, 7)).apply(images, whole), images, atol=1e-6)


def torchvisions_box(chance, rows, columns, scale, ratio):
    """RandomResizedCrop.get_params, with the random numbers given."""
    for attempt in range(10):
        area = rows * columns * (scale[0] + (scale[1] - scale[0]) * chance[attempt])
        aspect = np.exp(np.log(ratio[0]) + (np.log(ratio[1]) - np.log(ratio[0])) * chance[10 + attempt])
        width, height = round(np.sqrt(area * aspect)), round(np.sqrt(area / aspect))
        if 0 < width <= columns and 0 < height <= rows:
            return int(chance[20] * (rows - height + 1)), int(chance[21] * (columns - width + 1)), height, width
    width, height = columns, rows
    if columns / rows < ratio[0]:
        height = round(columns / ratio[0])
    elif columns / rows > ratio[1]:
        width = round(rows * ratio[1])
    return (rows - height) // 2, (columns - width) // 2, height, width


@pytest.mark.parametrize(
    ("rows", "columns", "scale", "ratio"),
    [
        (28, 28, (0.08, 1.0), (3 / 4, 4 / 3)),
        (20, 60, (0.2, 1.0), (3 / 4, 4 / 3)),  # many attempts fail
        (10, 41, (0.9, 1.0), (1.0, 1.0)),  # all fail: a central square
        (41, 10, (0.9, 1.0), (0.5, 2.0)),
        (12, 12, (1.0, 1.0), (1.1, 1.2)),  # all fail, and the image itself is too high
    ],
)
def test_a_box_is_torchvisions(rows, columns, scale, ratio):
    view = RandomResizedCrop(8, scale, ratio)
    numbers = chances(view, 200)
    drawn = view.draw(keras.ops.convert_to_tensor(numbers), (rows, columns, 3))
    found = np.stack([drawn[name] for name in ("top", "left", "height", "width")], axis=1)
    expected = [torchvisions_box(chance.astype(float), rows, columns, scale, ratio) for chance in numbers]
    np.testing.assert_array_equal(found, expected)


def test_boxes_are_spread_as_said():
    """Where every box fits, the area is uniform, the log of the ratio and the place too: means within 4 deviations."""
    view, count, side = RandomResizedCrop(8, scale=(0.1, 0.5)), 4000, 1000
    drawn = view.draw(keras.ops.convert_to_tensor(chances(view, count)), (side, side, 3))
    top, left, height, width = (np.array(drawn[name]) for name in ("top", "left", "height", "width"))
    error = 4 / np.sqrt(12 * count)  # of the mean of uniform numbers on an interval of length 1
    assert abs((height * width).mean() / side**2 - 0.3) < 0.4 * error
    assert abs(np.log(width / height).mean()) < 2 * np.log(4 / 3) * error
    for place, spare in ((top, side - height), (left, side - width)):
        assert abs((place / spare).mean() - 0.5) < error
        assert (place >= 0).all()
        assert (place <= spare).all()


def test_a_flip_exchanges_left_and_right():
    images = pictures(3, 4, 5, 3)
    found = RandomFlip().apply(images, {"flip": np.array([True, False, True])})
    np.testing.assert_array_equal(found, [images[0, :, ::-1], images[1], images[2, :, ::-1]])


@pytest.mark.parametrize(("kernel_size", "size"), [(5, 5), (None, 3)])
def test_a_blur_is_a_mirrored_convolution(kernel_size, size):
    images, sigmas = pictures(3, 9, 12, 3), np.array([0.3, 2.0, 0.0], "float32")
    found = GaussianBlur(kernel_size=kernel_size).apply(images, {"sigma": sigmas})
    radius = size // 2
    for image, sigma, blurred in zip(images[:2], sigmas, found, strict=False):
        kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * float(sigma) ** 2))
        kernel = np.outer(kernel, kernel) / kernel.sum() ** 2
        padded = np.pad(image, ((radius, radius), (radius, radius), (0, 0)), mode="reflect")
        expected = np.empty_like(image)
        for y, x in np.ndindex(*image.shape[:2]):
            expected[y, x] = np.einsum("ij,ijc->c", kernel, padded[y : y + size, x : x + size])
        np.testing.assert_allclose(blurred, expected, atol=1e-6)
    np.testing.assert_array_equal(found[2], images[2])


def test_the_kernel_is_simclrs_tenth_of_the_height():
    """An impulse spreads over 2 (224 // 10 // 2) + 1 = 23 pixels, up and down and across."""
    impulse = np.full((1, 224, 64, 1), -1, "float32")
    impulse[0, 100, 32] = 1
    blurred = np.array(GaussianBlur().apply(impulse, {"sigma": np.array([50.0], "float32")}))
    assert (np.ptp(np.nonzero(blurred[0, :, :, 0] > -1), axis=1) == 22).all()


def test_solarize_inverts_what_is_bright():
    """As Pillow's solarize on eight bits, threshold 128 of 256."""
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    images = np.concatenate([levels, levels]).astype("float32") / 127.5 - 1
    found = Solarize(0.5).apply(images, {"solarize": np.array([True, False])})
    expected = np.where(levels[0] >= 128, 255 - levels[0], levels[0]) / 127.5 - 1
    np.testing.assert_allclose(found[0], expected, atol=1e-6)
    np.testing.assert_array_equal(found[1], images[1])


@pytest.mark.parametrize(
    ("view", "name", "probability"),
    [
        (RandomFlip(0.3), "flip", 0.3),
        (Solarize(probability=0.2), "solarize", 0.2),
        (GaussianBlur((1.0, 3.0), probability=0.6), "sigma", 0.6),
    ],
)
def test_shares_of_images(view, name, probability):
    drawn = np.array(view.draw(keras.ops.convert_to_tensor(chances(view, 4000)), (8, 8, 3))[name])
    share = (drawn > 0).mean()
    assert abs(share - probability) < 4 * np.sqrt(probability * (1 - probability) / 4000)
    if name == "sigma":
        sigma = drawn[drawn > 0]
        assert abs(sigma.mean() - 2) < 4 * 2 / np.sqrt(12 * sigma.size)
        assert sigma.min() >= 1
        assert sigma.max() <= 3


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: RandomResizedCrop(0), "`size` must be a positive integer, or two of them. Received: size=0"),
        (lambda: RandomResizedCrop((8, 8, 3)), "`size` must be a positive integer"),
        (lambda: RandomResizedCrop(8, scale=(0, 1)), r"`scale` must be \(low, high\), more than 0, at most 1. Rec"),
        (lambda: RandomResizedCrop(8, scale=(0.5, 0.4)), "`scale` must be"),
        (lambda: RandomResizedCrop(8, ratio=(0, 2)), r"`ratio` must be \(low, high\), more than 0. Received"),
        (
            lambda: RandomResizedCrop(8, interpolation="cubic"),
            "`interpolation` must be .* interpolation='cubic'",
        ),
        (lambda: RandomFlip(1.5), r"`probability` must lie in \[0, 1\]. Received: probability=1.5"),
        (lambda: GaussianBlur((2, 1)), "`sigma` must be"),
        (lambda: GaussianBlur(kernel_size=4), "`kernel_size` must be a positive odd integer. Received: kernel_size=4"),
        (lambda: GaussianBlur(kernel_size=9)(np.zeros((1, 4, 8, 3), "float32")), "larger than half the kernel"),
        (lambda: Solarize(2), r"`threshold` must lie in \[0, 1\]. Received: threshold=2"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
