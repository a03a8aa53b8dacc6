"""The losses of both players by hand, what each row of a batch enters, and which player a loss reaches."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from tests import without_keras

LATENT, POINT, FEATURES, CLASSES = 2, 5, 4, 3
REAL = np.random.default_rng(4).normal(size=(6, POINT)).astype("float32")
LABELS = np.int32([-1, 2, -1, 0, 2, -1])
PLAYERS = ("generator", "discriminator")


def linear(inputs: int, *units: int) -> keras.Model:
    """Linear layers with random weights, named features and logits where there are two."""
    names = ("features", "logits") if len(units) == 2 else ("points",)
    layers = [keras.layers.Dense(size, name=name) for size, name in zip(units, names, strict=True)]
    network = keras.Sequential([keras.Input((inputs,)), *layers])
    rng = np.random.default_rng(inputs)
    network.set_weights([rng.normal(scale=0.5, size=weight.shape) for weight in network.get_weights()])
    return network


def made(**arguments: float | None) -> kg.models.SemiSupervisedGAN:
    judge = kg.backbones.with_features(linear(POINT, FEATURES, CLASSES), "features")
    return kg.models.SemiSupervisedGAN(linear(LATENT, POINT), judge, LATENT, **arguments)


def batch(labels: np.ndarray = LABELS, real: np.ndarray = REAL) -> dict[str, tf.Tensor]:
    return {"image": tf.constant(real), "label": tf.constant(labels)}


def judged(model: kg.models.SemiSupervisedGAN, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, class logits, and Z, in double precision."""
    into, shift, out, offset = (weight.astype("float64") for weight in model.discriminator.get_weights())
    features = points.astype("float64") @ into + shift
    logits = features @ out + offset
    return features, logits, np.log(np.exp(logits).sum(axis=1))


def given(model: kg.models.SemiSupervisedGAN, **changes: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The losses, and the fakes that they come from."""
    seed = keras.random.SeedGenerator(0)
    seed.state.assign(model.seed.state)
    losses = model.player_losses(batch(**changes), PLAYERS)
    fakes = np.array(model.generator(kg.engine.replicas.normal((len(REAL), LATENT), seed)))
    return {player: np.array(value) for player, value in losses.items()}, fakes


def test_the_losses_are_those_of_the_paper() -> None:
    """E over unlabelled images of -Z / 2 + softplus(Z) / 2, over fakes of softplus(Z) / 2, and the cross-entropy."""
    model = made()
    losses, fakes = given(model)
    features, logits, z = judged(model, REAL)
    fake_features, _, fake_z = judged(model, fakes)
    known = LABELS >= 0
    cross_entropy = np.mean([z[row] - logits[row, LABELS[row]] for row in np.flatnonzero(known)])
    unlabelled = -z[~known].mean() / 2 + np.log1p(np.exp(z[~known])).mean() / 2
    generated = np.log1p(np.exp(fake_z)).mean() / 2
    assert losses["discriminator"].shape == losses["generator"].shape == (6,)
    assert losses["discriminator"].mean() == pytest.approx(cross_entropy + unlabelled + generated, rel=1e-5)
    apart = features[~known].mean(axis=0) - fake_features.mean(axis=0)
    np.testing.assert_allclose(losses["generator"], apart @ apart, rtol=1e-4)


def test_the_adversarial_terms_are_half_a_gans_with_the_logit_z() -> None:
    model = made(adversarial_weight=3.0)
    labels = np.full(6, -1, np.int32)
    losses, fakes = given(model, labels=labels)
    of_gan = kg.losses.NonSaturatingGANLoss()
    expected = of_gan.discriminator(*(judged(model, points)[2][:, None] for points in (REAL, fakes)))
    np.testing.assert_allclose(losses["discriminator"], 3.0 * np.array(expected) / 2, rtol=1e-5)


def test_labelled_images_enter_the_cross_entropy_alone() -> None:
    """Another labelled image changes its own term and no other; another label of it too."""
    model = made()
    before, _ = given(model)
    model.seed.state.assign(seed := keras.ops.convert_to_numpy(made().seed.state))
    before, _ = given(model)
    other = REAL.copy()
    other[1] += 1.0
    model.seed.state.assign(seed)
    after, _ = given(model, real=other)
    np.testing.assert_array_equal(after["generator"], before["generator"])
    changed = after["discriminator"] - before["discriminator"]
    assert list(np.flatnonzero(changed)) == [1]
    z, logits = judged(model, REAL)[2], judged(model, REAL)[1]
    now_z, now_logits = judged(model, other)[2], judged(model, other)[1]
    expected = 2 * ((now_z - now_logits[:, 2]) - (z - logits[:, 2]))[1]  # three of six are labelled
    assert changed[1] == pytest.approx(expected, rel=1e-4)


def test_where_all_are_labelled_and_nothing_is_adversarial_it_is_a_classifier() -> None:
    model = made(adversarial_weight=0.0)
    labels = np.int32([0, 1, 2, 0, 1, 2])
    losses, _ = given(model, labels=labels)
    plain = keras.losses.sparse_categorical_crossentropy(labels, model.discriminator(REAL)[0], from_logits=True)
    np.testing.assert_allclose(losses["discriminator"], plain, rtol=1e-5)


def test_where_all_are_labelled_all_of_them_are_the_real_images() -> None:
    model = made()
    labels = np.int32([0, 1, 2, 0, 1, 2])
    losses, fakes = given(model, labels=labels)
    features, logits, z = judged(model, REAL)
    fake_features, _, fake_z = judged(model, fakes)
    expected = z - logits[np.arange(6), labels] + (np.log1p(np.exp(-z)) + np.log1p(np.exp(fake_z))) / 2
    np.testing.assert_allclose(losses["discriminator"], expected, rtol=1e-4)
    apart = features.mean(axis=0) - fake_features.mean(axis=0)
    np.testing.assert_allclose(losses["generator"], apart @ apart, rtol=1e-4)


def test_a_number_added_to_all_logits_changes_what_is_real_and_no_class() -> None:
    model = made()
    classes, realness = np.array(model.classify(REAL)), np.array(model.realness(REAL))
    z = judged(model, REAL)[2]
    np.testing.assert_allclose(realness, np.exp(z) / (np.exp(z) + 1), rtol=1e-5)
    *others, offset = model.discriminator.get_weights()
    model.discriminator.set_weights([*others, offset + 1.5])
    np.testing.assert_allclose(model.classify(REAL), classes, atol=1e-6)
    np.testing.assert_allclose(model.realness(REAL), np.exp(z + 1.5) / (np.exp(z + 1.5) + 1), rtol=1e-5)


@pytest.mark.parametrize("player", PLAYERS)
def test_each_loss_moves_its_own_network_alone(player: str) -> None:
    model = made()
    model.compile({each: keras.optimizers.SGD(0.1 * (each == player)) for each in PLAYERS}, run_eagerly=True)
    before = {each: getattr(model, each).get_weights() for each in PLAYERS}
    model.train_on_batch({"image": REAL, "label": LABELS})
    for each in PLAYERS:
        moved = [
            bool(np.any(now != old)) for now, old in zip(getattr(model, each).get_weights(), before[each], strict=True)
        ]
        assert all(moved) if each == player else not any(moved)


def test_the_generator_learns_from_features_and_not_from_the_classes() -> None:
    """Its gradient is that of the distance of means by hand, whatever the logits are."""
    model = made()
    seed = keras.ops.convert_to_numpy(model.seed.state)

    def gradient() -> np.ndarray:
        model.seed.state.assign(seed)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.player_losses(batch(), PLAYERS)["generator"])
        return np.array(tape.gradient(loss, model.generator.trainable_variables[1]))

    into = model.discriminator.get_weights()[0]
    model.seed.state.assign(seed)
    _, fakes = given(model)
    apart = judged(model, fakes)[0].mean(axis=0) - judged(model, REAL)[0][LABELS < 0].mean(axis=0)
    found = gradient()
    np.testing.assert_allclose(found, 2 * into @ apart, rtol=1e-3)
    features, shift, out, offset = model.discriminator.get_weights()
    model.discriminator.set_weights([features, shift, -2 * out, offset + 3])
    np.testing.assert_array_equal(gradient(), found)


def test_both_averages_follow_their_own_network_and_serve() -> None:
    model = made(ema=0.75)
    model.compile({each: keras.optimizers.SGD(0.1) for each in PLAYERS}, run_eagerly=True)
    before = model.discriminator.get_weights()
    model.train_on_batch({"image": REAL, "label": LABELS})
    for average, old, now in zip(
        model.discriminator_average.copy.get_weights(), before, model.discriminator.get_weights(), strict=True
    ):
        np.testing.assert_allclose(average, 0.75 * old + 0.25 * now, rtol=1e-5)
    logits = np.array(model.discriminator_average.copy(REAL)[0])
    np.testing.assert_allclose(model.classify(REAL), keras.ops.softmax(logits), atol=1e-6)


def test_a_test_set_with_all_its_labels_is_evaluated() -> None:
    model = made()
    model.compile(dict.fromkeys(PLAYERS, "sgd"), run_eagerly=True)
    labels = np.int32([0, 1, 2, 0, 1, 2])
    logs = model.evaluate({"image": REAL, "label": labels}, batch_size=4, verbose=0, return_dict=True)
    _, logits, z = judged(model, REAL)
    assert logs["cross_entropy"] == pytest.approx(np.mean(z - logits[np.arange(6), labels]), rel=1e-5)
    assert logs["accuracy"] == pytest.approx(np.mean(logits.argmax(axis=1) == labels))


def test_images_are_generated_and_classified_from_an_export(tmp_path) -> None:
    shape = (28, 28, 1)
    generator = kg.backbones.mlp_generator(shape, LATENT, (4,))
    discriminator = kg.backbones.semi_supervised_discriminator(shape, CLASSES, 2)
    model = kg.models.SemiSupervisedGAN(generator, discriminator, LATENT, ema=0.9)
    assert list(model.serving()) == ["generate", "classify"]
    path = kg.export.saved_model(model, tmp_path / "model" / "1")
    images = model.sample(4, seed=0)
    latents = model.sample_latents(4, 0)
    process = without_keras.process()
    kg.export.check(path, latents, images, signature="serving_tensor", process=process)
    probabilities = np.array(model.classify(images))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    kg.export.check(path, images, probabilities, signature="classify_tensor", process=process)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: made(adversarial_weight=-1.0), "`adversarial_weight` must be"),
        (lambda: made(ema=2.0), r"`ema` must lie in \[0, 1\]"),
        (
            lambda: kg.models.SemiSupervisedGAN(linear(LATENT, POINT), linear(POINT, 3), LATENT),
            r"`discriminator` must give logits \(batch, num_classes\) of two classes at least, and features",
        ),
        (
            lambda: kg.models.SemiSupervisedGAN(
                linear(LATENT, POINT), kg.backbones.with_features(linear(POINT, 4, 1), "features"), LATENT
            ),
            r"`discriminator` must give logits .* Received: .*\[\(None, 1\), \(None, 4\)\]",
        ),
        (
            lambda: kg.models.SemiSupervisedGAN(linear(LATENT, POINT + 1), made().discriminator, LATENT),
            r"`discriminator` must take inputs of shape \(6,\)",
        ),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
