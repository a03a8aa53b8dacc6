import numpy as np
import pytest
from keras import ops

from keras_genssl.layers import ReflectionPadding2D

RNG = np.random.default_rng(4)


def test_written_out() -> None:
    image = np.arange(1, 7, dtype="float32").reshape(1, 2, 3, 1)
    expected = [
        [5, 4, 5, 6, 5],
        [2, 1, 2, 3, 2],
        [5, 4, 5, 6, 5],
        [2, 1, 2, 3, 2],
    ]
    np.testing.assert_array_equal(ops.convert_to_numpy(ReflectionPadding2D(1)(image))[0, :, :, 0], expected)


def test_each_side_apart_as_numpy_reflects() -> None:
    images = RNG.normal(size=(2, 6, 5, 3)).astype("float32")
    layer = ReflectionPadding2D(((0, 5), (3, 1)))
    expected = np.pad(images, ((0, 0), (0, 5), (3, 1), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(images)), expected)
    assert layer.compute_output_shape((None, 6, None, 3)) == (None, 11, None, 3)
    assert ReflectionPadding2D.from_config(layer.get_config()).padding == ((0, 5), (3, 1))


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"Images must be larger than `padding`.*\(3, 9, 1\)"):
        ReflectionPadding2D(3)(np.zeros((1, 3, 9, 1), "float32"))
    for padding in (-1, ((1, 2), (3, -1)), (1, 2)):
        with pytest.raises((ValueError, TypeError), match=r"`padding` must be|has no len"):
            ReflectionPadding2D(padding)
