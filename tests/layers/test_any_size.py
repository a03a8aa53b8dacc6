"""PadToMultiple against NumPy's reflection, CropToSize as its inverse: eager, in graphs of unknown sizes, under XLA."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import CropToSize, PadToMultiple, ReflectionPadding2D

RNG = np.random.default_rng(4)
SIZES = [(1, 1), (1, 9), (2, 3), (5, 8), (7, 31), (8, 16), (9, 2), (30, 45)]


def expected(images: np.ndarray, multiple: tuple[int, int], minimum: tuple[int, int]) -> np.ndarray:
    """By the sentence of the docstring: the smallest multiple that is large enough, as much before as after."""
    borders = []
    for size, each, least in zip(images.shape[1:3], multiple, minimum, strict=True):
        padded = next(n for n in range(each, 10**6, each) if n >= max(size, least))
        borders.append(((padded - size) // 2, padded - size - (padded - size) // 2))
    return np.pad(images, ((0, 0), *borders, (0, 0)), mode="reflect")


@pytest.mark.parametrize(
    ("multiple", "minimum"), [((8, 8), (1, 1)), ((4, 4), (8, 8)), ((1, 32), (4, 1)), ((6, 10), (7, 11))]
)
def test_pads_as_numpy_reflects_and_crops_it_away(multiple, minimum) -> None:
    pad, crop = PadToMultiple(multiple, minimum), CropToSize()
    spec = tf.TensorSpec((None, None, None, 2))
    in_graph = tf.function(lambda images: (pad(images), crop([pad(images), images])), input_signature=[spec])
    for size in SIZES:
        images = RNG.normal(size=(2, *size, 2)).astype("float32")
        wanted = expected(images, multiple, minimum)
        assert pad.compute_output_shape(images.shape) == wanted.shape
        padded, cropped = in_graph(images)
        for found in (pad(images), padded):
            np.testing.assert_array_equal(found, wanted)
        for found in (crop([pad(images), images]), cropped):
            np.testing.assert_array_equal(found, images)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28, 1, 1)])
@pytest.mark.parametrize("layer", [PadToMultiple(8), ReflectionPadding2D(1)], ids=lambda layer: layer.name)
def test_only_batches_of_images_are_padded(layer: keras.layers.Layer, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"expected ndim=4, found ndim={len(shape)}"):
        layer(keras.ops.ones(shape))


def test_images_that_fit_are_not_touched() -> None:
    images = keras.ops.ones((2, 8, 16, 1), "float32")
    assert PadToMultiple(8)(images) is images


def test_gradients_of_mirrored_pixels_add_up_and_xla_agrees() -> None:
    pad, weights = PadToMultiple(4), RNG.normal(size=(1, 4, 8, 1)).astype("float32")

    def slope(images: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(pad(images) * weights)
        return tape.gradient(total, images)

    # 3x5 becomes 4x8: nothing before and a row after, a column before and two after.
    rows, columns = [0, 1, 2, 1], [1, 0, 1, 2, 3, 4, 3, 2]
    by_hand = np.zeros((1, 3, 5, 1), "float32")
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            by_hand[0, row, column] += weights[0, i, j]
    images = tf.constant(RNG.normal(size=(1, 3, 5, 1)).astype("float32"))
    np.testing.assert_allclose(slope(images), by_hand, rtol=1e-5)
    np.testing.assert_allclose(tf.function(slope, jit_compile=True)(images), by_hand, rtol=1e-5)


def test_shapes_of_unknown_sizes_and_configs() -> None:
    pad = PadToMultiple.from_config(PadToMultiple((4, 8), 16).get_config())
    assert (pad.multiple, pad.minimum) == ((4, 8), (16, 16))
    assert pad.compute_output_shape((None, None, 9, 3)) == (None, None, 16, 3)
    assert CropToSize().compute_output_shape([(None, 32, None, 7), (None, 30, None, 3)]) == (None, 30, None, 7)


def test_errors_name_argument_rule_and_value() -> None:
    for multiple in (0, (4, 0), (4, 4, 4), (2.0, 2)):
        with pytest.raises(
            ValueError, match=r"`multiple` must be an int of at least 1 or two of such\. Received: mult"
        ):
            PadToMultiple(multiple)
    with pytest.raises(
        ValueError, match=r"`minimum` must be an int of at least 1 or two of such\. Received: minimum=0"
    ):
        PadToMultiple(4, 0)
    with pytest.raises(ValueError, match=r"no smaller than the reference.*\(1, 4, 4, 1\).*\(1, 4, 5, 1\)"):
        CropToSize()([np.ones((1, 4, 4, 1)), np.ones((1, 4, 5, 1))])
