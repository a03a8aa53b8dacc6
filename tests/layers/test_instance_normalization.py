import keras
import numpy as np
import pytest
from keras import ops

from keras_genssl.layers import InstanceNormalization

RNG = np.random.default_rng(2)


def naive(x, gamma, beta, epsilon):
    out = np.empty_like(x)
    for image in range(x.shape[0]):
        for channel in range(x.shape[3]):
            plane = x[image, :, :, channel]
            normal = (plane - plane.mean()) / np.sqrt(((plane - plane.mean()) ** 2).mean() + epsilon)
            out[image, :, :, channel] = gamma[channel] * normal + beta[channel]
    return out


def test_each_plane_alone() -> None:
    x = RNG.normal(3, 2, (3, 5, 4, 6)).astype("float32")
    gamma, beta = RNG.normal(size=6), RNG.normal(size=6)
    layer = InstanceNormalization(epsilon=0.1)
    layer.build(x.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    expected = naive(x.astype("float64"), gamma, beta, 0.1)
    for training in (True, False):
        np.testing.assert_allclose(ops.convert_to_numpy(layer(x, training=training)), expected, atol=1e-5)


def test_equals_keras_group_normalization_of_single_channels() -> None:
    x = RNG.normal(size=(2, 7, 3, 4)).astype("float32")
    other = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)
    np.testing.assert_allclose(InstanceNormalization()(x), other(x), atol=1e-5)


def test_a_constant_plane_becomes_beta() -> None:
    layer = InstanceNormalization()
    layer.build((None, None, None, 2))
    layer.beta.assign([0.25, -1.0])
    answer = ops.convert_to_numpy(layer(np.full((1, 4, 4, 2), 100.0, "float32")))
    np.testing.assert_allclose(answer[0, 2, 3], [0.25, -1.0], atol=1e-2)


def test_statistics_of_half_precision_are_float32() -> None:
    # Sums of squares of 64 * 64 pixels of 30 would overflow float16.
    x = np.where(np.arange(64 * 64).reshape(1, 64, 64, 1) % 2, 30.0, -30.0)
    answer = InstanceNormalization(dtype="mixed_float16")(x)
    assert keras.backend.standardize_dtype(answer.dtype) == "float16"
    np.testing.assert_allclose(ops.convert_to_numpy(answer), x / 30.0, atol=1e-3)


def test_arguments_survive_and_are_checked() -> None:
    layer = InstanceNormalization(epsilon=0.5, scale=False, center=False)
    again = InstanceNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    again.build((None, 4, 4, 3))
    assert again.weights == []
    with pytest.raises(ValueError, match=r"`epsilon` must be positive\. Received: epsilon=0"):
        InstanceNormalization(epsilon=0)
    with pytest.raises(ValueError, match="takes images"):
        InstanceNormalization().build((None, 4))
