"""The networks of GANs: their size counted by hand, their initial weights, what they refuse."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_genssl import backbones
from keras_genssl.layers import SpectralNormalization

PAIRS = {
    "dcgan": (backbones.dcgan_generator, backbones.dcgan_discriminator),
    "wgan_gp": (backbones.wgan_gp_generator, backbones.wgan_gp_critic),
    "sngan": (backbones.sngan_generator, backbones.sngan_discriminator),
}
array = keras.ops.convert_to_numpy


def _conv(inputs: int, outputs: int, kernel: int, bias: bool = True) -> int:
    return (inputs * kernel**2 + bias) * outputs


def _trained(network: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def _up(inputs: int, outputs: int) -> int:
    """Trained weights of a generator's block: two norms, two convolutions at the outputs' width, the shortcut."""
    return (
        2 * inputs
        + _conv(inputs, outputs, 3, bias=False)
        + 2 * outputs
        + _conv(outputs, outputs, 3)
        + _conv(inputs, outputs, 1)
    )


def test_dcgan_has_the_papers_channels() -> None:
    norm = 4  # two trained and two moving weights a channel
    generator = backbones.dcgan_generator((64, 64, 3), 100, filters=128, kernel_size=5)
    channels = [1024, 512, 256, 128]
    expected = 100 * 4 * 4 * 1024 + sum(norm * c for c in channels) + _conv(128, 3, 5)
    expected += sum(_conv(a, b, 5, bias=False) for a, b in itertools.pairwise(channels))
    assert generator.count_params() == expected
    # PyTorch's example of 64 pixels: 2,765,568 trained weights, and a bias of the first convolution and the logit.
    discriminator = backbones.dcgan_discriminator((64, 64, 3), filters=64)
    trained = sum(int(np.prod(weight.shape)) for weight in discriminator.trainable_weights)
    assert trained == 2_765_568 + 64 + 1


def test_dcgan_at_28_pixels_starts_at_7() -> None:
    expected = 16 * 49 * 8 + 4 * 8 + _conv(8, 4, 4, bias=False) + 4 * 4 + _conv(4, 1, 4)
    assert backbones.dcgan_generator((28, 28, 1), 16, filters=4).count_params() == expected
    expected = _conv(1, 4, 4) + _conv(4, 8, 4, bias=False) + 4 * 8 + 49 * 8 + 1
    assert backbones.dcgan_discriminator((28, 28, 1), filters=4).count_params() == expected


def test_dcgan_starts_with_the_papers_weights() -> None:
    keras.utils.set_random_seed(0)
    generator = backbones.dcgan_generator((64, 64, 3), 100, filters=32)
    for layer in generator.layers:
        if isinstance(layer, layers.Dense | layers.Conv2DTranspose):
            assert np.std(array(layer.kernel)) == pytest.approx(0.02, rel=0.05)
        if isinstance(layer, layers.BatchNormalization):
            gamma = array(layer.gamma)
            assert np.mean(gamma) == pytest.approx(1.0, abs=4 * 0.02 / len(gamma) ** 0.5)
            assert np.std(gamma) == pytest.approx(0.02, rel=0.6)


def test_labels_of_dcgan_are_what_a_convolution_makes_of_label_planes() -> None:
    network = backbones.dcgan_discriminator((28, 28, 1), filters=4, num_classes=3, batch_norm=False)
    first = keras.Model(network.inputs, network.get_layer("relu1").output)
    kernel = array(network.get_layer("down1").kernel)
    planes = np.random.default_rng(0).normal(size=(4, 4, 3, 4)).astype("float32")
    network.get_layer("label1_dense").set_weights([planes.sum((0, 1))])
    image = np.random.default_rng(1).uniform(-1, 1, (1, 28, 28, 1)).astype("float32")
    labels = np.array([[0, 1, 0]], "float32")
    stacked = np.concatenate([image, np.broadcast_to(labels[:, None, None], (1, 28, 28, 3))], -1)
    expected = tf.nn.conv2d(stacked, np.concatenate([kernel, planes], 2), 2, "SAME")
    expected = tf.nn.leaky_relu(expected, 0.2)
    np.testing.assert_allclose(first([image, labels])[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], atol=1e-4)


def test_residual_networks_have_the_papers_blocks() -> None:
    # SNGAN, Table 4 (CIFAR-10, 32 pixels): 256 channels in G, 128 in D; the power iteration's u is extra.
    generator = backbones.sngan_generator((32, 32, 3), 128, filters=256)
    block = 2 * 4 * 256 + _conv(256, 256, 3, bias=False) + _conv(256, 256, 3) + _conv(256, 256, 1)
    assert generator.count_params() == 129 * 16 * 256 + 3 * block + 4 * 256 + _conv(256, 3, 3)
    discriminator = backbones.sngan_discriminator((32, 32, 3), filters=128)
    first = _conv(3, 128, 3) + _conv(128, 128, 3) + _conv(3, 128, 1)
    down = 2 * _conv(128, 128, 3) + _conv(128, 128, 1)
    same = 2 * _conv(128, 128, 3)
    trained = sum(int(np.prod(weight.shape)) for weight in discriminator.trainable_weights)
    assert trained == first + down + 2 * same + 129


@pytest.mark.parametrize(
    ("side", "channels", "millions"),
    [
        (64, [64, 128, 256, 512, 1024], 10.1),  # dis_models/snresnet_64.py
        (128, [64, 128, 256, 512, 1024, 1024], 29.0),  # Table 6, dis_models/snresnet.py
    ],
)
def test_sngan_above_32_pixels_has_the_authors_weights(side: int, channels: list[int], millions: float) -> None:
    """Their blocks have the inputs' width inside, but for the first; without shortcut where nothing changes."""
    expected = _conv(3, 64, 3) + _conv(64, 64, 3) + _conv(3, 64, 1)
    for inputs, outputs in itertools.pairwise(channels):
        expected += _conv(inputs, inputs, 3) + _conv(inputs, outputs, 3)
        expected += _conv(inputs, outputs, 1) if inputs != outputs else 0
    expected += channels[-1] + 1
    assert _trained(backbones.sngan_discriminator((side, side, 3))) == expected
    assert round(expected / 1e6, 1) == millions
    # gen_models/resnet_64.py and resnet.py start at 16 * 64; their biases before batch norms (ours has none) apart.
    down = [1024, *reversed(channels[: side.bit_length() - 3])]
    expected = 129 * 4 * 4 * 1024 + sum(itertools.starmap(_up, itertools.pairwise(down))) + 2 * 64 + _conv(64, 3, 3)
    assert _trained(backbones.sngan_generator((side, side, 3))) == expected


@pytest.mark.parametrize(("side", "channels"), [(64, [64, 128, 256, 512, 512]), (128, [64, 128, 256, 512, 512, 512])])
def test_wgan_gp_above_32_pixels_has_the_authors_weights(side: int, channels: list[int]) -> None:
    """gan_64x64.py: a convolution, blocks of the inputs' width inside with layer norms, a linear value of all."""
    expected = _conv(3, 64, 3) + 4 * 4 * 512 + 1
    for inputs, outputs in itertools.pairwise(channels):
        norms = 2 * (2 * inputs)
        expected += norms + _conv(inputs, inputs, 3, bias=False) + _conv(inputs, outputs, 3) + _conv(inputs, outputs, 1)
    critic = backbones.wgan_gp_critic((side, side, 3))
    assert _trained(critic) == critic.count_params() == expected
    if side == 64:
        assert expected == 7_491_841
    down = channels[::-1]
    expected = 129 * 4 * 4 * 512 + sum(itertools.starmap(_up, itertools.pairwise(down))) + 2 * 64 + _conv(64, 3, 3)
    assert _trained(backbones.wgan_gp_generator((side, side, 3))) == expected


def test_layer_norms_of_the_critic_are_of_each_image_over_space_and_channels() -> None:
    network = backbones.wgan_gp_critic((64, 64, 1), 2)
    norm = network.get_layer("block1_norm2")
    norm.set_weights([np.array([2.0, 3.0]), np.array([5.0, 7.0])])
    images = np.random.default_rng(0).uniform(-1, 1, (2, 64, 64, 1)).astype("float32")
    before, after = keras.Model(network.input, [network.get_layer("block1_conv1").output, norm.output])(images)
    before = array(before)
    mean, variance = before.mean((1, 2, 3), keepdims=True), before.var((1, 2, 3), keepdims=True)
    expected = (before - mean) / np.sqrt(variance + 1e-5) * [2, 3] + [5, 7]
    np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("pool", ["sum", "mean"])
def test_sngan_sums_over_space_and_wgan_gp_averages(pool: str) -> None:
    network = {"sum": backbones.sngan_discriminator, "mean": backbones.wgan_gp_critic}[pool]((28, 28, 1), filters=4)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 28, 28, 1)).astype("float32")
    features = array(keras.Model(network.input, network.get_layer("relu").output)(images))  # (3, 7, 7, 4)
    assert features.shape == (3, 7, 7, 4)
    pooled = features.sum((1, 2)) if pool == "sum" else features.mean((1, 2))
    last = network.layers[-1]
    if pool == "sum":
        sigma, _ = last.spectral_norm()
        kernel, bias = array(last.layer.kernel) / array(sigma), array(last.layer.bias)
    else:
        kernel, bias = last.get_weights()
    np.testing.assert_allclose(network(images), pooled @ kernel + bias, atol=1e-4, rtol=1e-4)


def test_a_projection_discriminator_adds_the_class_vectors_product_with_the_features() -> None:
    network = backbones.sngan_discriminator((28, 28, 1), filters=4, num_classes=3)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 28, 28, 1)).astype("float32")
    features = array(keras.Model(network.input, network.get_layer("relu").output)([image, np.eye(3)[:1]])).sum((1, 2))
    wrapper = network.get_layer("projection").vectors
    sigma, _ = wrapper.spectral_norm()
    vectors = array(wrapper.layer.kernel) / array(sigma)  # (classes, channels)
    logits = [array(network([image, np.eye(3, dtype="float32")[c : c + 1]]))[0, 0] for c in range(3)]
    expected = features[0] @ vectors.T
    np.testing.assert_allclose(np.diff(logits), np.diff(expected), atol=1e-4)


def test_conditional_normalisation_starts_as_plain_and_has_gains_of_each_class() -> None:
    network = backbones.sngan_generator((28, 28, 1), 4, filters=3, num_classes=2)
    latents = np.random.default_rng(0).normal(size=(2, 4)).astype("float32")
    first, second = np.eye(2, dtype="float32")[[0, 0]], np.eye(2, dtype="float32")[[1, 1]]
    np.testing.assert_array_equal(array(network([latents, first])), array(network([latents, second])))
    norm = network.get_layer("block1_norm1")
    shifted = keras.Model(network.inputs, norm.output)
    normalised = shifted([latents, first])
    norm.gain.assign([[1, 2, 3], [4, 5, 6]])
    norm.bias.assign([[7, 8, 9], [1, 1, 1]])
    np.testing.assert_allclose(shifted([latents, first]), normalised * np.array([1, 2, 3.0]) + [7, 8, 9], rtol=1e-5)
    np.testing.assert_allclose(shifted([latents, second]), normalised * np.array([4, 5, 6.0]) + 1, rtol=1e-5)


def test_networks_without_classes_keep_the_names_of_their_weights() -> None:
    """Files of weights name layers; those of networks that are trained without classes load as before."""
    generator, judge = backbones.sngan_generator((28, 28, 1), 4, 2), backbones.sngan_discriminator((28, 28, 1), 2)
    block = [f"block1_{part}" for part in ("shortcut", "norm1", "conv1", "norm2", "conv2")]
    names = [layer.name for layer in generator.layers if layer.weights]
    assert set(names) == {"project", *block, *(name.replace("1_", "2_") for name in block), "norm", "images"}
    assert {layer.name for layer in judge.layers if layer.weights} == {
        *("block1_shortcut_sn", "block2_shortcut_sn", "logit_sn"),
        *(f"block{block}_conv{part}_sn" for block in (1, 2, 3, 4) for part in (1, 2)),
    }


def _kernels(network: keras.Model) -> int:
    """How many layers with a kernel are outside of spectral normalisation."""
    plain = layers.Dense | layers.Conv2D | layers.Conv2DTranspose
    wrapped = {id(layer.layer) for layer in network._flatten_layers() if isinstance(layer, SpectralNormalization)}
    return sum(isinstance(layer, plain) and id(layer) not in wrapped for layer in network._flatten_layers())


@pytest.mark.parametrize(("side", "attended"), [(28, 14), (32, 16), (64, 32), (128, 32)])
def test_sagan_attends_at_32_pixels_or_half_the_image_and_normalises_all(side: int, attended: int) -> None:
    shape, filters = (side, side, 1), 8
    networks = [
        backbones.sagan_generator(shape, 3, filters, num_classes=2),
        backbones.sagan_discriminator(shape, filters, num_classes=2),
        backbones.class_conditional_generator(shape, 2, 3, filters, spectral_normalization=True, attention=True),
        backbones.spectral_discriminator(shape, filters, num_classes=2, attention=True),
    ]
    for network in networks:
        assert network.get_layer("attention").output.shape[1:3] == (attended, attended)
        assert _kernels(network) == 0
    assert _kernels(backbones.class_conditional_generator(shape, 2, 3, filters)) == 1 + side.bit_length() - 3


def test_sagan_at_128_pixels_is_sngan_with_attention() -> None:
    attention = 2 * 128 * 16 + 128 * 64 + 64 * 128 + 1  # of the discriminator: 128 channels at 32 x 32
    plain = _trained(backbones.sngan_discriminator((128, 128, 3), num_classes=10))
    assert _trained(backbones.sagan_discriminator((128, 128, 3), num_classes=10)) == plain + attention
    attention = 2 * 256 * 32 + 256 * 128 + 128 * 256 + 1  # of the generator: 256
    plain = _trained(backbones.sngan_generator((128, 128, 3), num_classes=10))
    assert _trained(backbones.sagan_generator((128, 128, 3), num_classes=10)) == plain + attention


def test_a_class_conditional_generator_is_dcgans_with_gains_of_each_class() -> None:
    keras.utils.set_random_seed(4)
    network = backbones.class_conditional_generator((28, 28, 1), 2, 5, 4)
    expected = 5 * 49 * 8 + 2 * 2 * 8 + _conv(8, 4, 4, bias=False) + 2 * 2 * 4 + _conv(4, 1, 4)
    assert _trained(network) == expected
    latents = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    plain = backbones.dcgan_generator((28, 28, 1), 5, 4)
    for name in ("project", "up1", "images"):
        plain.get_layer(name).set_weights(network.get_layer(name).get_weights())
    for label in range(2):  # with the gains of a class it is the generator of that class
        for name in ("norm0", "norm1"):
            norm = network.get_layer(name)
            gain, bias, mean, variance = (array(weight) for weight in norm.weights)
            plain.get_layer(name).set_weights([gain[label], bias[label], mean, variance])
        one_hot = np.eye(2, dtype="float32")[[label] * 3]
        np.testing.assert_allclose(network([latents, one_hot]), plain(latents), rtol=1e-4, atol=1e-6)


def test_a_plain_projection_discriminator_has_a_vector_of_each_class_on_all_places() -> None:
    network = backbones.spectral_discriminator((28, 28, 1), 2, num_classes=3)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 28, 28, 1)).astype("float32")
    one_hots = np.eye(3, dtype="float32")
    features = array(keras.Model(network.input, network.get_layer("flatten").output)([image, one_hots[:1]]))
    vectors = network.get_layer("projection").vectors
    kernel = array(vectors.layer.kernel) / array(vectors.spectral_norm()[0])
    assert kernel.shape == (3, 7 * 7 * 4)
    logits = [array(network([image, one_hots[c : c + 1]]))[0, 0] for c in range(3)]
    np.testing.assert_allclose(np.diff(logits), np.diff(features[0] @ kernel.T), atol=1e-5)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28, 3), (32, 32, 3), (64, 64, 1), (128, 128, 3)])
def test_what_a_generator_makes_its_judge_takes(name: str, shape: tuple[int, int, int]) -> None:
    build_generator, build_judge = PAIRS[name]
    generator, judge = build_generator(shape, 5, 2), build_judge(shape, 2)
    images = generator(np.random.default_rng(0).normal(size=(2, 5)))
    assert images.shape == (2, *shape)
    assert np.abs(images).max() <= 1
    assert judge(images).shape == (2, 1)


@pytest.mark.parametrize("shape", [(30, 30, 1), (32, 64, 3), (28, 28, 2), (28, 28)])
def test_another_image_shape_is_refused(shape: tuple[int, ...]) -> None:
    builders = [build for pair in PAIRS.values() for build in pair]
    for build in [*builders, lambda shape: backbones.acgan_discriminator(shape, 10)]:
        with pytest.raises(ValueError, match=r"`image_shape` must be .* 28, 32, 64 or 128"):
            build(shape)


@pytest.mark.parametrize(
    ("network", "heads"),
    [(backbones.spectral_discriminator, 1), (lambda s, f: backbones.spectral_acgan_discriminator(s, 10, f), 11)],
)
def test_spectral_discriminators_are_dcgans_convolutions_whatever_their_norm(network, heads: int) -> None:
    network = network((28, 28, 1), 3)
    trained = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    assert trained == _conv(1, 3, 4) + _conv(3, 6, 4) + (7 * 7 * 6 + 1) * heads
    spectral = [layer for layer in network.layers if isinstance(layer, SpectralNormalization)]
    for layer in spectral:
        layer.u.assign(layer.spectral_norm(50)[1])
    images = np.random.default_rng(0).uniform(-1, 1, (2, 28, 28, 1)).astype("float32")
    before = [array(output) for output in keras.tree.flatten(network(images))]
    for layer in spectral:
        layer.layer.kernel.assign(3 * layer.layer.kernel)
    for expected, output in zip(before, keras.tree.flatten(network(images)), strict=True):
        np.testing.assert_allclose(output, expected, atol=1e-5)


def test_an_encoder_has_the_convolutions_of_the_discriminator_and_spreads_its_codes() -> None:
    network = backbones.dcgan_encoder(6, filters=4)
    expected = _conv(1, 4, 4, bias=False) + 4 * 2 + _conv(4, 8, 4, bias=False) + 8 * 2 + (49 * 8 + 1) * 6
    assert _trained(network) == expected
    # After batch normalisation a feature has a second moment of (1 + 0.2^2) / 2 = 0.52; Glorot's weights have the
    # variance 2 / (392 + 6), so a code that sums 392 features has 1.02, of mean and variance together.
    keras.utils.set_random_seed(3)
    codes = backbones.dcgan_encoder(200, filters=4)(
        np.random.default_rng(0).normal(size=(64, 28, 28, 1)), training=True
    )
    moment = float(np.mean(np.square(codes)))
    assert moment == pytest.approx(0.52 * 392 * 2 / (392 + 200), rel=0.1)


def test_a_joint_discriminator_sees_the_image_and_the_latents_together() -> None:
    keras.utils.set_random_seed(1)
    network = backbones.joint_discriminator((28, 28, 1), 5, 3, units=4)
    image_path = _conv(1, 3, 4) + _conv(3, 6, 4, bias=False) + 6 * 2
    latent_path = 4 * (5 + 1) + 4 * (4 + 1)
    assert _trained(network) == image_path + latent_path + 4 * (7 * 7 * 6 + 4 + 1) + 4 * (4 + 1) + 4 + 1
    rng = np.random.default_rng(0)
    images, latents = rng.uniform(-1, 1, (2, 28, 28, 1)).astype("float32"), rng.normal(size=(2, 5)).astype("float32")
    logits = [[array(network([image[None], latent[None]]))[0, 0] for latent in latents] for image in images]
    # Were it a sum of what it thinks of both, the effect of the latents would be that of any image.
    assert abs((logits[0][0] - logits[0][1]) - (logits[1][0] - logits[1][1])) > 1e-5


@pytest.mark.parametrize(
    ("message", "build"),
    [
        ("`latent_dim` must be at least 1. Received: latent_dim=0", lambda s: backbones.dcgan_generator(s, 0)),
        ("`filters` must be at least 1. Received: filters=0", lambda s: backbones.sngan_discriminator(s, 0)),
        ("`filters` must be at least 1", lambda s: backbones.wgan_gp_critic(s, -1)),
        ("`filters` must make the channels at the side", lambda s: backbones.sagan_generator(s, filters=4)),
        ("`filters` must make the", lambda s: backbones.spectral_discriminator(s, 4, attention=True)),
        ("`num_classes` must be at least 1", lambda s: backbones.class_conditional_generator(s, 0)),
        ("`num_classes` must be at least 1", lambda s: backbones.spectral_discriminator(s, num_classes=0)),
        ("`kernel_size` must be at least 2", lambda s: backbones.dcgan_discriminator(s, kernel_size=1)),
        ("`dropout` must lie in", lambda s: backbones.acgan_discriminator(s, 10, dropout=1.0)),
        ("`num_classes` must be at least 1", lambda s: backbones.sngan_generator(s, num_classes=0)),
        ("`units` must be at least 1", lambda s: backbones.mlp_generator(s, units=(4, 0))),
        ("`units` must be at least 1", lambda s: backbones.joint_discriminator(s, 5, units=0)),
        ("`latent_dim` must be at least 1", lambda s: backbones.joint_discriminator(s, 0)),
        ("`input_shape` must be at least 1", lambda s: backbones.mlp_discriminator((0, 3))),
    ],
)
def test_a_number_out_of_range_is_refused(message: str, build) -> None:
    with pytest.raises(ValueError, match="Received") as error:
        build((28, 28, 1))
    assert str(error.value).startswith(message)


def test_a_conditional_mlp_is_dense_layers_on_latents_and_labels() -> None:
    network = backbones.mlp_generator((2,), 3, (4,), num_classes=2, output_activation=None)
    hidden, bias, last, offset = network.get_weights()
    latents, labels = np.random.default_rng(0).normal(size=(5, 3)).astype("float32"), np.eye(2)[[0, 1, 1, 0, 1]]
    expected = np.maximum(np.concatenate([latents, labels], 1) @ hidden + bias, 0) @ last + offset
    np.testing.assert_allclose(network([latents, labels.astype("float32")]), expected, atol=1e-5)


@pytest.mark.parametrize("build", [backbones.dcgan_discriminator, backbones.spectral_discriminator])
def test_features_of_a_discriminator_are_what_its_logit_takes(build):
    network = build((28, 28, 1), 2)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 28, 28, 1)).astype("float32")
    features = backbones.features_of(network)(images)
    np.testing.assert_allclose(array(network.layers[-1](features)), array(network(images)), atol=1e-6)
    assert features.shape == (3, 7 * 7 * 4)
    until = backbones.features_of(network, "relu1")
    assert until.output_shape == (None, 14, 14, 2)
    assert all(any(weight is own for own in network.weights) for weight in until.weights)
    with pytest.raises(ValueError, match=r"`layer` must be the name of a layer .*Received: 'relu9'"):
        backbones.features_of(network, "relu9")
