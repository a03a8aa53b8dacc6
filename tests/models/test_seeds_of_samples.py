"""Whatever draws new samples at each call draws the same ones after `keras.utils.set_random_seed`."""

import keras
import numpy as np
import pytest

import keras_genssl as kg
from keras_genssl import backbones, models
from keras_genssl.checks.seeds import given_or_new

SHAPE, CODES = (3, 3, 1), 2
IMAGES = np.random.default_rng(0).uniform(-1, 1, (20, *SHAPE)).astype("float32")


def decoder() -> keras.Model:
    return backbones.dense_decoder(CODES, (), output_shape=SHAPE)


def vae() -> models.VAE:
    return models.VAE(backbones.dense_encoder(2 * CODES, (), input_shape=SHAPE), decoder())


def adversarial() -> models.AdversarialAutoencoder:
    encoder = backbones.dense_encoder(CODES, (), input_shape=SHAPE)
    return models.AdversarialAutoencoder(encoder, decoder(), backbones.mlp_discriminator((CODES,)))


def gan() -> models.GAN:
    return models.GAN(backbones.mlp_generator(SHAPE, CODES, (5,)), backbones.mlp_discriminator(SHAPE, (5,)), CODES)


def mixture() -> kg.analysis.GaussianMixtureSampler:
    made = kg.analysis.GaussianMixtureSampler(lambda images: images[:, 0, :2, 0], lambda codes: codes, 2)
    return made.fit(IMAGES)


SAMPLERS = {
    "VAE.sample": lambda: vae().sample,
    "VAE.elbo": lambda: lambda num, seed=None: vae_of_one.elbo(IMAGES[:num], 2, seed),
    "VAE.log_likelihood": lambda: lambda num, seed=None: vae_of_one.log_likelihood(IMAGES[:num], 2, seed),
    "AdversarialAutoencoder.sample": lambda: adversarial().sample,
    "AdversarialAutoencoder.sample_codes": lambda: adversarial().sample_codes,
    "GAN.sample": lambda: gan().sample,
    "GaussianMixtureSampler.sample_codes": lambda: mixture().sample_codes,
    "PCA.sample": lambda: kg.analysis.PCA(CODES).fit(IMAGES).sample,
    "gaussian_codes": lambda: lambda num, seed=None: kg.analysis.gaussian_codes(IMAGES[:, 0, :, 0], num, seed),
}
vae_of_one = vae()


@pytest.mark.parametrize("name", SAMPLERS)
def test_samples_follow_the_global_seed_and_differ_from_call_to_call(name: str) -> None:
    draw = SAMPLERS[name]()
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        runs.append((np.array(draw(4)), np.array(draw(4))))
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0][0] != runs[0][1]).any()
    np.testing.assert_array_equal(draw(4, seed=np.int64(5)), draw(4, seed=5))


@pytest.mark.parametrize("seed", [-1, True, 2.0, "1"])
def test_a_seed_is_an_integer_of_at_least_0(seed) -> None:
    with pytest.raises(ValueError, match=r"`seed` must be an integer of at least 0\. Received: seed="):
        given_or_new(seed)
