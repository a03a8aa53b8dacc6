"""Two GANs that share layers: losses by hand, what is shared, and whose gradients reach what."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from tests import without_keras

SHAPE, LATENT = (28, 28, 1), 3
PLAYERS = ("generators", "discriminators")
DOMAINS = ("first", "second")


def made(**arguments) -> kg.models.CoGAN:
    keras.utils.set_random_seed(5)
    networks = kg.backbones.coupled_generators(SHAPE, LATENT, 2), kg.backbones.coupled_discriminators(SHAPE, 2)
    return kg.models.CoGAN(*networks, LATENT, **arguments)


def batch(size: int = 4) -> dict[str, tf.Tensor]:
    rng = np.random.default_rng(0)
    return {domain: tf.constant(rng.uniform(-1, 1, (size, *SHAPE)), tf.float32) for domain in DOMAINS}


def fakes(model: kg.models.CoGAN) -> list[tf.Tensor]:
    """Of the latents that come next; the seed stays."""
    seed = keras.random.SeedGenerator(0)
    seed.state.assign(model.seed.state)
    return model.generators(kg.engine.replicas.normal((4, LATENT), seed), training=True)


def test_losses_are_the_sums_of_two_gans() -> None:
    model = made()
    given, real = fakes(model), batch()
    true, fake = model.discriminators(list(real.values()), training=True), model.discriminators(given, training=True)
    losses = model.player_losses(real, PLAYERS)
    true, fake = ([np.array(logits)[:, 0] for logits in each] for each in (true, fake))
    generators = sum(np.log1p(np.exp(-logits)) for logits in fake)
    discriminators = sum(np.log1p(np.exp(-logits)) for logits in true) + sum(np.log1p(np.exp(x)) for x in fake)
    np.testing.assert_allclose(losses["generators"], generators, rtol=1e-5)
    np.testing.assert_allclose(losses["discriminators"], discriminators, rtol=1e-5)


def test_a_pair_is_that_of_two_generators_with_the_same_latents() -> None:
    model = made()
    first, second = model.sample(5, seed=3)
    assert first.shape == second.shape == (5, *SHAPE)
    assert np.any(first != second)
    latents = model.sample_latents(5, 3)
    for output, images in zip(model.generators.outputs, (first, second), strict=True):
        alone = keras.Model(model.generators.input, output)
        np.testing.assert_allclose(alone(latents, training=False), images, atol=1e-6)
    np.testing.assert_allclose(model.sample(8, seed=3)[1][:5], second, atol=1e-6)


def gradients(model: kg.models.CoGAN, player: str, domains: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Of the player's losses of some domains, by the paths of variables; zeros where there is none."""
    variables = model.variables_of(player)
    real, given = batch(), fakes(model)
    with tf.GradientTape() as tape:
        given = fakes(model)
        true = model.discriminators(list(real.values()), training=True)
        fake = model.discriminators(given, training=True)
        terms = []
        for domain, known, drawn in zip(DOMAINS, true, fake, strict=True):
            if domain in domains:
                terms.append(tf.nn.softplus(-drawn) if player == "generators" else tf.nn.softplus(-known))
                terms += [] if player == "generators" else [tf.nn.softplus(drawn)]
        loss = sum(tf.reduce_mean(term) for term in terms)
    found = tape.gradient(loss, [variable.value for variable in variables], unconnected_gradients="zero")
    return {variable.path: np.array(value) for variable, value in zip(variables, found, strict=True)}


@pytest.mark.parametrize("player", PLAYERS)
def test_shared_layers_learn_from_both_domains_and_private_ones_from_their_own(player: str) -> None:
    model = made()
    first, second, both = (gradients(model, player, domains) for domains in (DOMAINS[:1], DOMAINS[1:], DOMAINS))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.player_losses(batch(), PLAYERS)[player])
    whole = tape.gradient(loss, [variable.value for variable in model.variables_of(player)])
    shared = 0
    for path, gradient, own in zip(both, both.values(), whole, strict=True):
        np.testing.assert_allclose(gradient, first[path] + second[path], atol=1e-6, err_msg=path)
        np.testing.assert_allclose(own, gradient, atol=1e-5, err_msg=path)
        in_first, in_second = bool(first[path].any()), bool(second[path].any())
        if path.startswith(("first", "second")):
            assert (in_first, in_second) == (path.startswith("first"), path.startswith("second")), path
        else:
            shared += 1
            assert in_first, path
            assert in_second, path
    assert shared == {"generators": 4, "discriminators": 5}[player]


@pytest.mark.parametrize("player", PLAYERS)
def test_shared_variables_are_counted_once(player: str) -> None:
    model = made()
    model.compile({each: keras.optimizers.SGD(0.1, momentum=0.9) for each in PLAYERS})
    variables = model.variables_of(player)
    assert len({id(variable) for variable in variables}) == len(variables)
    assert len({variable.path for variable in variables}) == len(variables)
    assert [slot.shape for slot in model.optimizer_of(player).momentums] == [each.shape for each in variables]


def test_layers_stay_shared_in_a_saved_model(tmp_path) -> None:
    model = made(ema=0.9)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert len(again.weights) == len(model.weights)
    again.generators.get_layer("project").kernel.assign_add(tf.ones((LATENT, 7 * 7 * 4)))
    pairs = again.generators(np.ones((1, LATENT), "float32")), model.generators(np.ones((1, LATENT), "float32"))
    for now, before in zip(*pairs, strict=True):
        assert np.abs(now - before).max() > 1e-4
    for old, new in zip(model.sample(2, seed=1), again.sample(2, seed=1), strict=True):  # of the average
        np.testing.assert_allclose(new, old, atol=1e-6)


def test_the_average_of_both_generators_follows_them() -> None:
    model = made(ema=0.75)
    model.compile({each: keras.optimizers.SGD(0.1) for each in PLAYERS}, run_eagerly=True)
    before = model.generators.get_weights()
    model.train_on_batch(batch())
    for average, old, now in zip(model.average.copy.get_weights(), before, model.generators.get_weights(), strict=True):
        np.testing.assert_allclose(average, 0.75 * old + 0.25 * now, rtol=1e-4, atol=1e-6)


def test_a_pair_is_served_as_two_files(tmp_path) -> None:
    model = made()
    path = kg.export.saved_model(model, tmp_path / "model" / "1")
    latents = model.sample_latents(3, 0)
    expected = dict(zip(DOMAINS, model.sample(3, seed=0), strict=True))
    process = without_keras.process()
    kg.export.check(path, {"latent": latents}, expected, signature="serving_tensor", process=process)


def plain(inputs: list[tuple[int, ...]], outputs: int) -> keras.Model:
    given = [keras.Input(shape) for shape in inputs]
    flat = [keras.layers.Flatten()(each) for each in given]
    taken = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    return keras.Model(given, [keras.layers.Dense(1)(taken) for _ in range(outputs)])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda model: kg.models.CoGAN(plain([(LATENT,)], 1), model.discriminators, LATENT),
            "`generators` must give two outputs, one of each domain",
        ),
        (
            lambda model: kg.models.CoGAN(model.generators, plain([SHAPE], 2), LATENT),
            r"`discriminators` must take inputs of shape \(28, 28, 1\), \(28, 28, 1\)",
        ),
        (
            lambda model: kg.models.CoGAN(model.generators, plain([SHAPE, SHAPE], 1), LATENT),
            "`discriminators` must give two outputs",
        ),
        (lambda model: kg.models.CoGAN(model.generators, model.discriminators, 4), "`generators` must take inputs"),
        (lambda model: model.sample(0), "`num_images` must be an integer of at least 1"),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(made())
