import keras
import numpy as np
import pytest

from keras_genssl import layers, pretext
from keras_genssl.layers import ImageStandardization


def test_each_image_equals_a_naive_loop():
    images = np.random.default_rng(0).uniform(-1, 1, (3, 4, 5, 2)).astype("float32")
    images[..., 1] *= 0.1
    standardised = keras.ops.convert_to_numpy(ImageStandardization()(images))
    for image, result in zip(images, standardised, strict=True):
        centred = image - image.mean(axis=(0, 1))
        np.testing.assert_allclose(result, centred / np.sqrt((centred**2).mean()), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(standardised.mean(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose((standardised**2).mean(axis=(1, 2, 3)), 1, rtol=1e-5)


def test_light_and_contrast_do_not_matter():
    images = np.random.default_rng(0).uniform(-0.4, 0.4, (2, 4, 4, 3)).astype("float32")
    layer = ImageStandardization()
    brighter = 0.5 * images + np.float32([0.1, 0.2, 0.3])
    np.testing.assert_allclose(layer(brighter), layer(images), atol=1e-5)


def test_what_varies_less_than_a_level_of_eight_bits_stays_small():
    flat = np.full((1, 2, 2, 1), 0.3, "float32")
    np.testing.assert_allclose(ImageStandardization()(flat), 0, atol=1e-4)
    flat[0, 0] += 0.5 / 127.5  # half a level in one of two rows: a quarter above and below the mean
    np.testing.assert_allclose(ImageStandardization()(flat).numpy().ravel(), [0.25, 0.25, -0.25, -0.25], atol=1e-3)


def test_config_round_trip():
    layer = ImageStandardization(name="light")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert layer.compute_output_shape((None, 4, 5, 1)) == (None, 4, 5, 1)


PICTURE = np.random.default_rng(0).integers(0, 256, (1, 20, 30, 3), dtype=np.uint8)
FLOATS = PICTURE.astype("float32") / 127.5 - 1.0


def test_lab_is_that_of_the_pure_function():
    """To 0.002, the rounding of float32: a is 500 times a difference of numbers near 1."""
    lab = np.asarray(layers.RGBToLab()(FLOATS))
    np.testing.assert_allclose(lab[0], pretext.rgb_to_lab(PICTURE[0]), rtol=0, atol=2e-3)


def test_grey_images_of_one_channel():
    lab = np.asarray(layers.RGBToLab()(FLOATS[..., :1]))
    np.testing.assert_allclose(lab[0], pretext.rgb_to_lab(PICTURE[0, ..., :1]), rtol=0, atol=2e-3)


def test_back_to_the_same_bytes():
    again = np.asarray(layers.LabToRGB()(layers.RGBToLab()(FLOATS)))
    np.testing.assert_array_equal(np.rint((again + 1) * 127.5).astype(np.uint8), PICTURE)


def test_colours_outside_srgb_are_those_of_the_pure_function():
    lab = np.random.default_rng(1).uniform([0, -110, -110], [100, 110, 110], (20, 30, 3))
    found = np.asarray(layers.LabToRGB()(lab[np.newaxis].astype("float32")))[0]
    expected = pretext.lab_to_rgb(lab).astype(int)
    assert np.abs(np.rint((found + 1) * 127.5) - expected).max() <= 1
    assert np.mean(np.rint((found + 1) * 127.5) != expected) < 0.01


def test_full_precision_under_any_policy():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = layers.RGBToLab()
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(layer(FLOATS).dtype) == "float32"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    np.testing.assert_array_equal(again(FLOATS), layer(FLOATS))


def test_two_channels_are_refused():
    with pytest.raises(ValueError, match=r"must have 1 or 3 channels. Received: a batch of shape \(1, 20, 30, 2\)"):
        layers.RGBToLab()(FLOATS[..., :2])
