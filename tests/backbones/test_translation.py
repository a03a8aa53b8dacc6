"""Networks of translation, against the counts that the authors' code prints and by what they see.

github.com/junyanz/pytorch-CycleGAN-and-pix2pix prints, with default options: CycleGAN's generator 11.378 M and
discriminator 2.765 M parameters (biases everywhere, instance norm without gamma and beta), pix2pix' generator 54.414 M
(batch norm with gamma and beta, one bias, of the last convolution) and discriminator 2.769 M (biases where there is no
norm).
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import backbones, engine

RNG = np.random.default_rng(3)


def count(network: keras.Model, *, norms: bool, biased: tuple[str, ...] | None = None) -> float:
    """Parameters in millions, with biases of the convolutions named (None: of all), ours have them or not."""
    total = 0
    for layer in network.layers:
        if layer.name.endswith("_conv"):
            total += int(np.prod(layer.kernel.shape)) + layer.filters * (biased is None or layer.name in biased)
        elif layer.name.endswith("_norm"):
            total += layer.count_params() * norms
        else:
            assert not layer.weights
    return round(total / 1e6, 3)


def test_cyclegan_has_the_authors_parameters() -> None:
    generator = backbones.resnet_translator((256, 256, 3))
    assert count(generator, norms=False) == 11.378
    assert count(backbones.patch_discriminator((256, 256, 3)), norms=False) == 2.765


def test_pix2pix_has_the_authors_parameters() -> None:
    assert count(backbones.unet_generator((256, 256, 3)), norms=True, biased=("up8_conv",)) == 54.414
    discriminator = backbones.patch_discriminator((256, 256, 6))
    assert count(discriminator, norms=True, biased=("patch1_conv", "logits_conv")) == 2.769


def plain(name: str) -> keras.layers.Layer:
    """No normalisation, through which a logit would see the whole image."""
    return keras.layers.Activation("linear", name=name)


@pytest.mark.parametrize(("layers", "patch", "size"), [(1, 16, 32), (2, 34, 64), (3, 70, 128)])
def test_a_logit_sees_its_patch(layers, patch, size) -> None:
    network = backbones.patch_discriminator((size, size, 1), filters=4, layers=layers, normalization=plain)
    for weight in network.weights:
        weight.assign(RNG.normal(size=weight.shape))
    images = keras.ops.convert_to_tensor(RNG.normal(size=(1, size, size, 1)).astype("float32"))
    middle = network.output_shape[1] // 2
    seen = np.array(engine.input_gradient(lambda x: network(x)[:, middle, middle], images))[0, :, :, 0] != 0
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert (len(rows), len(columns)) == (patch, patch)
    assert rows[-1] - rows[0] == patch - 1


def test_the_unet_pads_by_reflection_and_crops() -> None:
    small = backbones.unet_generator((28, 20, 1), 3, filters=4, dropout=0.0)
    large = backbones.unet_generator((32, 32, 1), 3, filters=4, dropout=0.0)
    values = [RNG.normal(size=weight.shape) for weight in large.weights]
    small.set_weights(values)
    large.set_weights(values)
    images = RNG.uniform(-1, 1, (2, 28, 20, 1)).astype("float32")
    padded = np.pad(images, ((0, 0), (2, 2), (6, 6), (0, 0)), mode="reflect")
    np.testing.assert_allclose(small(images), np.array(large(padded))[:, 2:-2, 6:-6], atol=1e-5)


def test_the_unet_skips_at_every_size() -> None:
    """What goes up is silenced level by level: what is left then came through the skip of that size alone."""
    network = backbones.unet_generator((32, 32, 1), filters=4, dropout=0.0, normalization=plain)
    for weight in network.weights:
        weight.assign(RNG.normal(size=weight.shape) * 0.1)
    image = keras.ops.convert_to_tensor(RNG.normal(size=(1, 32, 32, 1)).astype("float32"))
    for level, side in ((1, 32), (2, 30), (3, 14), (4, 6)):  # counted by hand
        network.get_layer(f"up{level}_conv").kernel.assign(0.0 * network.get_layer(f"up{level}_conv").kernel)
        slope = engine.input_gradient(lambda x: network(x)[:, 16, 16], image)
        rows = np.flatnonzero(np.array(slope)[0, :, :, 0].any(axis=1))
        assert rows[-1] - rows[0] + 1 == side


def test_the_unet_is_noisy_in_training_alone() -> None:
    network = backbones.unet_generator((16, 16, 1), filters=4, dropout=0.5)
    rates = [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.5, 0.5, 0.5]
    images = RNG.uniform(-1, 1, (1, 16, 16, 1)).astype("float32")
    np.testing.assert_array_equal(network(images), network(images))
    assert np.abs(np.array(network(images, training=True)) - np.array(network(images, training=True))).max() > 1e-6


def test_a_translator_of_any_size_is_that_of_a_fixed_one() -> None:
    fixed = backbones.resnet_translator((12, 8, 1), 2, filters=4, blocks=2)
    free = backbones.resnet_translator((None, None, 1), 2, filters=4, blocks=2)
    free.set_weights(fixed.get_weights())
    images = RNG.uniform(-1, 1, (2, 12, 8, 1)).astype("float32")
    np.testing.assert_array_equal(free(images), fixed(images))


TRANSLATORS = {  # the sides of images that fit, by the fewest and the multiple
    "resnet": (lambda shape: backbones.resnet_translator(shape, 2, filters=2, blocks=1), 8, 4),
    "resnet, thrice": (lambda shape: backbones.resnet_translator(shape, 2, 2, 1, downsamplings=3), 16, 8),
    "resnet, never": (lambda shape: backbones.resnet_translator(shape, 2, 2, 1, downsamplings=0), 4, 1),
    "unet": (lambda shape: backbones.unet_generator(shape, 2, filters=2, halvings=4), 16, 16),
}


@pytest.mark.parametrize("name", TRANSLATORS)
def test_images_of_any_size_come_out_in_theirs(name: str) -> None:
    """What stands between padding and cropping sees NumPy's reflection, and what comes out is the middle."""
    build, fewest, multiple = TRANSLATORS[name]
    free, fixed = build((None, None, 1)), build((30, 45, 1))
    fixed.set_weights(free.get_weights())
    inner = keras.Model(free.get_layer("pad").output, free.get_layer("crop").input[0])
    in_graph = tf.function(free, input_signature=[tf.TensorSpec((None, None, None, 1))])
    for height, width in ((32, 48), (30, 45), (1, 1), (3, 17)):
        images = RNG.uniform(-1, 1, (2, height, width, 1)).astype("float32")
        grown = [max(fewest, -(-size // multiple) * multiple) - size for size in (height, width)]
        borders = [(pixels // 2, (pixels + 1) // 2) for pixels in grown]
        (top, _), (left, _) = borders
        expected = inner(np.pad(images, ((0, 0), *borders, (0, 0)), mode="reflect"))
        expected = np.tanh(expected[:, top : top + height, left : left + width])
        networks = (free, in_graph, fixed) if (height, width) == (30, 45) else (free, in_graph)
        for network in networks:
            np.testing.assert_allclose(network(images), expected, atol=1e-6)
    assert free.compute_output_shape((None, 30, 45, 1)) == (None, 30, 45, 2)


def test_networks_whose_size_fits_have_nothing_around() -> None:
    networks = (
        backbones.resnet_translator((32, 48, 1), 2, 2, 1),
        backbones.unet_generator((32, 48, 1), 2, 2, halvings=4),
    )
    for network in networks:
        assert not {"pad", "crop"} & {layer.name for layer in network.layers}


def test_weights_of_one_size_load_into_a_network_of_any(tmp_path) -> None:
    fixed, free = (backbones.resnet_translator((size, size, 1), filters=2, blocks=1) for size in (12, None))
    fixed.save_weights(tmp_path / "fixed.weights.h5")
    free.load_weights(tmp_path / "fixed.weights.h5")
    for expected, loaded in zip(fixed.get_weights(), free.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, expected)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: backbones.resnet_translator((28, 28, 1), blocks=0), r"at least 1.* blocks=0"),
        (lambda: backbones.patch_discriminator((16, 28, 1)), r"at least 24 pixels.*image_shape=\(16, 28, 1\)"),
        (lambda: backbones.patch_discriminator((28, 28, 1), layers=0), r"at least 1\. .* layers=0"),
        (lambda: backbones.unet_generator((28, 7, 1)), r"at least 8 pixels.*\(28, 7, 1\)"),
        (lambda: backbones.unet_generator((None, 28, 1)), r"must be known.*or `halvings` be given.*\(None, 28, 1\)"),
        (lambda: backbones.unet_generator((28, 28, 1), halvings=2), r"`halvings` must be at least 3.*halvings=2"),
        (lambda: backbones.unet_generator((28, 28, 1), dropout=1.0), r"`dropout` must lie in \[0, 1\)"),
    ],
)
def test_errors_name_argument_rule_and_value(build, message) -> None:
    with pytest.raises(ValueError, match=message):
        build()
