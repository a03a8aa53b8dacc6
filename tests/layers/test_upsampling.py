import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl.layers import BicubicUpsampling, PixelShuffle


def _pillow(image, scale):
    size = (image.shape[1] * scale, image.shape[0] * scale)
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(image, -1, 0)]
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.BICUBIC)) for plane in planes], axis=-1)


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [(7, 5), (1, 4), (2, 1), (3, 16)])
def test_bicubic_equals_pillow(scale, size):
    images = np.random.default_rng(0).uniform(-1, 1, (2, *size, 3)).astype("float32")
    expected = np.stack([_pillow(image, scale) for image in images])
    np.testing.assert_allclose(BicubicUpsampling(scale)(images), expected, atol=1e-5)


def test_bicubic_of_unknown_size_and_under_xla():
    layer = BicubicUpsampling(2)
    images = np.random.default_rng(0).uniform(-1, 1, (1, 6, 4, 3)).astype("float32")
    dynamic = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    np.testing.assert_allclose(dynamic(images), layer(images), atol=1e-6)
    np.testing.assert_allclose(tf.function(layer, jit_compile=True)(images), layer(images), atol=1e-6)
    assert layer.weights == []


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_pixel_shuffle_is_depth_to_space(scale):
    images = np.random.default_rng(0).normal(size=(2, 3, 5, 4 * scale**2)).astype("float32")
    expected = images if scale == 1 else tf.nn.depth_to_space(images, scale)
    layer = PixelShuffle(scale)
    np.testing.assert_array_equal(layer(images), expected)
    np.testing.assert_array_equal(tf.function(layer, jit_compile=True)(images), expected)
    dynamic = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 4 * scale**2))])
    np.testing.assert_array_equal(dynamic(images), expected)


@pytest.mark.parametrize("layer", [BicubicUpsampling, PixelShuffle])
def test_config_and_arguments(layer):
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer(3)))
    assert (type(restored), restored.scale) == (layer, 3)
    with pytest.raises(ValueError, match=r"`scale` must be a positive int. Received: scale=0"):
        layer(0)


def test_pixel_shuffle_names_wrong_channels():
    with pytest.raises(ValueError, match=r"multiple of scale² = 4.*shape"):
        PixelShuffle(2)(np.zeros((1, 2, 2, 6), "float32"))
