"""Colour jitter and grey against loops over single pixels, with the standard library's HSV."""

import colorsys
import itertools

import keras
import numpy as np
import pytest
from PIL import Image

from keras_genssl.views import ColorJitter, RandomGrayscale

LUMA = np.array([0.299, 0.587, 0.114])
EVERYTHING = ColorJitter(0.8, 0.8, 0.8, 0.2)


def pictures(count, channels=3, seed=0):
    """Small pictures with grey, black, white and pure pixels among others."""
    images = np.random.default_rng(seed).uniform(-1, 1, (count, 4, 5, channels))
    images[:, 0, 0], images[:, 0, 1], images[:, 0, 2] = 0.2, -1, 1
    images[:, 0, 3, -1] = images[:, 0, 3, 0]
    images[:, 0, 4] = -1
    images[:, 0, 4, 0] = 1
    return images.astype("float32")


def changed(image, parameters, i):
    """One image, one operation after the other, each as torchvision defines it, on [0, 1]."""
    x = (image.astype(float) + 1) / 2
    grey = image.shape[-1] == 1
    names = ("brightness", "contrast", "saturation", "hue")
    for part in sorted(range(4), key=lambda part: parameters["order"][i, part]):
        f = float(parameters[names[part]][i])
        if names[part] == "brightness":
            x = f * x
        elif names[part] == "contrast":
            x = f * x + (1 - f) * (x if grey else x @ LUMA).mean()
        elif names[part] == "saturation" and not grey:
            x = f * x + (1 - f) * (x @ LUMA)[..., None]
        elif names[part] == "hue" and not grey:
            hsv = [colorsys.rgb_to_hsv(*pixel) for pixel in x.reshape(-1, 3)]
            x = np.array([colorsys.hsv_to_rgb((h + f) % 1, s, v) for h, s, v in hsv]).reshape(x.shape)
        x = np.clip(x, 0, 1)
    return 2 * x - 1


@pytest.mark.parametrize("channels", [1, 3])
def test_jitter_in_every_order(channels):
    rng = np.random.default_rng(1)
    order = np.array(list(itertools.permutations(range(4))), "int32")
    images = pictures(24, channels)
    parameters = {
        part: rng.uniform(0.2, 1.8, 24).astype("float32") for part in ("brightness", "contrast", "saturation")
    }
    parameters |= {"hue": rng.uniform(-0.5, 0.5, 24).astype("float32"), "order": order}
    found = EVERYTHING.apply(images, parameters)
    for i, image in enumerate(images):
        np.testing.assert_allclose(found[i], changed(image, parameters, i), atol=1e-5)
    without_hue = {**parameters, "hue": np.zeros(24, "float32")}
    found = ColorJitter(0.8, 0.8, 0.8).apply(images, without_hue)
    for i, image in enumerate(images):
        np.testing.assert_allclose(found[i], changed(image, without_hue, i), atol=1e-5)


@pytest.mark.parametrize("turn", [0.0, 1.0, -1.0])
def test_factors_of_one_and_full_turns_change_nothing(turn):
    images, ones = pictures(24), np.ones(24, "float32")
    order = np.array(list(itertools.permutations(range(4))), "int32")
    parameters = {"brightness": ones, "contrast": ones, "saturation": ones, "hue": turn * ones, "order": order}
    np.testing.assert_allclose(EVERYTHING.apply(images, parameters), images, atol=2e-6)


def test_a_third_of_a_turn_moves_the_channels_on():
    images, ones = pictures(2), np.ones(2, "float32")
    parameters = {"brightness": ones, "contrast": ones, "saturation": ones, "hue": ones / 3}
    parameters["order"] = np.tile(np.arange(4, dtype="int32"), (2, 1))
    np.testing.assert_allclose(EVERYTHING.apply(images, parameters), images[..., [2, 0, 1]], atol=1e-6)


def test_what_is_drawn():
    """Uniform factors, each of 24 orders equally often; means within 4 deviations."""
    view, count = ColorJitter(0.5, 1.5, 0.0, 0.25, probability=0.8), 5000
    numbers = np.random.default_rng(2).random((count, view.num_chances), dtype="float32")
    drawn = {name: np.array(values) for name, values in view.draw(keras.ops.convert_to_tensor(numbers), None).items()}
    applied = numbers[:, 0] < 0.8
    assert abs(applied.mean() - 0.8) < 4 * np.sqrt(0.8 * 0.2 / count)
    assert (drawn["brightness"][~applied] == 1).all()
    assert (drawn["hue"][~applied] == 0).all()
    error = 4 / np.sqrt(12 * applied.sum())
    for name, low, high in (("brightness", 0.5, 1.5), ("contrast", 0.0, 2.5), ("hue", -0.25, 0.25)):
        values = drawn[name][applied]
        assert abs(values.mean() - (low + high) / 2) < (high - low) * error
        assert low <= values.min() <= values.max() <= high
    assert (drawn["saturation"] == 1).all()
    orders, counts = np.unique(drawn["order"], axis=0, return_counts=True)
    assert sorted(map(tuple, orders.tolist())) == list(itertools.permutations(range(4)))
    assert abs(counts / count - 1 / 24).max() < 4 * np.sqrt(1 / 24 * 23 / 24 / count)


def test_equal_random_numbers_still_give_an_order():
    order = EVERYTHING.draw(keras.ops.full((1, 9), 0.5), None)["order"]
    np.testing.assert_array_equal(order, [[0, 1, 2, 3]])


def test_grey_is_pillows():
    levels = np.random.default_rng(3).integers(0, 256, (2, 6, 7, 3), dtype=np.uint8)
    images = levels.astype("float32") / 127.5 - 1
    found = RandomGrayscale().apply(images, {"grey": np.array([True, False])})
    expected = np.array(Image.fromarray(levels[0]).convert("L"))  # rounded to eight bits
    np.testing.assert_allclose((found[0] + 1) * 127.5, expected[..., None].repeat(3, -1), atol=0.51)
    np.testing.assert_array_equal(found[1], images[1])
    grey = images[..., :1]
    np.testing.assert_array_equal(RandomGrayscale(1.0)(grey), grey)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ColorJitter(brightness=-1), "`brightness` must be at least 0. Received: brightness=-1"),
        (lambda: ColorJitter(saturation=float("nan")), "`saturation` must be at least 0. Received: saturation=nan"),
        (lambda: ColorJitter(hue=0.6), r"`hue` must lie in \[0, 0.5\]. Received: hue=0.6"),
        (lambda: ColorJitter(probability=2), r"`probability` must lie in \[0, 1\]. Received: probability=2"),
        (lambda: EVERYTHING(np.zeros((1, 4, 4, 2), "float32")), "1 or 3 channels. Received: 2 channels"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
