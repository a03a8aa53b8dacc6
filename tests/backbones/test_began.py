"""BEGAN's networks: their size counted by hand, what they leave out, and what they refuse."""

import keras
import numpy as np
import pytest

from keras_genssl import backbones


def conv(inputs: int, outputs: int) -> int:
    return (9 * inputs + 1) * outputs


def decoder(dim: int, side: int, stages: int, filters: int, channels: int) -> int:
    return (dim + 1) * side**2 * filters + 2 * stages * conv(filters, filters) + conv(filters, channels)


@pytest.mark.parametrize(("shape", "side", "stages"), [((28, 28, 1), 7, 3), ((32, 32, 3), 8, 3), ((128, 128, 3), 8, 5)])
def test_the_decoder_is_the_generator_and_the_encoder_widens_linearly(shape, side: int, stages: int) -> None:
    n, channels = 2, shape[-1]
    generator = backbones.began_generator(shape, 6, n)
    assert generator.count_params() == decoder(6, side, stages, n, channels)
    network = backbones.began_discriminator(shape, 6, n)
    widths = [n * (stage + 1) for stage in range(stages)]
    encoder = conv(channels, n) + sum(2 * conv(width, width) for width in widths)
    encoder += sum(conv(width, width + n) for width in widths[:-1])
    encoder += (side**2 * widths[-1] + 1) * 6
    assert network.count_params() == encoder + decoder(6, side, stages, n, channels)
    kinds = {type(layer) for layer in (*generator.layers, *network.layers)}
    assert not kinds & {keras.layers.Conv2DTranspose, keras.layers.BatchNormalization}
    assert [layer.activation.__name__ for layer in (network.get_layer("code"), network.get_layer("pixels"))] == [
        "linear",
        "linear",
    ]


def test_pixels_are_repeated_on_the_way_up() -> None:
    network = backbones.began_generator((28, 28, 1), 3, 4)
    layer = network.get_layer("decode7_up")
    latents = np.random.default_rng(0).normal(size=(2, 3))
    before, after = keras.Model(network.input, [layer.input, layer.output])(latents)
    np.testing.assert_array_equal(after, np.repeat(np.repeat(before, 2, axis=1), 2, axis=2))


@pytest.mark.parametrize("shape", [(8, 8, 1), (30, 30, 1), (56, 56, 1), (32, 64, 3), (28, 28, 2), (28, 28)])
def test_another_image_shape_is_refused(shape: tuple[int, ...]) -> None:
    for build in (backbones.began_generator, backbones.began_discriminator):
        with pytest.raises(ValueError, match=r"`image_shape` must be .* 28 or a power of two .* Received"):
            build(shape)


def test_a_number_out_of_range_is_refused() -> None:
    for build, name in ((backbones.began_generator, "latent_dim"), (backbones.began_discriminator, "code_dim")):
        with pytest.raises(ValueError, match=f"`{name}` must be at least 1. Received: {name}=0"):
            build((28, 28, 1), 0)
        with pytest.raises(ValueError, match="`filters` must be at least 1"):
            build((28, 28, 1), 3, 0)
