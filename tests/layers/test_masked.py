"""The convolutions are those of whole kernels that are multiplied by a mask."""

import keras
import numpy as np
import pytest

from keras_genssl.layers import HorizontalMaskedConv2D, VerticalMaskedConv2D

IMAGES = np.random.default_rng(0).normal(size=(2, 6, 5, 4)).astype("float32")


def masked_square(layer, kernel, first_row):
    """A `kernel_size` x `kernel_size` convolution whose kernel is zero but for the layer's taps."""
    square = np.zeros((layer.kernel_size, layer.kernel_size, *kernel.shape[2:]), "float32")
    square[first_row : first_row + kernel.shape[0], : kernel.shape[1]] = kernel
    return keras.ops.conv(IMAGES, square, padding="same") + layer.bias


def randomised(layer):
    layer.build(IMAGES.shape)
    layer.set_weights([np.random.default_rng(1).normal(size=weight.shape) for weight in layer.weights])
    return layer


@pytest.mark.parametrize(("kernel_size", "own_row"), [(3, True), (3, False), (5, False), (1, True)])
def test_vertical_is_a_square_kernel_with_its_lower_rows_masked(kernel_size, own_row):
    layer = randomised(VerticalMaskedConv2D(3, kernel_size, own_row=own_row))
    assert layer.kernel.shape[:2] == (kernel_size // 2 + own_row, kernel_size)
    np.testing.assert_allclose(layer(IMAGES), masked_square(layer, layer.kernel.numpy(), 0), atol=1e-5)


@pytest.mark.parametrize(("kernel_size", "own_pixel", "groups"), [(3, True, 2), (5, False, 1), (3, False, 2)])
def test_horizontal_is_one_row_of_a_square_kernel_with_groups_of_channels_masked(kernel_size, own_pixel, groups):
    layer = randomised(HorizontalMaskedConv2D(6, kernel_size, own_pixel=own_pixel, groups=groups))
    kernel = layer.kernel.numpy()
    for seen in range(4):
        for seeing in range(6):
            group, other = seen % groups, seeing % groups
            if not (group < other or (own_pixel and group == other)):
                kernel[0, -1, seen, seeing] = 0
    np.testing.assert_allclose(layer(IMAGES), masked_square(layer, kernel, kernel_size // 2), atol=1e-5)


def test_a_window_that_holds_what_lies_before_gives_the_same_row_and_pixel():
    down, across = randomised(VerticalMaskedConv2D(3)), randomised(HorizontalMaskedConv2D(3, 5))
    np.testing.assert_allclose(down.window(down.beside(IMAGES[:, 2:4])), down(IMAGES)[:, 3:4], atol=1e-5)
    np.testing.assert_allclose(across.window(IMAGES[:, 3:4, 1:4]), across(IMAGES)[:, 3:4, 3:4], atol=1e-5)


def test_masks_are_multiplied_and_weights_stay_as_they_are():
    layer = randomised(HorizontalMaskedConv2D(2, own_pixel=False, groups=2))
    before = layer.kernel.numpy()
    layer(IMAGES)
    assert np.all(before[0, -1] != 0)
    np.testing.assert_array_equal(layer.kernel, before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VerticalMaskedConv2D(0), "`filters` must be at least 1. Received: filters=0"),
        (lambda: VerticalMaskedConv2D(1, 4), "`kernel_size` must be odd, at least 1. Received: kernel_size=4"),
        (lambda: VerticalMaskedConv2D(1, 1, own_row=False), "`kernel_size` must be at least 3 for a layer that"),
        (lambda: HorizontalMaskedConv2D(4, groups=3), "`filters` must be a multiple of `groups`"),
        (lambda: HorizontalMaskedConv2D(3, groups=3)(IMAGES), "`channels of the input` must be a multiple"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
