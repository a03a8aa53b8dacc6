"""VAE-GAN's losses by hand, which player each loss reaches, and who waits."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

LATENT, POINT, FEATURES = 2, 5, 3
RNG = np.random.default_rng(4)
REAL = RNG.normal(size=(6, POINT)).astype("float32")
PLAYERS = ("encoder", "generator", "discriminator")


def linear(inputs: int, outputs: int) -> keras.Model:
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])


def discriminator() -> keras.Model:
    """Features that are a linear map of a point, and a logit that is one of the features."""
    network = keras.Sequential(
        [
            keras.Input((POINT,)),
            keras.layers.Dense(FEATURES, name="features"),
            keras.layers.Dense(1, kernel_initializer="random_normal", name="logit"),
        ]
    )
    return kg.backbones.with_features(network, "features")


def exchanged(network: keras.Model) -> keras.Model:
    """Features before logits."""
    return keras.Model(network.input, network.outputs[::-1])


def vaegan(judge: keras.Model | None = None, **arguments: float | None) -> kg.models.VAEGAN:
    networks = linear(POINT, 2 * LATENT), linear(LATENT, POINT)
    return kg.models.VAEGAN(*networks, judge or discriminator(), LATENT, **arguments)


def compiled(model: kg.models.VAEGAN, **arguments: bool) -> kg.models.VAEGAN:
    model.compile({player: keras.optimizers.SGD(0.1, momentum=0.9) for player in PLAYERS}, **arguments)
    return model


def losses(model: kg.models.VAEGAN) -> dict[str, tf.Tensor]:
    return model.player_losses({"image": tf.constant(REAL)}, PLAYERS)


def softplus(values: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(values))


def test_the_losses_are_those_of_a_naive_computation() -> None:
    model = vaegan(reconstruction_weight=0.25)
    seed = keras.ops.convert_to_numpy(model.seed.state)
    given = losses(model)
    model.seed.state.assign(seed)
    noise, prior = (np.array(model.draw_latents(REAL)) for _ in range(2))
    for row in range(len(REAL)):
        statistics = np.array(model.encoder(REAL))[row]
        mean, log_variance = statistics[:LATENT], statistics[LATENT:]
        rebuilt, sample = (
            np.array(model.generator(latent[None]))
            for latent in (mean + np.exp(log_variance / 2) * noise[row], prior[row])
        )
        (real, features), (fake, guessed), (drawn, _) = (
            [np.array(output)[0] for output in model.discriminator(points)]
            for points in (REAL[row : row + 1], rebuilt, sample)
        )
        distance = 0.5 * sum((features - guessed) ** 2)
        kl = 0.5 * sum(mean**2 + np.exp(log_variance) - log_variance - 1)
        expected = {
            "encoder": distance + kl,
            "generator": 0.25 * distance + (softplus(-fake[0]) + softplus(-drawn[0])) / 2,
            "discriminator": softplus(-real[0]) + (softplus(fake[0]) + softplus(drawn[0])) / 2,
        }
        for player, value in expected.items():
            assert float(given[player][row]) == pytest.approx(value, rel=1e-4), player


def test_a_discriminator_that_knows_nothing_costs_ln_2_a_side() -> None:
    model = vaegan()
    model.discriminator.get_layer("logit").set_weights([np.zeros((FEATURES, 1)), np.zeros(1)])
    for name, sides in (("real", 1), ("fake", 1), ("discriminator", 2)):
        np.testing.assert_allclose(losses(model)[name], sides * np.log(2), rtol=1e-6)


def gradients(model: kg.models.VAEGAN, seed: np.ndarray) -> dict[str, list[np.ndarray]]:
    """Of each player's loss, with respect to the player's networks, as the engine takes them."""
    model.seed.state.assign(seed)
    with tf.GradientTape(persistent=True) as tape:
        given = losses(model)
    return {
        player: [
            np.array(value) for value in tape.gradient(given[player], model.variables_of(player)) if value is not None
        ]
        for player in PLAYERS
    }


def test_each_loss_reaches_the_players_of_the_paper_and_no_others() -> None:
    """The encoder does not see the head, nor the discriminator the distance; the generator weighs the two."""
    keras.utils.set_random_seed(1)
    model = vaegan(reconstruction_weight=1.0)
    seed = keras.ops.convert_to_numpy(model.seed.state)
    before = gradients(model, seed)
    head = model.discriminator.get_layer("logit")
    kept = head.get_weights()
    head.set_weights([10.0 * kept[0], kept[1] + 3.0])
    other_head = gradients(model, seed)
    head.set_weights(kept)
    for one, other in zip(before["encoder"], other_head["encoder"], strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.allclose(before["generator"][0], other_head["generator"][0])
    weighted = {}
    for weight in (0.0, 2.0):
        model.reconstruction_weight = weight
        weighted[weight] = gradients(model, seed)
        for one, other in zip(before["discriminator"], weighted[weight]["discriminator"], strict=True):
            np.testing.assert_array_equal(one, other)
    # The generator's gradient is linear in the weight of the distance.
    for none, one, two in zip(weighted[0.0]["generator"], before["generator"], weighted[2.0]["generator"], strict=True):
        np.testing.assert_allclose(two - none, 2 * (one - none), rtol=1e-3, atol=1e-5)
        assert np.abs(one - none).max() > 1e-3


@pytest.mark.parametrize(
    ("real", "fake", "waiting"),
    [
        (0.68, 0.68, set()),
        (0.32, 0.68, {"discriminator"}),  # below 0.68 - 0.35 on one side
        (0.68, 0.32, {"discriminator"}),
        (1.04, 0.68, {"generator"}),  # above 0.68 + 0.35 on one side
        (0.68, 1.04, {"generator"}),
        (0.2, 1.2, set()),  # both would wait
    ],
)
def test_who_waits(real: float, fake: float, waiting: set[str]) -> None:
    costs = {"real": tf.constant([real - 0.1, real + 0.1]), "fake": tf.constant([fake, fake])}
    assert {player for player, value in vaegan(margin=0.35).waits(costs).items() if bool(value)} == waiting
    assert vaegan().waits(costs) == {}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_discriminator_that_waits_stays_as_it_is(jit_compile: bool) -> None:
    model = compiled(vaegan(margin=0.35, equilibrium=100.0), jit_compile=jit_compile)  # every cost is below
    before = [variable.numpy() for variable in model.discriminator_optimizer.variables + model.discriminator.weights]
    encoder = model.encoder.weights[0].numpy()
    model.train_on_batch(REAL)
    after = [variable.numpy() for variable in model.discriminator_optimizer.variables + model.discriminator.weights]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.allclose(encoder, model.encoder.weights[0].numpy())
    assert model.generator_optimizer.iterations == 1


def test_features_are_those_of_the_layer() -> None:
    network = kg.backbones.dcgan_discriminator((28, 28, 1), 2)
    images = RNG.uniform(-1, 1, (2, 28, 28, 1)).astype("float32")
    logits, features = kg.backbones.with_features(network, "relu2")(images)
    np.testing.assert_array_equal(logits, network(images))
    until = keras.Model(network.input, network.get_layer("relu2").output)
    np.testing.assert_array_equal(features, until(images))
    with pytest.raises(ValueError, match=r"`layer` must be the name of a layer .*Received: 'relu9'"):
        kg.backbones.with_features(network, "relu9")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: vaegan(reconstruction_weight=-1.0), "`reconstruction_weight` must be at least 0 and finite. Received"),
        (lambda: vaegan(margin=-0.1), "`margin` must be at least 0 and finite. Received: margin=-0.1"),
        (lambda: vaegan(reconstruction_weight=np.nan), "`reconstruction_weight` must be at least 0 and finite"),
        (lambda: vaegan(margin=np.nan), "`margin` must be at least 0 and finite. Received: margin=nan"),
        (lambda: vaegan(margin=True), "`margin` must be at least 0 and finite. Received: margin=True"),
        (lambda: vaegan(equilibrium=np.nan), "`equilibrium` must be at least 0 and finite. Received: equilibrium=nan"),
        (lambda: vaegan(equilibrium=-1), "`equilibrium` must be at least 0 and finite. Received: equilibrium=-1"),
        (
            lambda: vaegan(exchanged(discriminator())),
            "`discriminator` must give logits whose last axis is 1, before all other outputs. Received: .*3",
        ),
        (lambda: vaegan(linear(POINT, 1)), "`discriminator` must give logits and features"),
        (
            lambda: kg.models.VAEGAN(linear(POINT, LATENT), linear(LATENT, POINT), discriminator(), LATENT),
            r"`encoder` must take \(5,\), which `generator` gives, and give \(4,\)",
        ),
    ],
)
def test_errors(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
