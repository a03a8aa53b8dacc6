"""What each output of the network sees, exactly; and that its steps by row and pixel are its whole pass."""

import keras
import numpy as np
import pytest

from keras_genssl import backbones
from keras_genssl.backbones.pixelcnn import LevelEncoding

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
    assert (network.input_shape, network.output_shape) == ((None, 2, 3, 1), (None, 4, 6, 2))
    with pytest.raises(ValueError, match="`size` must be the same multiple of both sides of `shape`"):
        backbones.code_map((2, 3), 5, (4, 9))
    with pytest.raises(ValueError, match=r"`shape` must be \(height, width\), at least 1 each\. Received: shape=\(0,"):
        backbones.code_map((0, 1), 5, (4, 6))


@pytest.fixture
def mixed_policy():
    """Sets Keras' global policy to a given one; restores it afterwards."""
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("copied", ["configuration", "file"])
def test_a_copy_gives_the_same_and_computes_in_the_same_precision(copied, mixed_policy, tmp_path):
    mixed_policy("mixed_bfloat16")
    network = randomised(backbones.pixelcnn((3, 3, 1), 4, 5, filters=4, blocks=2, vector_dim=2))
    network.trainable = False
    mixed_policy("float32")
    if copied == "file":
        network.save(tmp_path / "network.keras")
        again = keras.saving.load_model(tmp_path / "network.keras")
    else:
        again = type(network).from_config(network.get_config())
        again.set_weights(network.get_weights())
    assert {layer.compute_dtype for layer in (again, again.encode, *again.stack, *again.head)} == {"bfloat16"}
    assert not again.trainable
    inputs = [np.ones((1, 3, 3, 1), "int32"), np.ones((1, 2), "f")]
    np.testing.assert_array_equal(again(inputs), network(inputs))
    exact = randomised(backbones.pixelcnn((3, 3, 1), 4, 5, filters=4, blocks=2, vector_dim=2))
    assert np.any(exact(inputs) != network(inputs))


@pytest.mark.parametrize(("dtype", "spacing", "most"), [("bfloat16", 2**-8, 512), ("float16", 2**-11, 4096)])
def test_levels_stay_distinct_in_half_precision_while_they_lie_further_apart_than_its_floats(dtype, spacing, most):
    """Floats in [0.5, 1) have this spacing; n levels lie 2 / (n - 1) apart."""
    for levels in (256, most):
        numbers = LevelEncoding(levels, dtype=f"mixed_{dtype}")(np.arange(levels).reshape(1, 1, -1, 1))
        assert numbers.dtype == dtype
        numbers = np.asarray(keras.ops.cast(numbers, "float64")).ravel()
        assert np.all(np.diff(numbers) > 0)
        exact = 2 * np.arange(levels) / (levels - 1) - 1
        error = np.abs(numbers - exact).max()
        assert error <= spacing / 2 + 2e-7  # that of float32
        assert levels > 256 or error > 0.9 * spacing / 2


def test_levels_that_do_not_exist_are_refused():
    network = backbones.pixelcnn((1, 2, 1), 4, 4, filters=2, blocks=1, embedding_dim=2)
    with pytest.raises(ValueError, match=r"`levels` must lie in \[0, 4\)\. Received: numbers from 0 to 4"):
        network([np.array([0, 4]).reshape(1, 1, 2, 1)])
    with pytest.raises(ValueError, match=r"`levels` must be integers in \[0, 4\)\. Received: float32"):
        network([np.full((1, 1, 2, 1), 1.5, "float32")])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (28, 28)}, "`shape` must be"),
        ({"num_levels": 1}, "`num_levels` must be at least 2. Received: num_levels=1"),
        ({"num_outputs": 0}, "`num_outputs` must be at least 1"),
        ({"shape": (4, 4, 3), "filters": 8}, "`filters` must be a multiple of the image's channels"),
        (
            {"shape": (4, 4, 3), "filters": 6, "head_filters": 4},
            "`head_filters` must be a multiple of the image's channels. Received: head_filters=4",
        ),
        ({"first_kernel_size": 1}, "`first_kernel_size` must be odd, at least 3"),
        ({"vector_dim": 0}, "`vector_dim` must be at least 1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        backbones.pixelcnn(**{"shape": (4, 4, 1), "num_levels": 4, "num_outputs": 4, **arguments})
