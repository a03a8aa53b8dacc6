import keras
import numpy as np
import pytest

import keras_genssl as kg

LAYERS = ("block1_conv2", "block2_conv2")
CLASSES = 4


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = kg.models.DegradationPrediction(
        kg.backbones.small_extractor((3, 4)), LAYERS, num_degradations=CLASSES, window=4
    )
    for head in model.heads:  # they start at zero, where every loss is the same
        head.set_weights([np.random.normal(size=weight.shape) for weight in head.get_weights()])
    return model


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    reference, image = rng.integers(0, 256, (2, 5, 12, 8, 3), dtype=np.uint8)
    return {"reference": reference, "image": image, "degradation": rng.integers(0, CLASSES, 5).astype(np.int32)}


def naive(model, batch):
    """Loss and joint scores, example by example, window by window."""
    network = model.features
    losses, scores = [], []
    for before, after, label in zip(batch["reference"], batch["image"], batch["degradation"], strict=True):
        before, after = (network(picture[None] / np.float32(127.5) - 1) for picture in (before, after))
        loss, score = 0.0, np.zeros(CLASSES)
        for a, b, head, pool in zip(before, after, model.heads, (4, 2), strict=True):
            kernel, bias = head.get_weights()
            difference = np.asarray(b - a)[0]
            windows = [(row, column) for row in range(0, 12, 4) for column in range(0, 8, 4)]
            for row, column in windows:
                row, column = row * pool // 4, column * pool // 4
                mean = difference[row : row + pool, column : column + pool].mean(axis=(0, 1))
                logits = mean / 0.1 @ kernel + bias
                log_probabilities = logits - np.log(np.exp(logits).sum())
                loss -= log_probabilities[label] / len(windows)
                score += log_probabilities
        losses.append(loss)
        scores.append(score)
    return np.array(losses), np.array(scores)


def test_loss_and_accuracy_equal_naive_loop(model, batch):
    losses, scores = naive(model, batch)
    pair, label = model.split_inputs(model.batch(batch))
    np.testing.assert_allclose(model.example_losses(pair, label, model(pair)), losses, rtol=1e-5)
    model.compile("sgd")
    logs = model.evaluate(batch, batch_size=5, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(losses.mean(), rel=1e-5)
    assert logs["accuracy"] == pytest.approx((scores.argmax(axis=1) == batch["degradation"]).mean())


def test_untrained_heads_know_nothing(batch):
    model = kg.models.DegradationPrediction(
        kg.backbones.small_extractor((3, 4)), LAYERS, num_degradations=CLASSES, window=4
    )
    model.compile("sgd")
    loss = model.evaluate(batch, batch_size=5, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(len(LAYERS) * np.log(CLASSES), rel=1e-6)


def test_content_cancels(model, batch):
    same = {**batch, "image": batch["reference"]}
    pair, _ = model.split_inputs(model.batch(same))
    answers = np.asarray(model(pair))  # (batch, windows, layers, classes)
    assert answers.shape == (5, 6, 2, CLASSES)
    for index, head in enumerate(model.heads):
        bias = head.get_weights()[1]
        expected = np.broadcast_to(bias - np.log(np.exp(bias).sum()), (5, 6, CLASSES))
        np.testing.assert_allclose(answers[:, :, index], expected, rtol=1e-5)


def test_serves_the_mean_of_each_feature(model, batch):
    images = batch["image"].astype("float32") / 127.5 - 1
    first, second = model.features(images)
    expected = np.concatenate([np.mean(first, axis=(1, 2)), np.mean(second, axis=(1, 2))], axis=1)
    np.testing.assert_allclose(model.serving()["encode"].function(images), expected, rtol=1e-5, atol=1e-6)


def blurred_or_noisy(rng):
    """Random pictures, every second one noisy, the others blurred."""
    reference = rng.integers(40, 216, (64, 16, 16, 3), dtype=np.uint8)
    label = np.arange(64, dtype=np.int32) % 2
    image = [kg.pretext.degrade(x, "blur", 1.0) for x in reference]
    image[1::2] = [kg.pretext.degrade(x, "noise", 20.0, seed) for seed, x in enumerate(reference[1::2])]
    return {"reference": reference, "image": np.stack(image), "degradation": label}


def test_learns_to_tell_noise_from_blur():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    model = kg.models.DegradationPrediction(kg.backbones.small_extractor((4, 4)), LAYERS, num_degradations=2)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(blurred_or_noisy(rng), epochs=15, verbose=0)
    unseen = model.evaluate(blurred_or_noisy(rng), verbose=0, return_dict=True)
    assert unseen["accuracy"] > 0.95


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": []}, r"`layers` must name layers of `network`: images, block1_conv1.*Received: layers=\[\]"),
        ({"layers": ["conv1"]}, r"Received: layers=\['conv1'\]"),
        ({"num_degradations": 1}, "`num_degradations` must be an integer of at least 2. Received: num_degradations=1"),
        (
            {"num_degradations": 2.5},
            "`num_degradations` must be an integer of at least 2. Received: num_degradations=2",
        ),
        ({"window": True}, "`window` must be an integer of at least 1. Received: window=True"),
        ({"window": 5}, "`window` must be a multiple of the stride of every layer.*Received: window=5"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        kg.models.DegradationPrediction(
            **{"network": kg.backbones.small_extractor((3, 4)), "layers": LAYERS, **arguments}
        )


def test_a_reference_alone_is_refused(model, batch):
    with pytest.raises(ValueError, match="must hold `image` beside `reference`"):
        model.split_inputs(model.batch({"reference": batch["reference"]}, training=False))
