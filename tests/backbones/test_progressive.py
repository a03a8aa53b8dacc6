"""The networks of progressive growing: what each side is, what it does not depend on, and the scale of what flows."""

import itertools

import keras
import numpy as np
import pytest

from keras_genssl import backbones
from keras_genssl.layers import EqualizedConv2D, EqualizedDense, LeakyReLU

array = keras.ops.convert_to_numpy
RNG = np.random.default_rng(0)
LATENT, SHAPE = 6, (16, 16, 2)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("float32")


@pytest.fixture(scope="module")
def generator() -> keras.Model:
    return backbones.progressive_generator(SHAPE, LATENT, filters=5)


@pytest.fixture(scope="module")
def critic() -> keras.Model:
    return backbones.progressive_critic(SHAPE, filters=5, group_size=2)


def enlarged(images: np.ndarray) -> np.ndarray:
    return array(images).repeat(2, axis=1).repeat(2, axis=2)


def halved(images: np.ndarray) -> np.ndarray:
    return (images[:, ::2, ::2] + images[:, 1::2, ::2] + images[:, ::2, 1::2] + images[:, 1::2, 1::2]) / 4


@pytest.mark.parametrize(
    ("side", "expected"),
    [(4, (4,)), (28, (7, 14, 28)), (30, (15, 30)), (24, (6, 12, 24)), (1024, (4, 8, 16, 32, 64, 128, 256, 512, 1024))],
)
def test_sides_are_halved_down_to_4_or_to_an_odd_one(side: int, expected: tuple[int, ...]) -> None:
    assert backbones.progressive_sides((side, side, 3)) == expected


def test_the_paper_s_networks_have_its_size() -> None:
    """Karras et al., 2018, Table 2, of 1024 pixels: 23.1 million each but for colours. The first bias is one a unit."""
    shape, widths = (1024, 1024, 3), [512, 512, 512, 512, 256, 128, 64, 32, 16]
    up = sum(9 * a * b + b + 9 * b * b + b for a, b in itertools.pairwise(widths))
    colours = sum(3 * width + 3 for width in widths)
    first = 512 * 16 * 512 + 16 * 512 + 9 * 512 * 512 + 512
    generator = backbones.progressive_generator(shape)
    assert sum(int(np.prod(w.shape)) for w in generator.trainable_weights) == first + up + colours
    down = sum(9 * b * b + b + 9 * b * a + a for a, b in itertools.pairwise(widths))
    last = 9 * 513 * 512 + 512 + 16 * 512 * 512 + 512 + 513
    critic = backbones.progressive_critic(shape)
    assert critic.count_params() == down + last + sum(4 * width for width in widths) + 8  # 8 shares, not trained
    assert [round((first + up) / 1e6, 1), round((down + last) / 1e6, 1)] == [23.1, 23.1]


def test_an_activation_is_applied_to_the_image_of_every_side() -> None:
    plain, bounded = (
        backbones.progressive_generator(SHAPE, LATENT, filters=3, output_activation=name) for name in (None, "tanh")
    )
    for side in backbones.progressive_sides(SHAPE)[1:]:
        plain.get_layer(f"fade{side}").alpha.assign(0.25)
    bounded.set_weights(plain.get_weights())
    latents = np.random.default_rng(1).normal(size=(4, LATENT)).astype("float32")
    for side in backbones.progressive_sides(SHAPE):
        for fading in (False, True) if side > 4 else (False,):
            images = array(backbones.generator_at_side(plain, side, fading)(latents))
            made = backbones.generator_at_side(bounded, side, fading)(latents)
            np.testing.assert_allclose(made, np.tanh(images), atol=1e-6)
    np.testing.assert_allclose(bounded(latents), np.tanh(array(plain(latents))), atol=1e-6)


@pytest.mark.parametrize("side", [8, 16])
def test_alpha_0_is_the_smaller_network_and_alpha_1_the_larger_alone(generator, critic, side: int) -> None:
    latents, images = normal(4, LATENT), normal(4, side, side, 2)
    fading, judge = backbones.generator_at_side(generator, side, True), backbones.critic_at_side(critic, side, True)
    shares = [network.get_layer(f"fade{side}").alpha for network in (generator, critic)]
    for share in shares:
        share.assign(0.0)
    smaller = backbones.generator_at_side(generator, side // 2)
    np.testing.assert_array_equal(fading(latents), enlarged(smaller(latents)))
    smaller = backbones.critic_at_side(critic, side // 2)
    np.testing.assert_allclose(judge(images), smaller(halved(images)), rtol=1e-5)
    for share in shares:
        share.assign(1.0)
    np.testing.assert_array_equal(fading(latents), backbones.generator_at_side(generator, side)(latents))
    np.testing.assert_array_equal(judge(images), backbones.critic_at_side(critic, side)(images))
    for share in shares:
        share.assign(0.25)
    mixed = 0.75 * enlarged(backbones.generator_at_side(generator, side // 2)(latents))
    mixed = mixed + 0.25 * array(backbones.generator_at_side(generator, side)(latents))
    np.testing.assert_allclose(fading(latents), mixed, rtol=1e-4, atol=1e-5)
    for share in shares:
        share.assign(1.0)


def test_the_whole_network_is_that_of_its_largest_side_and_before_it_the_smaller_enlarged(generator, critic) -> None:
    latents, images = normal(4, LATENT), normal(4, *SHAPE)
    np.testing.assert_array_equal(generator(latents), backbones.generator_at_side(generator, 16)(latents))
    np.testing.assert_array_equal(critic(images), backbones.critic_at_side(critic, 16)(images))
    for side in (8, 16):
        generator.get_layer(f"fade{side}").alpha.assign(0.0)
    smallest = backbones.generator_at_side(generator, 4)
    np.testing.assert_array_equal(generator(latents), enlarged(enlarged(smallest(latents))))
    for side in (8, 16):
        generator.get_layer(f"fade{side}").alpha.assign(1.0)


def test_a_side_does_not_depend_on_later_blocks() -> None:
    generator = backbones.progressive_generator(SHAPE, LATENT, filters=3)
    critic = backbones.progressive_critic(SHAPE, filters=3)
    latents, images = normal(4, LATENT), normal(4, 8, 8, 2)
    small = backbones.generator_at_side(generator, 8, True), backbones.critic_at_side(critic, 8, True)
    before = [array(network(given)) for network, given in zip(small, (latents, images), strict=True)]
    for network, part in zip((generator, critic), small, strict=True):
        inside = {id(weight) for weight in part.weights}
        later = [weight for weight in network.weights if id(weight) not in inside]
        assert any("block16_conv1" in weight.path for weight in later)
        assert not any("16" in weight.path for weight in part.weights)
        for weight in later:
            weight.assign(weight + 1.0)
    for network, given, old in zip(small, (latents, images), before, strict=True):
        np.testing.assert_array_equal(network(given), old)


def outputs_of(network: keras.Model, given: np.ndarray, kinds: tuple[type, ...]) -> list[tuple]:
    """(layer, its input, its output) of every layer of some kinds in a network's blocks."""
    found, call = [], keras.layers.Layer.__call__
    layers = {id(layer) for layer in network._flatten_layers() if isinstance(layer, kinds)}

    def spy(layer, inputs, *args, **kwargs):
        made = call(layer, inputs, *args, **kwargs)
        if id(layer) in layers:
            found.append((layer, array(inputs).astype("float64"), array(made).astype("float64")))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.layers.Layer, "__call__", spy)
        network(given)
    return found


def test_signals_have_variance_about_1_at_every_depth() -> None:
    """Each equalized layer gives mean squares of gain² times those that come in, whatever the depth.

    Given its input, of second moments C over the n numbers that an output sums, an output of random weights has the
    mean square gain² tr(C) / n on average, and √(2 tr(C²)) gain² / n as its deviation; the mean of the outputs has that
    over √outputs. Four of these are allowed. Pixel-normalised features, of mean square 1, come into the generator's
    layers: tr(C) / n is 1.
    """
    shape = (32, 32, 64)
    generator = backbones.progressive_generator(shape, 64, filters=64)
    critic = backbones.progressive_critic(shape, filters=64)
    made = outputs_of(generator, normal(32, 64), (EqualizedConv2D, EqualizedDense))
    seen = outputs_of(critic, normal(32, *shape), (EqualizedConv2D, EqualizedDense))
    assert (len(made), len(seen)) == (2 + 2 * 3 + 4, 4 + 2 * 3 + 3)
    for number, (layer, given, outputs) in enumerate([*made, *seen]):
        if isinstance(layer, EqualizedConv2D) and layer.kernel_size == 3:  # inside: zeros lie beyond the border
            windows = np.lib.stride_tricks.sliding_window_view(given, (3, 3), axis=(1, 2))
            given, outputs = windows.reshape(-1, given.shape[-1] * 9), outputs[:, 1:-1, 1:-1]
        given = given.reshape(-1, given.shape[-1])
        second = given.T @ given / len(given)
        size, units = len(second), layer.kernel.shape[-1]
        expected, deviation = np.trace(second) / size, np.sqrt(2 * np.sum(second**2) / units) / size
        if number < len(made):
            assert expected == pytest.approx(1.0, rel=1e-3)
        measured = np.square(outputs).mean() / layer.gain**2
        assert abs(measured - expected) < 4 * deviation, layer.name


def test_activations_keep_it_but_for_the_slope() -> None:
    """Of normal u, E[(√2 leaky(u))²] = 1 + 0.2² = 1.04."""
    u = normal(1_000_000)
    assert 2 * np.square(array(LeakyReLU(0.2)(u))).mean() == pytest.approx(1.04, abs=4 * 2.3e-3)  # √(6.2 / 10⁶)


def test_config_survives_a_network_being_taken_at_a_side(generator, critic) -> None:
    backbones.generator_at_side(generator, 8, True)
    for network, given in ((generator, normal(2, LATENT)), (critic, normal(2, *SHAPE))):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network))
        assert [weight.path for weight in again.weights] == [weight.path for weight in network.weights]
        again.set_weights(network.get_weights())
        np.testing.assert_array_equal(again(given), network(given))


def test_what_is_refused(generator, critic) -> None:
    for shape in ((3, 3, 1), (8, 16, 1), (8, 8), (8, 8, 0)):
        with pytest.raises(ValueError, match=r"`image_shape` must be .* Received: image_shape="):
            backbones.progressive_sides(shape)
    with pytest.raises(ValueError, match="`filters` must be at least 1"):
        backbones.progressive_generator(SHAPE, LATENT, filters=0)
    with pytest.raises(ValueError, match=r"`side` must be one of \(4, 8, 16\). Received: side=32"):
        backbones.generator_at_side(generator, 32)
    with pytest.raises(ValueError, match=r"`side` must be one of \(8, 16\), which have a side below.*side=4"):
        backbones.critic_at_side(critic, 4, fading=True)
    other = backbones.dcgan_generator((28, 28, 1), 3, 2)
    with pytest.raises(ValueError, match=r"`generator` must be made by `backbones.progressive_generator`. Received:"):
        backbones.generator_at_side(other, 28)
