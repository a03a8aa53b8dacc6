"""The loss of few labels: against a loop over the examples, and in batches without any label."""

import keras
import numpy as np
import pytest

import keras_genssl as kg

SHAPE = (4, 4, 1)
LABELS = np.int32([-1, 2, -1, 0, 2, -1])


def made(weight=0.7):
    keras.utils.set_random_seed(3)
    encoder = kg.backbones.dense_encoder(3, (), input_shape=SHAPE)
    decoder = kg.backbones.dense_decoder(3, (), output_shape=SHAPE)
    classifier = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    return kg.models.SemiSupervisedAutoencoder(encoder, decoder, classifier, weight=weight)


def pictures(count=6):
    return np.random.default_rng(5).uniform(-1, 1, (count, *SHAPE)).astype("float32")


def evaluated(model, images, labels, batch_size=6):
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    return model.evaluate({"image": images, "label": labels}, batch_size=batch_size, verbose=0, return_dict=True)


def by_hand(model, images, labels):
    """The mean over images of squared errors, of labelled images of -log p, and how many of these are recognised."""
    errors, surprises, right = [], [], []
    for image, label in zip(images, labels, strict=True):
        code = model.encoder(image[None])
        errors.append(np.mean((np.array(model.decoder(code))[0] - image) ** 2))
        logits = np.array(model.classifier(code))[0]
        if label >= 0:
            surprises.append(np.log(np.exp(logits).sum()) - logits[label])
            right.append(logits.argmax() == label)
    return np.mean(errors), np.mean(surprises), np.mean(right)


def test_the_loss_is_the_mean_over_images_and_the_mean_over_labelled_images():
    model, images = made(), pictures()
    reconstruction, cross_entropy, accuracy = by_hand(model, images, LABELS)
    logs = evaluated(model, images, LABELS)
    assert logs == pytest.approx(
        {
            "loss": reconstruction + 0.7 * cross_entropy,
            "reconstruction": reconstruction,
            "cross_entropy": cross_entropy,
            "accuracy": accuracy,
        },
        rel=1e-5,
    )


def test_over_several_batches_each_labelled_image_counts_once_in_the_logs():
    model, images = made(), pictures()
    logs = evaluated(model, images, LABELS, batch_size=4)
    assert logs["cross_entropy"] == pytest.approx(by_hand(model, images, LABELS)[1], rel=1e-5)
    assert logs["accuracy"] == pytest.approx(by_hand(model, images, LABELS)[2])


def test_a_batch_without_labels_trains_an_autoencoder():
    model, images = made(), pictures()
    plain = kg.models.Autoencoder(*(keras.models.clone_model(net) for net in (model.encoder, model.decoder)))
    plain.set_weights(model.encoder.get_weights() + model.decoder.get_weights())
    classifier = [weight.numpy() for weight in model.classifier.weights]
    for method, batch in ((model, {"image": images, "label": np.full(6, -1)}), (plain, images)):
        method.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
        logs = method.train_on_batch(batch, return_dict=True)
        assert np.isfinite(logs["loss"])
    for mine, other in zip(model.encoder.weights + model.decoder.weights, plain.weights, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-7)
    for mine, old in zip(model.classifier.weights, classifier, strict=True):
        np.testing.assert_array_equal(mine, old)
    assert evaluated(model, images, np.full(6, -1))["cross_entropy"] == 0


def test_under_xla_a_label_of_no_class_makes_a_loss_of_nan():
    """Where nothing can raise, it must not pass for an image without a label."""
    model = made()
    model.compile(keras.optimizers.SGD(0.1), jit_compile=True)
    before = model.get_weights()
    logs = model.train_on_batch({"image": pictures(), "label": np.int32([0, 1, 2, 3, -1, -1])}, return_dict=True)
    assert np.isnan(logs["loss"])
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_classify_gives_the_probabilities_of_the_classifiers_logits():
    model, images = made(), pictures()
    logits = np.array(model.classifier(model.encoder(images)))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.classify(images), expected, rtol=1e-5)
    stored = kg.checks.arrays.nearest_levels(images)
    np.testing.assert_allclose(model.classify(stored), expected, atol=0.01)


def classifier(*layers):
    return keras.Sequential([keras.Input((3,)), *layers])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda *nets: kg.models.SemiSupervisedAutoencoder(*nets, classifier(keras.layers.Dense(1))),
            r"`classifier` must give logits of shape \(batch, num_classes\).* Received: .*\(None, 1\)",
        ),
        (
            lambda *nets: kg.models.SemiSupervisedAutoencoder(
                *nets, keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
            ),
            r"`classifier` must take inputs of shape \(3,\).*Received: .*\(4,\)",
        ),
        (lambda *nets: kg.models.SemiSupervisedAutoencoder(*nets, keras.Sequential()), "`classifier` must be built"),
        (
            lambda *nets: kg.models.SemiSupervisedAutoencoder(*nets, classifier(keras.layers.Dense(3)), weight=-1),
            "`weight` must be at least 0 and finite. Received: weight=-1",
        ),
        (
            lambda *nets: kg.models.SemiSupervisedAutoencoder(*nets, classifier(keras.layers.Dense(3)), weight=np.inf),
            "`weight` must be at least 0 and finite. Received: weight=inf",
        ),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build(made().encoder, made().decoder)


def test_labels_are_needed_and_must_be_classes():
    model = made()
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"must hold \['image', 'label'\]"):
        model.train_on_batch(pictures())
    with pytest.raises(ValueError, match=r"`label` must lie in \[0, 3\), or be -1 for an example without a label"):
        model.train_on_batch({"image": pictures(), "label": np.int32([0, 1, 2, 3, -1, -1])})
