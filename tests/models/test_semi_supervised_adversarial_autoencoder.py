"""The losses of all players by hand, who learns from them, and labels that are known, unknown or wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl.kinds.seeds import GivenSeed
from tests import without_keras

SHAPE, PIXELS, CLASSES, STYLE = (3, 3, 1), 9, 3, 2
LABELS = np.int32([-1, 2, -1, 0, 2, -1])
PLAYERS = ("autoencoder", "class_discriminator", "style_discriminator", "encoder", "classifier")
MOVES = {  # of each player, among encoder, decoder and the two discriminators
    "autoencoder": (True, True, False, False),
    "class_discriminator": (False, False, True, False),
    "style_discriminator": (False, False, False, True),
    "encoder": (True, False, False, False),
    "classifier": (True, False, False, False),
}


def linear(**arguments):
    """Linear networks with random weights."""
    rng = np.random.default_rng(0)
    networks = [
        kg.backbones.dense_encoder(CLASSES + STYLE, (), input_shape=SHAPE),
        kg.backbones.dense_decoder(CLASSES + STYLE, (), output_shape=SHAPE),
        *(keras.Sequential([keras.Input((size,)), keras.layers.Dense(1)]) for size in (CLASSES, STYLE)),
    ]
    for network in networks:
        network.set_weights([rng.normal(scale=0.4, size=weight.shape) for weight in network.get_weights()])
    return kg.models.SemiSupervisedAdversarialAutoencoder(*networks, **arguments)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.9, 0.9, (6, *SHAPE)).astype("float32")


def softplus(values: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(values))


def coded(model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities and styles."""
    into, shift = model.encoder.get_weights()
    made = images.reshape(len(images), PIXELS) @ into + shift
    logits = made[:, :CLASSES]
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), made[:, CLASSES:]


def judged(judge, codes: np.ndarray) -> np.ndarray:
    weight, bias = judge.get_weights()
    return (codes @ weight + bias)[:, 0]


def test_losses_by_hand(images) -> None:
    model = linear(prior=kg.priors.Gaussian(STYLE, 3.0))
    seed = keras.random.SeedGenerator(0)
    seed.state.assign(model.seed.state)
    drawn = np.array(model.draw_codes(6, seed))
    batch = {"image": tf.constant(images), "label": tf.constant(LABELS)}
    found = {
        **model.player_losses(batch, ("class_discriminator", "style_discriminator")),  # and the encoder
        **model.player_losses(batch, ("autoencoder",)),
        **model.player_losses(batch, ("classifier",)),
    }
    log_probabilities, style = coded(model, images)
    codes = np.concatenate([np.exp(log_probabilities), style], axis=1)
    out, offset = model.decoder.get_weights()
    error = (codes @ out + offset - images.reshape(6, PIXELS)) ** 2
    fakes = judged(model.class_discriminator, codes[:, :CLASSES]), judged(model.style_discriminator, style)
    reals = (
        judged(model.class_discriminator, drawn[:, :CLASSES]),
        judged(model.style_discriminator, drawn[:, CLASSES:]),
    )
    expected = {
        "autoencoder": error.mean(axis=1),
        "class_discriminator": softplus(-reals[0]) + softplus(fakes[0]),
        "style_discriminator": softplus(-reals[1]) + softplus(fakes[1]),
        "encoder": softplus(-fakes[0]) + softplus(-fakes[1]),
        # Three of six are labelled, so each counts twice in the mean over six.
        "classifier": [
            2 * -row[label] if label >= 0 else 0 for row, label in zip(log_probabilities, LABELS, strict=True)
        ],
    }
    assert found.keys() == expected.keys()
    for player, losses in expected.items():
        np.testing.assert_allclose(found[player], losses, rtol=1e-4, err_msg=player)


@pytest.mark.parametrize("needs_real", [False, True])
def test_codes_are_drawn_where_a_loss_needs_them(images, needs_real: bool) -> None:
    model = linear(adversarial_loss=kg.losses.RelativisticGANLoss() if needs_real else None)
    seed = keras.random.SeedGenerator(0)
    seed.state.assign(model.seed.state)
    found = model.player_losses({"image": images, "label": LABELS}, ("encoder",))["encoder"]
    log_probabilities, style = coded(model, images)
    parts = np.exp(log_probabilities), style
    judges = model.class_discriminator, model.style_discriminator
    fakes = [judged(judge, codes) for judge, codes in zip(judges, parts, strict=True)]
    reals = [0.0, 0.0]
    if needs_real:
        drawn = np.array(model.draw_codes(6, seed))
        reals = [judged(judges[0], drawn[:, :CLASSES]), judged(judges[1], drawn[:, CLASSES:])]
    expected = sum(softplus(real - fake) for real, fake in zip(reals, fakes, strict=True))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_array_equal(model.seed.state, seed.state)


@pytest.mark.parametrize("player", PLAYERS)
def test_each_player_moves_its_own_networks_alone(images, player: str) -> None:
    model = linear()
    model.compile({each: keras.optimizers.SGD(0.1 * (each == player)) for each in PLAYERS}, run_eagerly=True)
    networks = model.encoder, model.decoder, model.class_discriminator, model.style_discriminator
    before = [network.get_weights()[0] for network in networks]
    model.train_on_batch({"image": images, "label": LABELS})
    moved = tuple(bool(np.any(net.get_weights()[0] != old)) for net, old in zip(networks, before, strict=True))
    assert moved == MOVES[player]


def test_the_class_moves_only_what_tells_the_class(images) -> None:
    """The gradient of the cross-entropy: probabilities minus targets of the labelled, by hand."""
    model = linear()
    model.compile({each: keras.optimizers.SGD(1.0 * (each == "classifier")) for each in PLAYERS}, run_eagerly=True)
    into = model.encoder.get_weights()[0]
    known = LABELS >= 0
    errors = np.exp(coded(model, images)[0])[known] - np.eye(CLASSES)[LABELS[known]]
    model.train_on_batch({"image": images, "label": LABELS})
    expected = into.copy()
    expected[:, :CLASSES] -= images.reshape(6, PIXELS)[known].T @ errors / known.sum()
    np.testing.assert_allclose(model.encoder.get_weights()[0], expected, atol=1e-6)


def test_a_batch_without_labels_teaches_no_class(images) -> None:
    model = linear()
    model.compile({each: keras.optimizers.SGD(1.0 * (each == "classifier")) for each in PLAYERS}, run_eagerly=True)
    before = model.encoder.get_weights()
    logs = model.train_on_batch({"image": images, "label": np.full(6, -1)}, return_dict=True)
    assert logs["classifier_loss"] == 0.0
    for weight, old in zip(model.encoder.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_each_labelled_image_counts_once_in_the_logs_of_an_epoch(images) -> None:
    """Two labelled images, then one, then none: a mean of batches would be another number."""
    model = linear()
    model.compile(dict.fromkeys(PLAYERS, "sgd"), run_eagerly=True)
    labels = np.int32([1, 2, 0, -1, -1, -1])
    logs = model.evaluate({"image": images, "label": labels}, batch_size=2, verbose=0, return_dict=True)
    log_probabilities = coded(model, images)[0]
    surprises = [-log_probabilities[number, labels[number]] for number in range(3)]
    assert logs["cross_entropy"] == pytest.approx(np.mean(surprises), rel=1e-5)
    assert logs["accuracy"] == pytest.approx(np.mean(log_probabilities[:3].argmax(axis=1) == labels[:3]))
    # The loss is the mean of three batches, of which the last counts as 0.
    assert logs["classifier_loss"] == pytest.approx((np.mean(surprises[:2]) + surprises[2] + 0) / 3, rel=1e-5)


def test_images_of_classes_are_served(images, tmp_path) -> None:
    model = linear()
    served = model.serving()
    assert list(served) == ["encode", "decode", "reconstruct", "draw", "classify", "generate"]
    styles, labels = model.prior.draw(4, GivenSeed(5)), np.int64([0, 1, 2, 0])
    codes = np.concatenate([np.eye(CLASSES, dtype="float32")[labels], styles], axis=1)
    expected = np.array(model.decode(codes))
    np.testing.assert_array_equal(served["draw"].function(4, GivenSeed(5)), expected)
    path = kg.export.saved_model(model, tmp_path / "model" / "1")
    given = {"style": np.array(styles), "label": labels}
    answer = {"signature": "generate_tensor", "process": without_keras.process()}
    assert kg.export.check(path, given, expected, **answer).max_error <= 1e-5


def test_codes_classes_and_samples(images) -> None:
    model = linear()
    log_probabilities, style = coded(model, images)
    np.testing.assert_allclose(model.classify(images), np.exp(log_probabilities), atol=1e-5)
    np.testing.assert_allclose(model.encode(images)[:, CLASSES:], style, atol=1e-5)
    # Samples of given classes: the styles of the same draw, and other one-hot vectors.
    codes = model.sample_codes(4, seed=3)
    codes = np.concatenate([np.eye(CLASSES)[[2, 2, 0, 1]], codes[:, CLASSES:]], axis=1).astype("float32")
    np.testing.assert_array_equal(model.sample(4, seed=3, labels=[2, 2, 0, 1]), model.decode(codes))
    np.testing.assert_array_equal(model.sample(4, seed=3), model.sample(4, seed=3, labels=[0, 1, 2, 0]))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.int32([0, 1, 2, 3, 0, 0]), r"`label` must lie in \[0, 3\), or be -1 for an example without a label"),
        (np.int32([0, 1, 2, -2, 0, 0]), r"`label` must lie in \[0, 3\), or be -1 for an example without a label"),
        (np.ones(5, np.int32), "`label` must hold as many examples as `image`. Received: 5 and 6"),
        (np.ones(6, np.float32), "`label` must hold integers"),
    ],
)
def test_wrong_labels_are_refused_before_a_step(images, labels: np.ndarray, message: str) -> None:
    model = linear()
    model.compile(dict.fromkeys(PLAYERS, "sgd"), run_eagerly=True)
    before = model.get_weights()
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        model.train_on_batch({"image": images, "label": labels})
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.sample(0), "`num_images` must be an integer of at least 1. Received: num_images=0"),
        (lambda model: model.sample(2, labels=[0, 3]), r"`labels` must .*3"),
        (lambda model: model.sample(2, labels=[0]), "`labels` must "),
        (
            lambda model: linear(prior=kg.priors.Gaussian(CLASSES + STYLE)),
            "`prior` must draw codes of length 2. Received: a Gaussian of dim=5",
        ),
        (
            lambda model: kg.models.SemiSupervisedAdversarialAutoencoder(
                model.encoder, model.decoder, model.class_discriminator, kg.backbones.mlp_discriminator((3,))
            ),
            "the whole code, of 5 units. Received: 3 classes and a style of 3",
        ),
        (
            lambda model: kg.models.SemiSupervisedAdversarialAutoencoder(
                model.encoder,
                model.decoder,
                model.class_discriminator,
                keras.Sequential([keras.Input((STYLE,)), keras.layers.Dense(3)]),
            ),
            r"`style_discriminator` must give logits whose last axis is 1. Received: .*\(None, 3\)",
        ),
        (
            lambda model: kg.models.SemiSupervisedAdversarialAutoencoder(
                model.encoder, model.decoder, keras.Sequential(), model.style_discriminator
            ),
            "`class_discriminator` must be built",
        ),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(linear())
