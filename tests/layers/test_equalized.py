import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.layers import EqualizedConv2D, EqualizedDense

GENERATOR = np.random.default_rng(0)


def layers(**arguments):
    keras.utils.set_random_seed(0)
    return EqualizedDense(256, **arguments), EqualizedConv2D(256, 3, **arguments)


def inputs(layer, size=64):
    shape = (size, 256) if isinstance(layer, EqualizedDense) else (size, 6, 6, 256)
    return np.random.default_rng(1).normal(size=shape).astype("float32")


@pytest.mark.parametrize("gain", [1.0, math.sqrt(2.0)])
@pytest.mark.parametrize("number", [0, 1])
def test_inputs_of_variance_1_give_outputs_of_variance_gain_squared(number, gain):
    layer = layers(gain=gain)[number]
    outputs = layer(inputs(layer)).numpy()
    if number:
        outputs = outputs[:, 1:-1, 1:-1]  # zeros lie beyond the border
    # Each output unit's variance is |w|²/fan_in = 1 ± √(2/256), the mean of 256 of them ± 0.5%; of inputs ± 1% more.
    np.testing.assert_allclose(np.square(outputs).mean(), gain**2, rtol=0.03)


@pytest.mark.parametrize("number", [0, 1])
def test_stored_weights_have_the_scale_one_over_lr_multiplier(number):
    for multiplier in (1.0, 0.01, 3.0):
        layer = layers(lr_multiplier=multiplier)[number]
        layer.build(inputs(layer).shape)
        # 65,536 numbers at least: a deviation known to 1 / √(2 · 65,536) = 0.3%
        np.testing.assert_allclose(np.std(layer.kernel), 1 / multiplier, rtol=0.015)
        assert not np.any(layer.bias)


@pytest.mark.parametrize("number", [0, 1])
def test_lr_multiplier_leaves_first_outputs_and_scales_the_step(number):
    """Adam's first step moves each stored weight by the rate; the layer then moves m times as far."""
    steps = []
    for multiplier in (1.0, 0.25):
        layer = layers(lr_multiplier=multiplier)[number]
        images = inputs(layer, 4)
        before = layer(images)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(images))
        gradients = tape.gradient(loss, layer.trainable_variables)
        keras.optimizers.Adam(0.01, epsilon=1e-12).apply(gradients, layer.trainable_variables)
        steps.append((before.numpy(), (layer(images) - before).numpy()))
    (first, plain), (second, quarter) = steps
    np.testing.assert_allclose(second, first, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(quarter, plain / 4, rtol=1e-3, atol=1e-4)


def test_dense_in_closed_form():
    layer = EqualizedDense(5, gain=1.5, lr_multiplier=0.1)
    x = GENERATOR.normal(size=(3, 2, 7)).astype("float32")
    layer.build(x.shape)
    layer.bias.assign(np.arange(5.0))
    expected = x @ layer.kernel.numpy() * (1.5 / math.sqrt(7) * 0.1) + 0.1 * np.arange(5.0)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == (3, 2, 5)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_convolution_equals_naive_loop(padding):
    layer = EqualizedConv2D(2, 3, lr_multiplier=0.5, padding=padding)
    x = GENERATOR.normal(size=(2, 4, 5, 3)).astype("float32")
    layer.build(x.shape)
    layer.bias.assign([1.0, -2.0])
    kernel = layer.kernel.numpy() * math.sqrt(2 / 27) * 0.5
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))) if padding == "same" else x
    rows, columns = padded.shape[1] - 2, padded.shape[2] - 2
    expected = np.zeros((2, rows, columns, 2))
    for row in range(rows):
        for column in range(columns):
            window = padded[:, row : row + 3, column : column + 3]
            expected[:, row, column] = np.tensordot(window, kernel, 3) + 0.5 * np.array([1.0, -2.0])
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape((None, 4, 5, 3)) == (None, rows, columns, 2)


def test_half_precision_keeps_the_weights_whole():
    layer = EqualizedDense(64, lr_multiplier=0.01, dtype="mixed_float16")
    x = GENERATOR.normal(size=(8, 64)).astype("float32")
    assert layer(x).dtype == "float16"
    assert layer.kernel.dtype == "float32"
    expected = x @ layer.kernel.numpy() * layer.scale
    np.testing.assert_allclose(layer(x), expected, atol=0.02)


def test_config_and_arguments():
    for layer in (EqualizedDense(3, 1.0, 0.1, False), EqualizedConv2D(3, 1, 2.0, 0.1, False, "valid")):
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
        layer(np.ones((1, 2, 2, 5), "float32"))
        assert layer.bias is None
    with pytest.raises(ValueError, match=r"`gain` must be positive and finite\. Received: gain=0"):
        EqualizedDense(3, gain=0)
    with pytest.raises(ValueError, match="`lr_multiplier` must be positive and finite"):
        EqualizedConv2D(3, 3, lr_multiplier=-1.0)
    with pytest.raises(ValueError, match="`units` must be an integer of at least 1"):
        EqualizedDense(0)
    with pytest.raises(ValueError, match="`padding` must be 'same' or 'valid'"):
        EqualizedConv2D(3, 3, padding="reflect")
    with pytest.raises(ValueError, match="channels known"):
        EqualizedConv2D(3, 3).build((None, 4, 4, None))
    with pytest.raises(ValueError, match="must be known"):
        EqualizedDense(3).build((4, None))
