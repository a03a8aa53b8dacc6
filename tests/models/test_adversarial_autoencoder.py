"""A step of a linear adversarial autoencoder against NumPy, and what sampling and bad arguments come to."""

import random

import keras
import numpy as np
import pytest

import keras_genssl as kg
from keras_genssl.kinds.seeds import GivenSeed
from keras_genssl.models.autoencoders.adversarial_base import require_dim

SHAPE, PIXELS, CODES = (3, 3, 1), 9, 2
RATES = {"autoencoder": 0.3, "discriminator": 0.2, "encoder": 0.1}


def linear(prior: kg.priors.Prior | None = None, rates: dict[str, float] | None = None):
    """Linear networks with random weights; players that `rates` does not name do not learn."""
    rng = np.random.default_rng(0)
    encoder = kg.backbones.dense_encoder(CODES, (), input_shape=SHAPE)
    decoder = kg.backbones.dense_decoder(CODES, (), output_shape=SHAPE)
    judge = keras.Sequential([keras.Input((CODES,)), keras.layers.Dense(1, name="logit")], name="judge")
    for network in (encoder, decoder, judge):
        network.set_weights([rng.normal(scale=0.3, size=weight.shape) for weight in network.get_weights()])
    model = kg.models.AdversarialAutoencoder(encoder, decoder, judge, prior=prior)
    rates = RATES if rates is None else {**dict.fromkeys(RATES, 0.0), **rates}
    model.compile({player: keras.optimizers.SGD(rate) for player, rate in rates.items()})
    return model


class Odd(kg.priors.Prior):
    """A prior whose draws may differ from what it says of them."""

    def __init__(self, dim: int, width: int = CODES, dtype: str = "float32") -> None:
        self.dim, self.width, self.dtype = dim, width, dtype

    def draw(self, num, seed):
        return keras.ops.ones((num, self.width), self.dtype)


class Nameless(kg.priors.Prior):
    """A prior that does not tell its dimension."""

    def draw(self, num, seed):
        return keras.random.normal((num, CODES), seed=seed)


def test_a_prior_is_looked_at_without_drawing_from_the_global_seeds() -> None:
    drawn = []
    for look in (False, True):
        keras.utils.set_random_seed(3)
        if look:
            require_dim("prior", kg.priors.SwissRoll(), CODES)
        drawn.append((random.random(), np.random.random(), float(keras.random.normal(()))))
    assert drawn[0] == drawn[1]


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.9, 0.9, (5, *SHAPE)).astype("float32")


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def softplus(values: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(values))


def weights(model: kg.models.AdversarialAutoencoder) -> dict[str, list[np.ndarray]]:
    networks = {"encoder": model.encoder, "decoder": model.decoder, "judge": model.discriminator}
    return {name: [value.astype(np.float64) for value in network.get_weights()] for name, network in networks.items()}


def step(
    old: dict[str, list[np.ndarray]], images: np.ndarray, drawn: np.ndarray, rates: dict[str, float]
) -> tuple[dict[str, list[np.ndarray]], dict[str, float]]:
    """One step by hand: the weights after it, and the losses that it saw."""
    (into, shift), (out, offset), (logit, bias) = old["encoder"], old["decoder"], old["judge"]
    x, num = images.reshape(len(images), -1).astype(np.float64), len(images)
    losses = {}
    # 1. The mean of squares over images and pixels.
    codes = x @ into + shift
    error = codes @ out + offset - x
    losses["autoencoder_loss"] = np.mean(error**2)
    back = 2 * error / (num * PIXELS)
    out, offset, into, shift = (
        value - rates["autoencoder"] * gradient
        for value, gradient in (
            (out, codes.T @ back),
            (offset, back.sum(axis=0)),
            (into, x.T @ back @ out.T),
            (shift, (back @ out.T).sum(axis=0)),
        )
    )
    # 2. -log D(draws) - log(1 - D(codes)), of the codes of the encoder as it is now.
    codes = x @ into + shift
    real, fake = drawn @ logit + bias, codes @ logit + bias
    losses["discriminator_loss"] = np.mean(softplus(-real) + softplus(fake))
    of_real, of_fake = -sigmoid(-real) / num, sigmoid(fake) / num
    logit, bias = (
        logit - rates["discriminator"] * (drawn.T @ of_real + codes.T @ of_fake),
        bias - rates["discriminator"] * (of_real + of_fake).sum(axis=0),
    )
    # 3. -log D(codes), of the discriminator as it is now.
    fake = codes @ logit + bias
    losses["encoder_loss"] = np.mean(softplus(-fake))
    back = -sigmoid(-fake) / num @ logit.T
    into, shift = into - rates["encoder"] * x.T @ back, shift - rates["encoder"] * back.sum(axis=0)
    return {"encoder": [into, shift], "decoder": [out, offset], "judge": [logit, bias]}, losses


@pytest.mark.parametrize("players", [tuple(RATES), *((player,) for player in RATES)], ids=" ".join)
def test_a_step_is_reconstruction_then_the_discriminator_then_the_encoder(images, players) -> None:
    """With the rates of one player alone the others' weights stay: regularisation never reaches the decoder."""
    rates = {player: RATES[player] for player in players}
    model, old = linear(rates=rates), weights(linear())
    seed = keras.random.SeedGenerator(0)
    seed.state.assign(model.seed.state)
    # Only the round of the discriminator draws.
    drawn = np.array(model.prior.draw(len(images), seed), np.float64)
    logs = model.train_on_batch(images, return_dict=True)
    np.testing.assert_array_equal(model.seed.state, seed.state)
    expected, losses = step(old, images, drawn, {**dict.fromkeys(RATES, 0.0), **rates})
    assert logs == pytest.approx(losses, rel=1e-5)
    for name, values in weights(model).items():
        for value, wanted, before in zip(values, expected[name], old[name], strict=True):
            np.testing.assert_allclose(value, wanted, atol=1e-6)
            assert np.array_equal(wanted, before) or np.any(np.abs(value - before) > 1e-4)


def test_the_encoder_draws_from_the_prior_where_its_loss_needs_real_codes(images) -> None:
    model = linear()
    model.adversarial_loss = kg.losses.RelativisticGANLoss()
    seed = keras.random.SeedGenerator(0)
    seed.state.assign(model.seed.state)
    drawn = np.array(model.prior.draw(len(images), seed), np.float64)
    found = model.player_losses({"image": images}, ("encoder",))
    (into, shift), (logit, bias) = weights(model)["encoder"], weights(model)["judge"]
    real, fake = drawn @ logit + bias, (images.reshape(5, PIXELS) @ into + shift) @ logit + bias
    np.testing.assert_allclose(found["encoder"], softplus(real - fake)[:, 0], rtol=1e-5)
    np.testing.assert_array_equal(model.seed.state, seed.state)


def test_any_prior_is_what_codes_are_compared_with(images) -> None:
    model = linear(kg.priors.SwissRoll())
    seed = keras.random.SeedGenerator(0)
    seed.state.assign(model.seed.state)
    drawn = np.array(kg.priors.SwissRoll().draw(len(images), seed), np.float64)
    logs = model.train_on_batch(images, return_dict=True)
    assert logs == pytest.approx(step(weights(linear()), images, drawn, RATES)[1], rel=1e-5)


def test_samples_are_decoded_draws_of_the_prior() -> None:
    model = linear(kg.priors.Gaussian(CODES, scale=0.1))  # small: nothing is clipped
    out, offset = weights(model)["decoder"]
    model.decoder.set_weights([out, 0 * offset])
    samples = model.sample(20000, seed=0).reshape(20000, PIXELS)
    np.testing.assert_allclose(samples, model.sample_codes(20000, seed=0) @ out, atol=1e-5)
    covariance = 0.01 * out.T @ out
    np.testing.assert_allclose(np.cov(samples.T), covariance, atol=4 * covariance.max() * np.sqrt(2 / 20000))


def test_seeds_of_samples() -> None:
    model = linear()
    before = np.array(model.seed.state)
    np.testing.assert_array_equal(model.sample(5, seed=1), model.sample(5, seed=1))
    assert (model.sample(5, seed=1) != model.sample(5, seed=2)).any()
    assert (model.sample(5) != model.sample(5)).any()
    np.testing.assert_array_equal(model.seed.state, before)  # a resumed run sees the same noise


def test_what_is_served(images) -> None:
    """An image from nothing, by a number and a seed; the others of linear networks are products."""
    model = linear()
    (into, shift), (out, offset) = weights(model)["encoder"], weights(model)["decoder"]
    served = {name: serving.function for name, serving in model.serving().items()}
    assert list(served) == ["encode", "decode", "reconstruct", "draw"]
    codes = images.reshape(5, PIXELS) @ into + shift
    made = np.clip(codes @ out + offset, -1, 1).reshape(images.shape)
    np.testing.assert_allclose(served["encode"](images), codes, atol=1e-5)
    np.testing.assert_allclose(served["decode"](codes.astype("float32")), made, atol=1e-5)
    np.testing.assert_allclose(served["reconstruct"](images), made, atol=1e-5)
    np.testing.assert_allclose(model.predict(images, verbose=0), made, atol=1e-5)
    drawn = np.array(model.prior.draw(3, GivenSeed(4)))
    np.testing.assert_array_equal(served["draw"](3, GivenSeed(4)), model.decode(drawn))


def test_metrics_compare_images_with_their_reconstructions(images) -> None:
    model = linear()
    (into, shift), (out, offset) = weights(model)["encoder"], weights(model)["decoder"]
    model.compile(dict.fromkeys(RATES, "sgd"), metrics=[keras.metrics.MeanAbsoluteError(name="mae")])
    logs = model.evaluate(images, verbose=0, return_dict=True)
    made = np.clip((images.reshape(5, PIXELS) @ into + shift) @ out + offset, -1, 1)
    assert logs["mae"] == pytest.approx(np.abs(made - images.reshape(5, PIXELS)).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.sample(0), "`num_images` must be an integer of at least 1. Received: num_images=0"),
        (lambda model: model.sample_codes(-1), "`num_codes` must be an integer of at least 1. Received: num_codes=-1"),
        (
            lambda model: linear(kg.priors.Gaussian(3)),
            "`prior` must draw codes of length 2. Received: a Gaussian of dim=3",
        ),
        (lambda model: linear(Nameless()), "`prior` must draw codes of length 2. Received: a Nameless of dim=None"),
        (
            lambda model: linear(Odd(CODES, width=3)),
            r"`prior` must draw floats \(num, 2\). Received: a Odd that draws float32 \(2, 3\) for num=2",
        ),
        (
            lambda model: linear(Odd(CODES, dtype="int32")),
            r"`prior` must draw floats \(num, 2\). Received: a Odd that draws int32 \(2, 2\) for num=2",
        ),
        (
            lambda model: kg.models.AdversarialAutoencoder(
                model.encoder, model.decoder, keras.Sequential([keras.Input((CODES,)), keras.layers.Dense(3)])
            ),
            r"`discriminator` must give logits whose last axis is 1. Received: .*\(None, 3\)",
        ),
        (lambda model: model.sample_codes(3, seed=-1), "`seed` must be an integer of at least 0. Received: seed=-1"),
        (lambda model: linear("gaussian"), "`prior` must be a priors.Prior. Received: prior='gaussian'"),
        (
            lambda model: kg.models.AdversarialAutoencoder(
                model.encoder, model.decoder, kg.backbones.mlp_discriminator((3,))
            ),
            r"`discriminator` must take inputs of shape \(2,\) beside the batch. Received: .* \(3,\)",
        ),
        (
            lambda model: kg.models.AdversarialAutoencoder(
                model.encoder, kg.backbones.dense_decoder(3, (), output_shape=SHAPE), model.discriminator
            ),
            r"`encoder` must give the code that `decoder` takes. Received: .*\(None, 2\).*\(None, 3\)",
        ),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(linear())
