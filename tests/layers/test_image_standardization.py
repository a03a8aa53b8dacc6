import keras
import numpy as np

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
