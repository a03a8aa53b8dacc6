import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_genssl import backbones
from keras_genssl.layers import BicubicUpsampling


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


def _images(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def _conv(inputs, outputs, kernel, bias=True):
    return (inputs * kernel**2 + bias) * outputs


SMALL = {
    "srcnn": lambda **kwargs: backbones.srcnn((4, 3), **kwargs),
    "espcn": lambda **kwargs: backbones.espcn(3, (4, 3), **kwargs),
    "edsr": lambda **kwargs: backbones.edsr(4, 4, 2, 0.1, **kwargs),
    "srresnet": lambda **kwargs: backbones.srresnet(2, 4, 2, **kwargs),
    "srgan_discriminator": lambda **kwargs: backbones.srgan_discriminator(2, 4, **kwargs),
}


def test_parameters_counted_by_hand():
    # The published sizes: SRCNN 9-1-5 has 8,032 weights for one channel (20,099 with biases for three here),
    # the EDSR baseline 1.37M for scale 2.
    assert backbones.srcnn().count_params() == _conv(3, 64, 9) + _conv(64, 32, 1) + _conv(32, 3, 5)
    assert backbones.espcn(3).count_params() == _conv(3, 64, 5) + _conv(64, 32, 3) + _conv(32, 27, 3)
    blocks = 33 * _conv(64, 64, 3)
    ends = _conv(3, 64, 3) + _conv(64, 3, 3)
    assert backbones.edsr(2).count_params() == ends + blocks + _conv(64, 256, 3)
    assert backbones.edsr(4).count_params() == ends + blocks + 2 * _conv(64, 256, 3)
    norm, prelu = 4 * 64, 64
    expected = _conv(3, 64, 9) + prelu + 33 * (_conv(64, 64, 3, bias=False) + norm) + 16 * prelu
    expected += 2 * (_conv(64, 256, 3) + prelu) + _conv(64, 3, 9)
    assert backbones.srresnet(4).count_params() == expected
    # x3 goes up in one stage to 9 times the channels, x4 in two to 4 times each.
    expected += _conv(64, 576, 3) + prelu - 2 * (_conv(64, 256, 3) + prelu)
    assert backbones.srresnet(3).count_params() == expected


def test_srresnet_enlarges_three_times_by_one_shuffle():
    network = backbones.srresnet(3, 4, 1)
    images = _images(2, 5, 7, 3)
    shuffle = next(layer for layer in network.layers if type(layer).__name__ == "PixelShuffle")
    body = keras.Model(network.input, shuffle.input)(images)
    small = np.reshape(body, (2, 5, 7, 3, 3, 4))  # (batch, height, width, row, column, channel)
    large = np.reshape(np.transpose(small, (0, 1, 3, 2, 4, 5)), (2, 15, 21, 4))
    np.testing.assert_allclose(keras.Model(network.input, shuffle.output)(images), large, atol=1e-6)
    assert network(images).shape == (2, 15, 21, 3)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_edsr_starts_at_bicubic_at_any_size(scale):
    network = backbones.edsr(scale, 4, 2)
    for size in ((5, 7), (1, 3)):
        images = _images(2, *size, 3)
        np.testing.assert_allclose(network(images), BicubicUpsampling(scale)(images), atol=1e-6)


def test_edsr_keeps_the_image_in_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = backbones.edsr(2, 4, 1)
    finally:
        keras.config.set_dtype_policy("float32")
    assert network.get_layer("head").compute_dtype == "bfloat16"
    images = _images(1, 6, 6, 3)
    np.testing.assert_allclose(network(images), BicubicUpsampling(2)(images), atol=1e-6)


def test_edsr_blocks_are_the_formula():
    network = backbones.edsr(2, 3, 1, 0.5)
    network.get_layer("tail").kernel.assign(_images(3, 3, 3, 3))
    images = _images(1, 4, 5, 3)

    def conv(name, x):
        layer = network.get_layer(name)
        return ops.conv(x, layer.kernel, padding="same") + layer.bias

    head = conv("head", images)
    block = head + 0.5 * conv("block1_conv2", ops.relu(conv("block1_conv1", head)))
    body = head + conv("body", block)
    large = conv("tail", tf.nn.depth_to_space(conv("up1_conv", body), 2))
    np.testing.assert_allclose(network(images), large + BicubicUpsampling(2)(images), atol=1e-5)


def test_edsr_layers_start_different():
    network = backbones.edsr(2, 4, 2)
    kernels = [network.get_layer(f"block{i}_conv1").kernel for i in (1, 2)]
    assert np.abs(ops.subtract(*kernels)).max() > 0.01


def test_discriminator_judges_any_patch_with_one_logit():
    network = backbones.srgan_discriminator(2, 4, input_shape=(None, None, 3))
    for size in (16, 31):
        assert network(_images(2, size, size, 3)).shape == (2, 1)
    widths = [network.get_layer(f"conv{i}").filters for i in range(1, 9)]
    strides = [network.get_layer(f"conv{i}").strides[0] for i in range(1, 9)]
    assert (widths, strides) == ([2, 2, 4, 4, 8, 8, 16, 16], [1, 2] * 4)


@pytest.mark.parametrize("name", SMALL)
def test_config_and_weights_round_trip(name, tmp_path):
    network = SMALL[name](input_shape=(16, 16, 3))
    network.save(tmp_path / "network.keras")
    restored = keras.saving.load_model(tmp_path / "network.keras", compile=False)
    images = _images(2, 16, 16, 3)
    np.testing.assert_array_equal(restored(images), network(images))


@pytest.mark.parametrize("name", SMALL)
def test_step_compiles_with_xla(name):
    network = SMALL[name](input_shape=(16, 16, 3))
    images = _images(2, 16, 16, 3)

    def gradients(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(network(x, training=True) ** 2)
        return tape.gradient(loss, network.trainable_variables)

    compiled = tf.function(gradients, jit_compile=True)(images)
    for got, expected in zip(compiled, gradients(images), strict=True):
        scale = np.abs(expected).max() + 1e-6
        np.testing.assert_allclose(got / scale, expected / scale, atol=2e-3)


@pytest.mark.parametrize("network", [backbones.espcn, backbones.edsr, backbones.srresnet])
def test_errors_name_the_argument(network):
    with pytest.raises(ValueError, match=r"`scale` must be 2, 3 or 4. Received: scale=5"):
        network(5)
    with pytest.raises(ValueError, match=r"`filters`.*Received: filters="):
        network(2, filters=(1,)) if network is backbones.espcn else network(2, filters=0)
    with pytest.raises(ValueError, match=r"`residual_scaling` must lie in \(0, 1\]"):
        backbones.edsr(residual_scaling=0.0)
