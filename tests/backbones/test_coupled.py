"""Coupled networks are DCGAN's, with the stated layers shared."""

import keras
import numpy as np
import pytest

from keras_genssl import backbones

SHAPE = (32, 32, 3)


@pytest.mark.parametrize("private", [1, 2, 3])
def test_each_half_is_dcgans_network_and_the_shared_weights_are_there_once(private: int) -> None:
    generators = backbones.coupled_generators(SHAPE, 5, 2, private=private)
    judges = backbones.coupled_discriminators(SHAPE, 2, private=private)
    halves = [keras.Model(generators.input, output) for output in generators.outputs]
    halves += [keras.Model(judges.inputs[k], judges.outputs[k]) for k in range(2)]
    plain = [backbones.dcgan_generator(SHAPE, 5, 2)] * 2 + [backbones.dcgan_discriminator(SHAPE, 2)] * 2
    for half, network in zip(halves, plain, strict=True):
        assert [weight.shape for weight in half.weights] == [weight.shape for weight in network.weights]
    for pair, (first, second) in ((generators, halves[:2]), (judges, halves[2:])):
        own, other = ({id(weight) for weight in half.weights} for half in (first, second))
        assert len(pair.weights) == len(own | other)
        names = {layer.name.removeprefix("first_") for layer in first.layers if layer.name.startswith("first_")}
        assert names == {layer.name.removeprefix("second_") for layer in second.layers if "second_" in layer.name}
    assert sum("images" in layer.name or "up" in layer.name for layer in generators.layers) == 3 + private
    assert sum("down" in layer.name for layer in judges.layers) == 3 + private


def test_a_half_computes_what_dcgans_network_does() -> None:
    generators = backbones.coupled_generators(SHAPE, 5, 2)
    latents = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    plain = backbones.dcgan_generator(SHAPE, 5, 2)
    pair = generators(latents)
    for output, images in zip(generators.outputs, pair, strict=True):
        plain.set_weights(keras.Model(generators.input, output).get_weights())
        np.testing.assert_allclose(plain(latents), images, atol=1e-6)
    judges = backbones.coupled_discriminators(SHAPE, 2)
    judge = backbones.dcgan_discriminator(SHAPE, 2)
    for number, logits in enumerate(judges(pair)):
        judge.set_weights(keras.Model(judges.inputs[number], judges.outputs[number]).get_weights())
        np.testing.assert_allclose(judge(pair[number]), logits, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: backbones.coupled_generators((30, 30, 1)), "`image_shape` must be"),
        (lambda: backbones.coupled_generators((28, 28, 1), private=3), "`private` must be .* at most 2 .*private=3"),
        (lambda: backbones.coupled_generators((28, 28, 1), 0), "`latent_dim` must be at least 1"),
        (lambda: backbones.coupled_discriminators((28, 28, 1), private=0), "`private` must be .* Received: private=0"),
        (lambda: backbones.coupled_discriminators((28, 28, 1), 0), "`filters` must be at least 1"),
    ],
)
def test_a_number_out_of_range_is_refused(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
