import keras
import numpy as np
import pytest

from keras_genssl import backbones


def sides(network: keras.Model) -> list[int]:
    """Pixels a side after each convolution."""
    return [layer.output.shape[1] for layer in network.layers if "conv" in layer.name]


def test_the_lectures_architecture_to_the_letter():
    encoder, decoder = backbones.lecture_encoder(), backbones.lecture_decoder()
    # Its table "Tensor sizes / operations".
    assert sides(encoder) == [24, 20, 9, 4, 1]
    assert sides(decoder) == [4, 9, 20, 24, 28]
    assert (encoder.output_shape, decoder.output_shape) == ((None, 8), (None, 28, 28, 1))
    # kernel^2 * in * out + out: 5x5x1x32, 5x5x32x32, 4x4x32x32, 3x3x32x32, 4x4x32x8
    assert encoder.count_params() == 832 + 25632 + 16416 + 9248 + 4104
    assert decoder.count_params() == 4128 + 9248 + 16416 + 25632 + 801


def test_the_lectures_decoder_is_linear_at_both_ends():
    """Far from zero a code is doubled, the image too, but for the biases (zero at first): ReLU is homogeneous."""
    decoder = backbones.lecture_decoder(filters=3)
    codes = np.random.default_rng(0).normal(size=(2, 8)).astype("float32")
    np.testing.assert_allclose(decoder(2 * codes), 2 * np.array(decoder(codes)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("side", "expected"), [(28, [14, 7]), (32, [16, 8, 4]), (64, [32, 16, 8, 4]), (48, [24, 12, 6])]
)
def test_convolutional_networks_halve_and_double(side, expected):
    encoder = backbones.convolutional_encoder(6, 2, 5, input_shape=(side, side, 3))
    decoder = backbones.convolutional_decoder(6, 2, 5, output_shape=(side, side, 3))
    assert sides(encoder) == expected
    assert sides(decoder) == [*reversed(expected[:-1]), side]
    assert (encoder.output_shape, decoder.output_shape) == ((None, 6), (None, side, side, 3))


def test_parameters_of_the_convolutional_networks():
    # 28 -> 14 -> 7; 4x4 kernels, 32 and 64 channels, 256 units, 64 outputs.
    encoder = backbones.convolutional_encoder(64)
    assert encoder.count_params() == (16 * 32 + 32) + (16 * 32 * 64 + 64) + (3136 * 256 + 256) + (256 * 64 + 64)
    decoder = backbones.convolutional_decoder(32)
    assert decoder.count_params() == (32 * 256 + 256) + (256 * 3136 + 3136) + (16 * 64 * 32 + 32) + (16 * 32 + 1)


def test_a_dense_encoder_without_hidden_layers_is_a_matrix():
    encoder = backbones.dense_encoder(2, (), input_shape=(2, 2, 1))
    kernel, bias = np.arange(8.0).reshape(4, 2), np.array([1.0, -1.0])
    encoder.set_weights([kernel, bias])
    image = np.array([[1.0, 0.5], [-1.0, 0.0]]).reshape(1, 2, 2, 1)
    np.testing.assert_allclose(encoder(image), image.reshape(1, 4) @ kernel + bias, rtol=1e-6)
    decoder = backbones.dense_decoder(2, (), output_shape=(2, 2, 1), output_activation="tanh")
    decoder.set_weights([kernel.T, np.zeros(4)])
    np.testing.assert_allclose(
        np.array(decoder(np.array([[0.1, 0.2]]))).ravel(), np.tanh(np.array([0.1, 0.2]) @ kernel.T), rtol=1e-5
    )


def test_codes_of_a_sigmoid_lie_in_the_unit_interval():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 28, 28, 1)).astype("float32")
    for build in (backbones.lecture_encoder, backbones.dense_encoder, backbones.convolutional_encoder):
        linear, squashed = build(5), build(5, code_activation="sigmoid")
        squashed.set_weights(linear.get_weights())
        expected = 1 / (1 + np.exp(-np.array(linear(images))))
        np.testing.assert_allclose(squashed(images), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: backbones.lecture_encoder(0), r"`code_dim` must be an integer of at least 1. Received: code_dim=0"),
        (lambda: backbones.lecture_decoder(0), r"`code_dim` must be .* Received: code_dim=0"),
        (lambda: backbones.lecture_encoder(filters=0), r"`filters` and `channels` must be at least 1"),
        (lambda: backbones.dense_encoder(0), r"`code_dim` must be .* Received: code_dim=0"),
        (lambda: backbones.dense_decoder(2.5), r"`code_dim` must be .* Received: code_dim=2.5"),
        (lambda: backbones.dense_encoder(4, (8, 0)), r"`units` must hold positive numbers. Received: units=\(8, 0\)"),
        (lambda: backbones.dense_encoder(4, input_shape=(None, 28, 1)), r"`input_shape` must be \(height, width, ch"),
        (lambda: backbones.dense_decoder(4, output_shape=(28, 28)), r"`output_shape` must be .*=\(28, 28\)"),
        (lambda: backbones.convolutional_encoder(0), r"`code_dim` must be .* Received: code_dim=0"),
        (lambda: backbones.convolutional_encoder(4, units=0), r"`filters` and `units` must be at least 1"),
        (lambda: backbones.convolutional_encoder(4, input_shape=(30, 30, 1)), r"`input_shape` must be square .*\(30"),
        (lambda: backbones.convolutional_decoder(4, output_shape=(28, 32, 1)), r"`output_shape` must be square .*32"),
        (lambda: backbones.convolutional_encoder(4, input_shape=(5, 5, 1)), r"`input_shape` must be square"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
