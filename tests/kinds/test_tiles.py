import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl.engine import in_tiles

RNG = np.random.default_rng(6)


def image(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype("float32")


@pytest.mark.parametrize("size", [(1, 16, 16), (2, 37, 50), (1, 5, 33), (1, 16, 17)])
def test_tiles_give_the_whole_image(size) -> None:
    network = kg.backbones.edsr(scale=2, filters=4, blocks=2)
    network.set_weights([RNG.normal(0, 0.2, weight.shape) for weight in network.weights])
    images = image(*size, 3)
    radius = kg.backbones.receptive_radius(network)
    whole = network(images)
    tiled = in_tiles(network, radius, tile=16)(images)
    np.testing.assert_allclose(tiled, whole, atol=2e-5)


@pytest.mark.parametrize("size", [(1, 16, 16), (2, 37, 50), (1, 5, 33)])
def test_single_tiles_are_the_result_to_the_bit(size) -> None:
    network = kg.backbones.edsr(scale=2, filters=4, blocks=2)
    network.set_weights([RNG.normal(0, 0.2, weight.shape) for weight in network.weights])
    images = keras.ops.convert_to_tensor(image(*size, 3))
    tiled = in_tiles(network, kg.backbones.receptive_radius(network), tile=16)
    rows, columns = (int(count) for count in tiled.grid(images))
    assert (rows, columns) == (-(-size[1] // 16), -(-size[2] // 16))
    one = tf.function(tiled.one, reduce_retracing=True)
    grid = [[one(images, tf.constant(row), tf.constant(column)) for column in range(columns)] for row in range(rows)]
    joined = np.concatenate([np.concatenate([tile for tile, _ in row], axis=2) for row in grid], axis=1)
    np.testing.assert_array_equal(tiled(images), joined)
    assert {int(scale) for row in grid for _, scale in row} == {2}


def test_the_function_sees_a_tile_and_its_margins_at_most() -> None:
    """37 and 50 pixels in tiles of at most 16: 3 of 13 and 4 of 13, with 2 pixels on one side or on both."""

    def sides(cut):
        return keras.ops.ones_like(cut[..., :1]) * keras.ops.cast(keras.ops.shape(cut)[1:3], "float32")

    seen = np.asarray(in_tiles(sides, 2, tile=16)(image(1, 37, 50, 3)))[0]
    assert seen[::13, 0, 0].tolist() == [15, 17, 13]
    assert seen[0, ::13, 1].tolist() == [15, 17, 17, 13]


def test_pixels_are_converted_tile_by_tile() -> None:
    levels = RNG.integers(0, 256, (1, 20, 30, 3)).astype("uint8")
    halved = in_tiles(lambda cut: cut / 2, 1, tile=8).between(
        lambda cut: keras.ops.cast(cut, "float32"), lambda cut: keras.ops.cast(cut, "uint8"), tf.uint8
    )
    made = halved(levels)
    assert made.dtype == tf.uint8
    np.testing.assert_array_equal(made, levels // 2)


def test_too_small_a_radius_shows() -> None:
    network = kg.backbones.edsr(scale=2, filters=4, blocks=2)
    network.set_weights([RNG.normal(0, 0.2, weight.shape) for weight in network.weights])
    images = image(1, 40, 40, 3)
    assert np.abs(in_tiles(network, 1, tile=16)(images) - network(images)).max() > 1e-3


@pytest.mark.parametrize(
    ("network", "radius"),
    [
        (kg.backbones.srcnn(filters=(4, 4), kernels=(9, 1, 5)), 4 + 0 + 2),
        (kg.backbones.espcn(2, filters=(4, 4)), 2 + 1 + 1),  # 5, 3, 3
        (kg.backbones.edsr(2, 4, 3), 1 + 3 * 2 + 1 + 1 + 1 + 2),  # head, blocks, body, up, tail, bicubic
        (kg.backbones.srresnet(2, 4, 2), 4 + 2 * 2 + 1 + 1 + 4),
        (kg.backbones.small_feature_map(filters=2), 1 + 1 + 1 + 2 + 2 + 4),  # the third and the fifth halve
        (kg.backbones.srgan_discriminator(4, 8, input_shape=(32, 32, 3)), None),  # a mean over the image
        (kg.backbones.resnet_translator((None, None, 3), 4, 1), None),  # instance normalisation
        (kg.backbones.unet_generator((None, None, 3), filters=4, halvings=3), None),
    ],
)
def test_radius_is_the_sum_of_the_kernels_reach(network, radius) -> None:
    assert kg.backbones.receptive_radius(network) == radius


def test_radius_of_networks_in_a_row_and_without_padding() -> None:
    encoder = kg.backbones.small_feature_map(filters=2)
    upsampling = kg.layers.BicubicUpsampling(4)
    assert kg.backbones.receptive_radius(encoder, kg.backbones.position_head(8, 2), upsampling) == 11 + 4 + 2 * 4
    assert kg.backbones.total_stride(encoder, encoder) == 16
    image = keras.Input((None, None, 3))
    assert kg.backbones.receptive_radius(keras.Model(image, keras.layers.Conv2D(3, 3)(image))) is None


def test_no_pixel_further_away_than_the_radius_counts() -> None:
    network = kg.backbones.espcn(2, filters=(4, 4))
    radius = kg.backbones.receptive_radius(network)
    images = image(1, 25, 25, 3)
    changed = images.copy()
    changed[0, 12, 12] += 1.0
    difference = np.abs(network(changed) - network(images))[0].max(axis=-1)
    rows = np.flatnonzero(difference.max(axis=1))
    assert rows.min() // 2 == 12 - radius
    assert rows.max() // 2 == 12 + radius


@pytest.mark.parametrize("size", [(1, 16, 16), (2, 37, 50), (1, 33, 5)])
def test_tiles_of_functions_with_strides_are_whole_squares(size) -> None:
    """Each square of 4 pixels a side becomes its mean, and that of its neighbour to the right is added."""

    def means(images):
        images = tf.pad(images, ((0, 0), (0, -tf.shape(images)[1] % 4), (0, -tf.shape(images)[2] % 4), (0, 0)))
        coarse = tf.nn.avg_pool2d(images, 4, 4, "VALID")
        return tf.repeat(tf.repeat(coarse + tf.pad(coarse, ((0, 0), (0, 0), (0, 1), (0, 0)))[:, :, 1:], 4, 1), 4, 2)

    def cropped(images):
        return means(images)[:, : tf.shape(images)[1], : tf.shape(images)[2]]

    images = image(*size, 3)
    padded = np.pad(images, ((0, 0), (0, -size[1] % 4), (0, -size[2] % 4 + 4), (0, 0)))
    coarse = padded.reshape(size[0], -(-size[1] // 4), 4, -1, 4, 3).mean(axis=(2, 4))
    expected = (coarse[:, :, :-1] + coarse[:, :, 1:]).repeat(4, 1).repeat(4, 2)[:, : size[1], : size[2]]
    tiled = in_tiles(cropped, 3, tile=18, step=4)  # a margin of 4 pixels, tiles of at most 16
    np.testing.assert_allclose(tiled(images), expected, atol=1e-6)
    assert [int(count) for count in tiled.grid(tf.constant(images))] == [-(-size[1] // 16), -(-size[2] // 16)]


def test_errors() -> None:
    for wrong in ({"radius": -1}, {"radius": 1, "step": 0}, {"radius": 1, "tile": 3, "step": 4}):
        with pytest.raises(
            ValueError, match="`radius` must be at least 0, `step` at least 1 and `tile` at least `step`"
        ):
            in_tiles(keras.ops.relu, **wrong)
