import keras
import numpy as np
import pytest

from keras_genssl import layers, pretext

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
