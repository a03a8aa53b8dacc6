"""The encoders' sizes against those published, and what they compute."""

import keras
import numpy as np
import pytest

from keras_genssl import backbones


def trainable(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


@pytest.mark.parametrize(("build", "published"), [("resnet18", 11_176_512), ("resnet50", 23_508_032)])
def test_a_resnet_has_the_published_number_of_parameters(build, published):
    """torchvision's 11,689,512 and 25,557,032 without the classifiers' 1000 x (512 + 1) and 1000 x (2048 + 1)."""
    assert trainable(getattr(backbones, build)()) == published


def test_the_small_stem_has_a_smaller_kernel():
    imagenet, small = (trainable(backbones.resnet18((32, 32, 3), stem, filters=2)) for stem in ("imagenet", "small"))
    assert imagenet - small == (7 * 7 - 3 * 3) * 3 * 2


def sides(network, end):
    return [layer.output.shape[1] for layer in network.layers if layer.name.endswith(end)]


def test_where_a_resnet_halves_the_image():
    """He et al., Table 1: 112, pooled to 56, 56, 28, 14, 7; the small stem keeps 28, 28, 14, 7, 4."""
    network = backbones.resnet50(filters=1)
    assert sides(network, "stem_relu") + sides(network, "stem_pool") == [112, 56]
    assert sides(network, "block1_add") == [56, 28, 14, 7]
    assert sides(network, "block1_1_relu") == [56, 56, 28, 14]  # v1.5: the stride is on the 3x3 convolution
    assert sides(network, "block1_2_relu") == [56, 28, 14, 7]
    small = backbones.resnet18((28, 28, 1), stem="small", filters=1)
    assert sides(small, "stem_relu") + sides(small, "block1_add") == [28, 28, 14, 7, 4]
    assert backbones.resnet18((None, None, 1), filters=2).output_shape == (None, 16)


def test_a_zero_gamma_makes_each_block_its_shortcut():
    """Without training all that is left of the first stage is the stem, after a ReLU."""
    network = backbones.resnet18((8, 8, 3), stem="small", filters=2, zero_init_residual=True)
    outputs = [network.get_layer(name).output for name in ("stem_relu", "stage1_block2_relu", "stage4_block2_relu")]
    images = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3)).astype("float32")
    stem, first, last = keras.Model(network.input, outputs)(images)
    np.testing.assert_array_equal(first, stem)
    np.testing.assert_allclose(network(images), np.mean(last, (1, 2)), rtol=1e-5)
    ones = backbones.resnet18((8, 8, 3), stem="small", filters=2)
    assert all((weight.numpy() == 1).all() for weight in ones.weights if weight.name == "gamma")


@pytest.mark.parametrize("strided", [False, True])
def test_a_block_by_hand(strided):
    """One basic block with loops for its convolutions, from the weights that the network drew."""
    network = backbones.resnet18((6, 6, 2), stem="small", filters=2)
    block, before = ("stage2_block1", "stage1_block2_relu") if strided else ("stage1_block1", "stem_relu")
    outputs = [network.get_layer(name).output for name in (before, f"{block}_relu")]
    images = np.random.default_rng(0).uniform(-1, 1, (1, 6, 6, 2)).astype("float32")
    x, found = (np.array(values)[0] for values in keras.Model(network.input, outputs)(images))

    def convolved(x, name, strides=1):
        kernel = network.get_layer(f"{name}_conv").kernel.numpy()
        size = kernel.shape[0]
        padded = np.pad(x, ((size // 2, size // 2), (size // 2, size // 2), (0, 0)))
        side = (x.shape[0] - 1) // strides + 1
        y = np.empty((side, side, kernel.shape[-1]))
        for row, column in np.ndindex(side, side):
            top, left = row * strides, column * strides
            y[row, column] = np.einsum("ijc,ijcd->d", padded[top : top + size, left : left + size], kernel)
        return y / np.sqrt(1 + 1.001e-5)  # a fresh batch norm in inference mode

    strides = 2 if strided else 1
    y = convolved(np.maximum(convolved(x, f"{block}_1", strides), 0), f"{block}_2")
    shortcut = convolved(x, f"{block}_shortcut", strides) if strided else x
    np.testing.assert_allclose(found, np.maximum(y + shortcut, 0), rtol=1e-4, atol=1e-5)


def test_the_small_encoder():
    """Six convolutions without bias, gamma and beta of each norm; sides 28, 14, 7; features are a mean."""
    network = backbones.small_encoder((28, 28, 1), filters=32)
    kernels = 9 * (1 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128)
    assert trainable(network) == kernels + 2 * (32 + 32 + 64 + 64 + 128 + 128)
    assert [network.get_layer(f"relu{i}").output.shape[1] for i in range(1, 7)] == [28, 28, 14, 14, 7, 7]
    narrow = backbones.small_encoder((8, 8, 3), filters=2)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3)).astype("float32")
    last = keras.Model(narrow.input, narrow.get_layer("relu6").output)(images)
    np.testing.assert_allclose(narrow(images), np.mean(last, (1, 2)), rtol=1e-5)


def test_features_are_float32_in_mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        encoders = [backbones.small_encoder((8, 8, 1), 2), backbones.resnet18((8, 8, 1), "small", 2)]
        classifier = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
        encoders.append(backbones.penultimate(classifier))
        assert classifier.layers[0].output.dtype == "bfloat16"
    finally:
        keras.config.set_dtype_policy(policy)
    assert [encoder.output.dtype for encoder in encoders] == ["float32"] * 3


def test_the_penultimate_layer_shares_the_classifiers_weights():
    encoder = backbones.small_encoder((8, 8, 1), filters=2)
    classifier = keras.Sequential([encoder, keras.layers.Dense(5), keras.layers.Dense(3), keras.layers.Softmax()])
    classifier.build((None, 8, 8, 1))
    cut = backbones.penultimate(classifier)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(cut(images), classifier.layers[1](encoder(images)))
    classifier.layers[1].kernel.assign(np.zeros((8, 5)))
    np.testing.assert_array_equal(cut(images), np.zeros((2, 5)))


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: backbones.resnet18(stem="cifar"), '`stem` must be "imagenet" or "small". Received: stem=\'cifar\''),
        (lambda: backbones.resnet50(filters=0), "`filters` must be at least 1. Received: filters=0"),
        (lambda: backbones.small_encoder(filters=0), "`filters` must be at least 1. Received: filters=0"),
        (lambda: backbones.penultimate(backbones.small_encoder((8, 8, 1), 2)), "last Dense layer"),
        (lambda: backbones.penultimate(Subclassed()), "must be a built functional"),
        (
            lambda: backbones.penultimate(keras.Sequential([keras.layers.Dense(2)])),
            "must be a built functional",
        ),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
