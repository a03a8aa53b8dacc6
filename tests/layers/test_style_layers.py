"""The layers of StyleGAN against loops over images, pixels and channels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine import replicas
from keras_genssl.layers import AdaptiveInstanceNormalization, Blur, LearnedConstant, ModulatedConv2D, NoiseInjection

RNG = np.random.default_rng(0)
IMAGES, STYLES = RNG.normal(size=(3, 5, 4, 2)).astype("float32"), RNG.normal(size=(3, 6)).astype("float32")


def filled(layer: keras.layers.Layer, *inputs: np.ndarray) -> keras.layers.Layer:
    """A built layer with random weights."""
    layer.build([value.shape for value in inputs] if len(inputs) > 1 else inputs[0].shape)
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.weights])
    return layer


def convolved(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """One image and its kernel `(3, 3, inputs, outputs)`, with zeros outside."""
    height, width, _ = image.shape
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    outputs = np.zeros((height, width, kernel.shape[-1]))
    for y in range(height):
        for x in range(width):
            outputs[y, x] = np.einsum("ijc,ijco->o", padded[y : y + 3, x : x + 3], kernel)
    return outputs


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulated_convolution_is_a_convolution_of_each_image_with_its_own_kernel(demodulate: bool) -> None:
    layer = filled(ModulatedConv2D(7, 3, demodulate=demodulate, gain=1.5), IMAGES, STYLES)
    kernel, bias, dense, dense_bias = (np.array(w, "float64") for w in (layer.kernel, layer.bias, *layer.style.weights))
    expected = []
    for image, style in zip(IMAGES, STYLES, strict=True):
        own = kernel / np.sqrt(9 * 2) * (1.0 + style @ dense / np.sqrt(6) + dense_bias)[None, None, :, None]
        for output in range(7) if demodulate else ():
            own[..., output] /= np.sqrt(np.sum(own[..., output] ** 2) + 1e-8)
        expected.append(1.5 * convolved(image, own) + bias)
    np.testing.assert_allclose(layer([IMAGES, STYLES]), expected, rtol=1e-4, atol=1e-4)
    compiled = tf.function(lambda *inputs: layer(list(inputs)), jit_compile=True)
    np.testing.assert_allclose(compiled(IMAGES, STYLES), expected, rtol=1e-4, atol=1e-4)


def test_demodulated_outputs_do_not_depend_on_the_strength_of_a_style() -> None:
    layer = ModulatedConv2D(4, 3, gain=1.0)
    layer.build([IMAGES.shape, STYLES.shape])
    before = np.array(layer([IMAGES, STYLES]))
    layer.style.kernel.assign(3.0 * layer.style.kernel)
    layer.style.bias.assign(2.0 * np.ones(2))  # 3 (1 + A w) = 1 + 2 + 3 A w
    np.testing.assert_allclose(layer([IMAGES, STYLES]), before, rtol=1e-4, atol=1e-5)


def test_adaptive_instance_normalization_sets_mean_and_deviation() -> None:
    layer = filled(AdaptiveInstanceNormalization(1e-12), IMAGES, STYLES)
    dense, bias = (np.array(weight) for weight in layer.style.weights)
    outputs = np.array(layer([IMAGES, STYLES]))
    for image, style in zip(outputs, STYLES, strict=True):
        told = style @ dense / np.sqrt(6) + bias
        for channel in range(2):
            assert image[..., channel].std() == pytest.approx(abs(1.0 + told[channel]), abs=1e-4)
            assert image[..., channel].mean() == pytest.approx(told[2 + channel], abs=1e-4)


def test_blur_is_a_mean_of_neighbours_in_a_mirrored_image() -> None:
    weights, padded = np.outer([1, 2, 1], [1, 2, 1]) / 16, np.pad(IMAGES, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    expected = np.zeros_like(IMAGES)
    for y in range(5):
        for x in range(4):
            expected[:, y, x] = np.einsum("bijc,ij->bc", padded[:, y : y + 3, x : x + 3], weights)
    np.testing.assert_allclose(Blur()(IMAGES), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(Blur()(np.full((1, 4, 4, 3), 7.0, "float32")), 7.0, rtol=1e-6)
    row = np.arange(8, dtype="float32").reshape(1, 1, 8, 1).repeat(4, axis=1).repeat(2, axis=2)
    doubled = np.array(Blur()(row))[0, 0, :, 0]  # repeated pixels, blurred, are interpolated
    np.testing.assert_allclose(doubled[1:-1], np.arange(1, 15) / 2 - 0.25, rtol=1e-5)


def test_noise_is_nothing_at_first_and_one_map_an_image_times_the_weight_of_each_channel() -> None:
    layer = NoiseInjection(seed=3)
    np.testing.assert_array_equal(layer(IMAGES, training=True), IMAGES)
    layer.weight.assign([1.0, -2.0])
    noise = np.array(layer(np.zeros((2000, 5, 4, 2), "float32"), training=True))
    np.testing.assert_allclose(noise[..., 1], -2.0 * noise[..., 0])
    assert noise[..., 0].std() == pytest.approx(1.0, abs=0.02)
    assert abs(np.corrcoef(noise[0::2, ..., 0].ravel(), noise[1::2, ..., 0].ravel())[0, 1]) < 0.02
    fixed = np.array(layer(IMAGES)) - IMAGES
    expected = np.random.default_rng(3).standard_normal((5, 4), dtype="float32")
    np.testing.assert_allclose(fixed, expected[None, :, :, None] * [1.0, -2.0] * np.ones((3, 1, 1, 1)), atol=1e-5)
    replicas.separate_noise(keras.Sequential([keras.Input((5, 4, 2)), layer]))
    assert isinstance(layer.seed_generator, replicas.ReplicaSeedGenerator)


def test_a_constant_is_learnt_and_the_same_for_all() -> None:
    layer = LearnedConstant((2, 3))
    np.testing.assert_array_equal(layer(STYLES), np.ones((3, 2, 3)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(STYLES))
    np.testing.assert_array_equal(tape.gradient(loss, layer.constant.value), np.full((2, 3), 3.0))  # of three examples


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: NoiseInjection(seed=-1), "`seed` must be an integer of at least 0. Received: seed=-1"),
        (
            lambda: NoiseInjection()(keras.KerasTensor((1, None, 4, 2))),
            "must be .* of known height, width and channels",
        ),
        (lambda: AdaptiveInstanceNormalization(0.0), "`epsilon` must be positive and finite. Received: epsilon=0.0"),
        (lambda: AdaptiveInstanceNormalization()([IMAGES, IMAGES]), "The inputs of AdaptiveInstanceNormalization must"),
        (lambda: ModulatedConv2D(2, 3)([IMAGES, STYLES[:, None]]), "The inputs of ModulatedConv2D must be"),
        (lambda: ModulatedConv2D(0, 3), "`filters` must be an integer of at least 1. Received: filters=0"),
        (lambda: Blur()(IMAGES[:, :1]), "The input of Blur must be .* h and w at least 2"),
        (lambda: LearnedConstant((0,)), "`shape` must be an integer of at least 1. Received: shape=0"),
    ],
)
def test_errors(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
