"""What each output of the network sees, exactly; and that its steps by row and pixel are its whole pass."""

import keras
import numpy as np
import pytest

from keras_genssl import backbones

HEIGHT, WIDTH = 5, 6


def randomised(network):
    rng = np.random.default_rng(3)
    network.set_weights([rng.normal(scale=0.3, size=weight.shape) for weight in network.weights])
    return network


def sees(network, shape, levels=4):
    """Whether each output changes when one level does, `(h * w * c, h * w * c)`: of an output, by a level."""
    rng = np.random.default_rng(0)
    size = int(np.prod(shape))
    base = rng.integers(0, levels, (1, *shape)).astype("int32")
    changed = np.repeat(base, size, axis=0).reshape(size, size)
    changed[np.arange(size), np.arange(size)] = (base.ravel() + 1) % levels
    batches = np.repeat(base, size, axis=0), changed.reshape(size, *shape)  # of one size: rounding depends on it
    before, after = (network([batch]).numpy() for batch in batches)
    return np.any(before != after, axis=-1).reshape(size, size).T


@pytest.mark.parametrize("channels", [1, 3])
def test_an_output_sees_every_level_before_it_and_none_after(channels):
    """With blocks enough for the whole image; a network with one stack would be blind to the right above."""
    shape, size = (4, 4, channels), 16 * channels
    network = randomised(backbones.pixelcnn(shape, 4, 5, filters=12, blocks=3, first_kernel_size=5))
    np.testing.assert_array_equal(sees(network, shape), np.tri(size, k=-1, dtype=bool))


def test_the_right_above_is_seen_by_few_blocks_as_far_as_their_kernels_reach():
    network = randomised(backbones.pixelcnn((HEIGHT, WIDTH, 1), 4, 5, filters=4, blocks=2, first_kernel_size=3))
    seen = sees(network, (HEIGHT, WIDTH, 1)).reshape(HEIGHT, WIDTH, HEIGHT, WIDTH)[3, 2]
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[1:3, :5] = True  # two rows up, and two columns to each side
    expected[3, :2] = True
    np.testing.assert_array_equal(seen, expected)


def test_the_first_pixel_does_not_depend_on_the_image():
    network = randomised(backbones.pixelcnn((3, 3, 1), 256, 7, filters=4, blocks=2))
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 3, 1))
    outputs = network([images])[:, 0, 0]
    np.testing.assert_array_equal(outputs, np.repeat(outputs[:1], 5, axis=0))


def test_a_vector_reaches_all_pixels_and_a_map_those_from_its_row_on():
    network = randomised(
        backbones.pixelcnn((3, 3, 1), 4, 5, filters=4, blocks=2, vector_dim=2, map_channels=1, embedding_dim=3)
    )
    levels, vector, plain = np.zeros((1, 3, 3, 1), "int32"), np.zeros((1, 2), "f"), np.zeros((1, 3, 3, 1), "f")
    spot = plain.copy()
    spot[0, 1, 1] = 1
    at_first, of_class, of_spot = (
        network(inputs)[0, ..., 0, :].numpy()
        for inputs in ([levels, vector, plain], [levels, vector + 1, plain], [levels, vector, spot])
    )
    assert np.all(of_class != at_first)
    changed = np.any(of_spot != at_first, axis=-1)
    np.testing.assert_array_equal(changed, [[False] * 3, [True] * 3, [True] * 3])


def test_embedded_levels_are_learnt_vectors_channels_in_turn():
    encode = backbones.pixelcnn((2, 2, 2), 3, 3, filters=4, blocks=1, embedding_dim=2).encode
    vectors = np.arange(6.0).reshape(3, 2)
    encode.set_weights([vectors])
    encoded = encode(np.array([0, 2]).reshape(1, 1, 1, 2))
    assert encoded.numpy().ravel().tolist() == [0, 4, 1, 5]


def test_coarse_codes_become_a_map_of_the_fine_ones_size():
    network = backbones.code_map((2, 3), 5, (4, 6), channels=2)
    assert network.input_shape, network.output_shape == ((None, 2, 3, 1), (None, 4, 6, 2))
    with pytest.raises(ValueError, match="`size` must be the same multiple of both sides of `shape`"):
        backbones.code_map((2, 3), 5, (4, 9))


def test_a_copy_made_of_the_configuration_gives_the_same():
    network = randomised(backbones.pixelcnn((3, 3, 1), 4, 5, filters=4, blocks=2, vector_dim=2))
    again = keras.models.clone_model(network)
    again.set_weights(network.get_weights())
    inputs = [np.ones((1, 3, 3, 1), "int32"), np.ones((1, 2), "f")]
    np.testing.assert_array_equal(again(inputs), network(inputs))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (28, 28)}, "`shape` must be"),
        ({"num_levels": 1}, "`num_levels` must be at least 2. Received: num_levels=1"),
        ({"num_outputs": 0}, "`num_outputs` must be at least 1"),
        ({"shape": (4, 4, 3), "filters": 8}, "`filters` must be a multiple of the image's channels"),
        ({"first_kernel_size": 1}, "`first_kernel_size` must be odd, at least 3"),
        ({"vector_dim": 0}, "`vector_dim` must be at least 1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        backbones.pixelcnn(**{"shape": (4, 4, 1), "num_levels": 4, "num_outputs": 4, **arguments})
