"""The players' objectives against formulas in NumPy, rounds, sampling, and what is refused."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl.models.gans import base
from tests import toys
from tests.contracts import CASES

RNG = np.random.default_rng(3)
array = keras.ops.convert_to_numpy
SIZE, LATENT, CLASSES = 6, 3, 4
SHAPE = (2, 2, 1)


def points(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype("float32")


def softplus(values: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(values))


def generator(num_classes: int | None = None) -> keras.Model:
    return kg.backbones.mlp_generator(SHAPE, LATENT, (5,), num_classes=num_classes)


def linear_critic(weights: np.ndarray) -> keras.Model:
    critic = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)])
    critic.set_weights([weights.reshape(-1, 1)])
    return critic


def with_next_latents(model: keras.Model, batch: dict, player: str) -> tuple[np.ndarray, np.ndarray]:
    """A player's losses, and the latents that they were computed with."""
    batch = {key: keras.ops.convert_to_tensor(value) for key, value in batch.items()}
    state = array(model.seed.state)
    losses = array(model.player_losses(batch, (player,))[player])
    model.seed.state.assign(state)
    latents = array(model.draw_latents(batch["image"]))
    return losses, latents


def run(network: keras.Model, *inputs: np.ndarray) -> np.ndarray:
    return np.array(network(inputs[0] if len(inputs) == 1 else list(inputs), training=True))


@pytest.mark.parametrize("build", [kg.models.GAN, kg.models.DCGAN])
@pytest.mark.parametrize("minimax", [False, True])
def test_both_players_minimise_the_papers_objective(build, minimax: bool) -> None:
    adversarial_loss = kg.losses.MinimaxGANLoss() if minimax else None
    model = build(generator(), kg.backbones.mlp_discriminator(SHAPE, (5,)), LATENT, adversarial_loss=adversarial_loss)
    real = points(SIZE, *SHAPE)

    def probabilities(latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """D(x) and D(G(z))."""
        of_real, of_fake = run(model.discriminator, real), run(model.discriminator, run(model.generator, latents))
        return 1 / (1 + np.exp(-of_real[:, 0])), 1 / (1 + np.exp(-of_fake[:, 0]))

    losses, latents = with_next_latents(model, {"image": real}, "discriminator")
    of_real, of_fake = probabilities(latents)
    np.testing.assert_allclose(losses, -np.log(of_real) - np.log(1 - of_fake), rtol=1e-4)
    losses, latents = with_next_latents(model, {"image": real}, "generator")
    _, of_fake = probabilities(latents)
    np.testing.assert_allclose(losses, np.log(1 - of_fake) if minimax else -np.log(of_fake), rtol=1e-4)


def test_gan_adds_the_regularizer_in_inference_mode() -> None:
    weights = points(4)
    judge = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Flatten(), kg.layers.BatchNormalization(epsilon=1e-7), keras.layers.Dense(1)]
    )
    judge.layers[-1].set_weights([weights.reshape(-1, 1), np.zeros(1)])
    plain = kg.models.GAN(generator(), judge, LATENT)
    model = kg.models.GAN(plain.generator, judge, LATENT, penalty=kg.penalties.R1Penalty(3.0))
    real = points(SIZE, *SHAPE)
    model.compile({"generator": "sgd", "discriminator": "sgd"})
    model.seed.state.assign(plain.seed.state)
    bare, _ = with_next_latents(plain, {"image": real}, "discriminator")
    regularized, _ = with_next_latents(model, {"image": real}, "discriminator")
    slopes = weights / np.sqrt(array(judge.layers[1].moving_variance) + 1e-7)
    np.testing.assert_allclose(regularized - bare, np.full(SIZE, 1.5 * np.sum(slopes**2)), rtol=1e-3)


def test_the_critic_of_wgan_gp_pays_for_its_slope() -> None:
    weights = np.array([0.6, -1.2, 2.0, 0.3], "float32")
    model = kg.models.WGANGP(generator(), linear_critic(weights), LATENT)
    real = points(SIZE, *SHAPE)
    losses, latents = with_next_latents(model, {"image": real}, "critic")
    fake = run(model.generator, latents)
    penalty = 10 * (np.linalg.norm(weights) - 1) ** 2
    expected = fake.reshape(SIZE, 4) @ weights - real.reshape(SIZE, 4) @ weights + penalty
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    losses, latents = with_next_latents(model, {"image": real}, "generator")
    np.testing.assert_allclose(losses, -run(model.generator, latents).reshape(SIZE, 4) @ weights, rtol=1e-4)


def test_sngan_minimises_the_hinge_on_normalised_layers() -> None:
    layer = kg.layers.SpectralNormalization(keras.layers.Dense(3))
    judge = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), layer, keras.layers.Dense(1)])
    model = kg.models.SNGAN(generator(), judge, LATENT)
    kernel, bias, u = (array(value) for value in (layer.layer.kernel, layer.layer.bias, layer.u))
    last, offset = judge.layers[-1].get_weights()
    real = points(SIZE, *SHAPE)
    losses, latents = with_next_latents(model, {"image": real}, "discriminator")
    v = kernel @ u / np.linalg.norm(kernel @ u)  # one power iteration serves real images and fakes
    u = v @ kernel / np.linalg.norm(v @ kernel)
    np.testing.assert_allclose(array(layer.u), u, atol=1e-6)

    def logits(images: np.ndarray) -> np.ndarray:
        return ((images.reshape(SIZE, 4) @ (kernel / np.linalg.norm(kernel @ u)) + bias) @ last + offset)[:, 0]

    expected = np.maximum(0, 1 - logits(real)) + np.maximum(0, 1 + logits(run(model.generator, latents)))
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("steps", "rounds"), [(5, 6), (2, 3)])
def test_updates_of_a_step_see_disjoint_images(steps: int, rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    critic = kg.backbones.mlp_discriminator(SHAPE, (5,))
    seen: list[tuple[str, np.ndarray]] = []
    for model in (
        kg.models.WGANGP(generator(), critic, LATENT, critic_steps=steps),
        kg.models.SNGAN(generator(), critic, LATENT, discriminator_steps=steps),
        kg.models.GAN(generator(), critic, LATENT, discriminator_steps=steps - 1, generator_steps=2),
    ):
        seen.clear()
        objectives = model.player_losses

        def recorded(batch, players, objectives=objectives):
            seen.append((players[0], np.array(batch["image"])[:, 0, 0, 0]))
            return objectives(batch, players)

        monkeypatch.setattr(model, "player_losses", recorded)
        model.compile({player: keras.optimizers.SGD(0.01) for player in model.players()}, run_eagerly=True)
        values = np.linspace(-1, 1, 4 * rounds).astype("float32")
        model.train_on_batch(np.broadcast_to(values[:, None, None, None], (4 * rounds, *SHAPE)))
        players = [player for player, _ in seen]
        first, last = model.players()
        assert players == [first] * players.count(first) + [last] * players.count(last)
        assert players.count(last) == (2 if isinstance(model, kg.models.GAN) else 1)
        assert len(players) == rounds
        assert all(len(shares) == 4 for _, shares in seen)
        np.testing.assert_array_equal(np.sort(np.concatenate([shares for _, shares in seen])), values)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.sum(np.exp(logits)))


def acgan() -> kg.models.ACGAN:
    image = keras.Input(SHAPE)
    flat = keras.layers.Flatten()(image)
    judge = keras.Model(image, [keras.layers.Dense(1)(flat), keras.layers.Dense(CLASSES)(flat)])
    return kg.models.ACGAN(
        generator(CLASSES), judge, LATENT, CLASSES, discriminator_class_weight=0.7, fake_class_weight=0.3
    )


def test_acgan_classifies_example_by_example() -> None:
    model = acgan()
    real, labels = points(SIZE, *SHAPE), RNG.integers(0, CLASSES, SIZE)
    batch = {"image": real, "label": labels}
    start = array(model.seed.state)
    discriminator, latents = with_next_latents(model, batch, "discriminator")
    model.seed.state.assign(start)
    generated, _ = with_next_latents(model, batch, "generator")
    for i in range(SIZE):
        one_hot = np.zeros((1, CLASSES), "float32")
        one_hot[0, labels[i]] = 1
        fake = run(model.generator, latents[i : i + 1], one_hot)
        (real_logit, real_classes), (fake_logit, fake_classes) = (
            [np.array(output)[0] for output in model.discriminator(image)] for image in (real[i : i + 1], fake)
        )
        right_real, right_fake = log_softmax(real_classes)[labels[i]], log_softmax(fake_classes)[labels[i]]
        expected = softplus(-real_logit[0]) + softplus(fake_logit[0]) - 0.7 * right_real - 0.3 * right_fake
        np.testing.assert_allclose(discriminator[i], expected, rtol=1e-4)
        np.testing.assert_allclose(generated[i], softplus(-fake_logit[0]) - 0.1 * right_fake, rtol=1e-4)


def test_conditional_gan_tells_both_networks_the_class() -> None:
    judge = kg.backbones.mlp_discriminator(SHAPE, (5,), num_classes=CLASSES)
    model = kg.models.ConditionalGAN(generator(CLASSES), judge, LATENT, CLASSES)
    real, labels = points(SIZE, *SHAPE), RNG.integers(0, CLASSES, SIZE)
    losses, latents = with_next_latents(model, {"image": real, "label": labels}, "discriminator")
    one_hot = np.eye(CLASSES, dtype="float32")[labels]
    fake = run(model.generator, latents, one_hot)
    expected = softplus(-run(judge, real, one_hot)) + softplus(run(judge, fake, one_hot))
    np.testing.assert_allclose(losses, expected[:, 0], rtol=1e-4)
    others = np.eye(CLASSES, dtype="float32")[(labels + 1) % CLASSES]
    assert np.abs(run(judge, real, others) - run(judge, real, one_hot)).max() > 1e-3


# Sampling ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["DCGAN", "ACGAN"])
def test_samples_depend_on_the_seed_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = CASES[name].make()
    for network in (model.generator, model.average.copy):  # weights of 0.02 make images that hardly differ
        network.set_weights([8 * weight for weight in network.get_weights()])
    few, many = model.sample(4, seed=5), model.sample(9, seed=5)
    assert few.dtype == np.float32
    # Kernels round by the batch's size, and the weights magnify it: 2e-6 on processors without AVX-512.
    np.testing.assert_allclose(few, many[:4], atol=1e-5)
    state = array(model.seed.state)
    monkeypatch.setattr(base, "_SAMPLE_BATCH", 2)
    np.testing.assert_allclose(model.sample(9, seed=5), many, atol=1e-5)
    assert np.abs(model.sample(4, seed=6) - few).max() > 1e-2
    assert np.abs(model.sample(4) - model.sample(4)).max() > 1e-2
    np.testing.assert_array_equal(array(model.seed.state), state)  # training's numbers are left alone


def test_the_moving_average_is_what_is_sampled() -> None:
    case = CASES["DCGAN"]
    model = case.make()
    start = [array(weight) for weight in model.generator.weights]
    model.train_on_batch(case.batches(1)[0])
    for weight, old, mean in zip(model.generator.weights, start, model.average.copy.weights, strict=True):
        np.testing.assert_allclose(array(mean), 0.9 * old + 0.1 * array(weight), atol=1e-6)
    model.average.copy.set_weights([9 * weight for weight in start])  # far from the generator's
    latents = model.sample_latents(5, seed=1)
    expected = array(model.average.copy(latents))
    assert np.abs(expected - array(model.generator(latents))).max() > 1e-2
    np.testing.assert_allclose(model.sample(5, seed=1), expected, atol=1e-6)
    np.testing.assert_allclose(model.predict(latents, verbose=0), expected, atol=1e-6)


def test_classes_take_turns_unless_labels_are_given() -> None:
    model = acgan()
    layer = model.generator.get_layer("hidden1")  # latents are ignored, and class c is tanh(c / 10)
    layer.set_weights([np.concatenate([np.zeros((LATENT, 5)), np.arange(CLASSES)[:, None].repeat(5, 1)]), np.zeros(5)])
    model.generator.get_layer("output").set_weights([np.full((5, 4), 0.02), np.zeros(4)])
    for labels, expected in ((None, [0, 1, 2, 3, 0, 1]), ([3, 3, 0, 1, 2, 2], [3, 3, 0, 1, 2, 2])):
        found = model.sample(6, seed=1, labels=labels)[:, 0, 0, 0]
        np.testing.assert_allclose(found, np.tanh(np.array(expected) / 10), atol=1e-6)
    latents = np.zeros((2, LATENT), "float32")
    np.testing.assert_allclose(
        model.predict((latents, np.array([1, 2])), verbose=0)[:, 0, 0, 0], np.tanh([0.1, 0.2]), atol=1e-6
    )
    for wrong in ([0, 1], [0, 1, 2, 3, 4, 0], [0, 1, 2, 3, -1, 0], [0.5] * 6):
        with pytest.raises(ValueError, match=r"`labels` must be integers in \[0, 4\) .*Received: "):
            model.sample(6, labels=wrong)
    for answer in (model.generate, lambda *pair: model.predict(pair, verbose=0), model.serving()["generate"].function):
        for wrong in ([1, CLASSES], [-1, 0]):
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"`label` must lie in \[0, 4\)"):
                answer(latents, np.array(wrong))
        with pytest.raises(ValueError, match="integers of shape"):
            answer(latents, np.array([0.5, 1.0]))


def test_images_stay_in_range_and_points_do_not() -> None:
    wide = keras.Sequential([keras.Input((LATENT,)), keras.layers.Dense(4), keras.layers.Reshape(SHAPE)])
    wide.layers[0].set_weights([np.full((LATENT, 4), 9.0), np.zeros(4)])
    model = kg.models.GAN(wide, linear_critic(points(4)), LATENT)
    assert np.abs(model.sample(50, seed=0)).max() == 1.0
    assert list(model.serving()["generate"].outputs) == ["image"]
    flat = keras.Sequential([keras.Input((LATENT,)), wide.layers[0]])
    model = kg.models.GAN(flat, kg.backbones.mlp_discriminator((4,)), LATENT)
    np.testing.assert_allclose(
        model.sample(7, seed=0), 9 * model.sample_latents(7, 0).sum(1, keepdims=True).repeat(4, 1), rtol=1e-4
    )
    assert list(model.serving()["generate"].outputs) == ["vector"]


# What is refused --------------------------------------------------------------------------------

JUDGE = kg.backbones.mlp_discriminator
THREE = {  # discriminators with three numbers in place of a logit, by what the class takes
    "DCGAN": (SHAPE,),
    "GAN": (SHAPE,),
    "SNGAN": (SHAPE,),
    "ConditionalGAN": (SHAPE, (CLASSES,)),
}
REFUSED = {
    "`latent_dim` must be an integer of at least 1": lambda: kg.models.DCGAN(generator(), JUDGE(SHAPE), 0),
    "`generator` must take inputs of shape (4,)": lambda: kg.models.DCGAN(generator(), JUDGE(SHAPE), LATENT + 1),
    "`discriminator` must take inputs of shape (2, 2, 1)": lambda: kg.models.GAN(generator(), JUDGE((2, 2, 3)), LATENT),
    "`critic` must take inputs of shape (2, 2, 1)": lambda: kg.models.WGANGP(generator(), JUDGE((4, 4, 1)), LATENT),
    "`ema` must lie in [0, 1]": lambda: kg.models.SNGAN(generator(), JUDGE(SHAPE), LATENT, ema=1.5),
    "`critic` must not have batch normalisation": lambda: kg.models.WGANGP(
        generator(), keras.Sequential([keras.Input(SHAPE), kg.layers.BatchNormalization()]), LATENT
    ),
    "`generator` must be built": lambda: kg.models.GAN(keras.Sequential([keras.layers.Dense(4)]), JUDGE(SHAPE), LATENT),
    "`discriminator` must be built": lambda: kg.models.GAN(
        generator(), keras.Sequential([keras.layers.Dense(4)]), LATENT
    ),
    "`generator` must be a functional": lambda: kg.models.GAN(toys.Opaque((LATENT,)), JUDGE(SHAPE), LATENT),
    "`discriminator` must be a functional": lambda: kg.models.GAN(generator(), toys.Opaque(SHAPE), LATENT),
    "`generator` must take inputs of shape (3,), (5,)": lambda: kg.models.ConditionalGAN(
        generator(CLASSES), JUDGE(SHAPE, num_classes=CLASSES), LATENT, 5
    ),
    "`discriminator` must take inputs of shape (2, 2, 1), (4,)": lambda: kg.models.ConditionalGAN(
        generator(CLASSES), JUDGE(SHAPE), LATENT, CLASSES
    ),
    "`num_classes` must be an integer of at least 2": lambda: kg.models.ConditionalGAN(
        generator(1), JUDGE(SHAPE), LATENT, 1
    ),
    "`discriminator` must give logits and class logits (batch, 4)": lambda: kg.models.ACGAN(
        generator(CLASSES), JUDGE(SHAPE), LATENT, CLASSES
    ),
    "`generator_steps` must be an integer of at least 1": lambda: kg.models.GAN(
        generator(), JUDGE(SHAPE), LATENT, generator_steps=0
    ),
    "`critic_steps` must be an integer of at least 1": lambda: kg.models.WGANGP(
        generator(), JUDGE(SHAPE), LATENT, critic_steps=0
    ),
    "`penalty_weight` must be at least 0 and finite": lambda: kg.models.WGANGP(
        generator(), JUDGE(SHAPE), LATENT, penalty_weight=-1.0
    ),
    "`num_images` must be an integer of at least 1": lambda: kg.models.GAN(generator(), JUDGE(SHAPE), LATENT).sample(0),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_wrong_argument_is_refused(message: str) -> None:
    with pytest.raises(ValueError, match="Received") as error:
        REFUSED[message]()
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("name", THREE)
def test_logits_are_one_number_for_each_place(name: str) -> None:
    inputs = [keras.Input(shape) for shape in THREE[name]]
    parts = [keras.layers.Dense(3)(keras.layers.Flatten()(each)) for each in inputs]
    judge = keras.Model(inputs, sum(parts[1:], parts[0]))
    further = (CLASSES,) if len(inputs) > 1 else ()
    with pytest.raises(ValueError, match=r"`discriminator` must give logits whose last axis is 1\. Received: .*3\)"):
        getattr(kg.models, name)(generator(*further), judge, LATENT, *further)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("GAN", {"discriminator_steps": True}),
        ("GAN", {"ema": np.nan}),
        ("WGANGP", {"penalty_weight": np.inf}),
        ("WGANGP", {"critic_steps": 1.5}),
        ("SNGAN", {"discriminator_steps": 2.0}),
    ],
)
def test_numbers_are_checked_before_the_first_step(method: str, arguments: dict) -> None:
    ((name, value),) = arguments.items()
    with pytest.raises(ValueError, match=f"`{name}` must .*Received: {name}={value}"):
        getattr(kg.models, method)(generator(), JUDGE(SHAPE), LATENT, **arguments)


def test_numpy_integers_are_integers() -> None:
    model = kg.models.GAN(generator(), JUDGE(SHAPE), np.int64(LATENT), generator_steps=np.int32(2))
    assert json.loads(json.dumps(model.get_config()))["generator_steps"] == 2
    np.testing.assert_array_equal(model.sample(np.int64(3), np.int64(1)), model.sample(3, 1))


def test_a_wrong_batch_is_refused() -> None:
    model = CASES["ACGAN"].make()
    batch = CASES["ACGAN"].batches(1)[0]
    with pytest.raises(ValueError, match=r"`image` must have shape \(batch, 28, 28, 1\)"):
        model.train_on_batch({**batch, "image": batch["image"].repeat(3, -1)})
    with pytest.raises(Exception, match=r"`label` must lie in \[0, 3\)"):
        model.train_on_batch({**batch, "label": batch["label"] + 3})
    assert np.isnan(model.one_hot(np.array([3]))).all()  # where XLA drops the check
    with pytest.raises(ValueError, match="must hold"):
        model.train_on_batch({"image": batch["image"]})
    with pytest.raises(Exception, match="must be a multiple of the 3 rounds"):
        CASES["WGANGP"].make().train_on_batch({"image": batch["image"][:10]})
