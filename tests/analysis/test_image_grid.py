import keras
import numpy as np
import pytest

from keras_genssl import analysis


def noise(num, height=3, width=5, channels=1, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (num, height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize(("num", "columns", "padding", "channels"), [(7, 3, 2, 1), (4, None, 0, 3), (5, 5, 1, 1)])
def test_each_image_lies_in_its_cell_and_the_rest_is_background(num, columns, padding, channels):
    images = noise(num, channels=channels)
    sheet = analysis.image_grid(images, columns, padding, background=9)
    columns = columns or int(np.ceil(np.sqrt(num)))
    rows = -(-num // columns)
    expected = np.full((rows * (3 + padding) + padding, columns * (5 + padding) + padding, channels), 9, np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = padding + row * (3 + padding), padding + column * (5 + padding)
        expected[top : top + 3, left : left + 5] = image
    np.testing.assert_array_equal(sheet, expected)


def test_floats_show_as_the_uint8_they_came_from():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    np.testing.assert_array_equal(analysis.to_uint8(images / 127.5 - 1.0), images)
    np.testing.assert_array_equal(analysis.to_uint8((images / 127.5 - 1.0).astype(np.float32)), images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": noise(2)[0]}, "must be \\(num, height"),
        ({"images": noise(2, channels=2)}, "must be \\(num, height"),
        ({"images": noise(2).astype(int)}, "uint8, or float"),
        ({"images": noise(2) / 255.0 * 2}, "must lie in \\[-1, 1\\]"),
        ({"images": np.full((1, 2, 2, 1), np.nan)}, "must lie in \\[-1, 1\\]"),
        ({"columns": 0}, "`columns` must be at least 1"),
        ({"padding": -1}, "`padding` must not be negative"),
        ({"background": 256}, "`background` must lie"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        analysis.image_grid(**{"images": noise(2), **change})


def test_each_unit_of_a_dense_layer_is_an_image_scaled_by_its_largest_weight():
    kernel = np.random.default_rng(0).normal(size=(4 * 3 * 1, 5)).astype(np.float32)
    kernel[:, 2] = 0.0
    encoder = keras.Sequential([keras.Input((4, 3, 1)), keras.layers.GaussianNoise(0.1), keras.layers.Flatten()])
    dense = keras.layers.Dense(5)
    encoder.add(dense)
    dense.set_weights([kernel, np.zeros(5)])
    filters = analysis.first_layer_filters(encoder)
    for unit in (0, 1, 3, 4):
        image = np.zeros((4, 3, 1))
        for row in range(4):
            for column in range(3):
                image[row, column, 0] = kernel[row * 3 + column, unit] / np.abs(kernel[:, unit]).max()
        np.testing.assert_allclose(filters[unit], image, rtol=1e-6)
    assert not filters[2].any()


def test_the_filters_of_a_convolution_inside_a_network_inside_another():
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(6, (2, 5)), keras.layers.Conv2D(2, 1)])
    images = keras.Input((8, 8, 3))
    network = keras.Model(images, keras.layers.Flatten()(inner(keras.layers.Dropout(0.5)(images))))
    kernel = np.asarray(inner.layers[0].kernel)  # (2, 5, 3, 6)
    filters = analysis.first_layer_filters(network)
    assert filters.shape == (6, 2, 5, 3)
    for index in range(6):
        np.testing.assert_allclose(filters[index], kernel[..., index] / np.abs(kernel[..., index]).max(), rtol=1e-6)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (keras.Sequential([keras.layers.Dense(3)]), "must be built"),
        (keras.Sequential([keras.Input((8, 8, 1)), keras.layers.BatchNormalization()]), "must be Dense or Conv2D"),
        (keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()]), "must be Dense or Conv2D"),
        (keras.Sequential([keras.Input((64,)), keras.layers.Dense(3)]), "must see all pixels"),
        (keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Dense(3)]), "must see all pixels"),
    ],
)
def test_what_has_no_such_pictures_is_refused(network, message):
    with pytest.raises(ValueError, match=message):
        analysis.first_layer_filters(network)
