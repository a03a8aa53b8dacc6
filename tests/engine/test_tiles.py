import keras
import numpy as np
import pytest

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
        (kg.backbones.srgan_discriminator(4, 8, input_shape=(32, 32, 3)), None),  # strides
    ],
)
def test_radius_is_the_sum_of_the_kernels_reach(network, radius) -> None:
    assert kg.backbones.receptive_radius(network) == radius


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


def test_errors() -> None:
    with pytest.raises(ValueError, match="`radius` must be at least 0 and `tile` at least 1"):
        in_tiles(keras.ops.relu, -1)
