import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from keras_genssl import analysis, metrics


@pytest.fixture(scope="module")
def digits():
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels / 8.0 - 1.0).reshape(-1, 8, 8, 1).astype(np.float32)
    half = np.arange(len(labels)) % 2 == 0
    return (images[half], labels[half]), (images[~half], labels[~half])


def test_each_class_gives_equally_many_without_repetition():
    labels = np.random.default_rng(0).integers(0, 4, 200)
    chosen = metrics.labelled_subset(labels, 7, seed=1)
    assert np.bincount(labels[chosen]).tolist() == [7, 7, 7, 7]
    assert len(set(chosen.tolist())) == 28
    np.testing.assert_array_equal(chosen, metrics.labelled_subset(labels, 7, seed=1))
    assert set(chosen.tolist()) != set(metrics.labelled_subset(labels, 7, seed=2).tolist())


def test_accuracies_are_scikit_learns(digits):
    train, test = digits
    weights = np.random.default_rng(0).normal(size=(64, 6))
    encode = lambda images: images.reshape(len(images), -1) @ weights  # noqa: E731
    rows = analysis.few_label_comparison(encode, train, test, labels_per_class=5, seeds=(3, 4))

    flat = [images.reshape(len(images), -1) for images in (train[0], test[0])]
    pca = PCA(6, svd_solver="full").fit(flat[0])
    inputs = {
        "pixels": flat,
        "codes": [values @ weights for values in flat],
        "pca": [pca.transform(values) for values in flat],
    }
    for name, (known, unknown) in inputs.items():
        mean, scale = known.mean(axis=0), np.sqrt(known.var(axis=0).mean())
        expected = []
        for seed in (3, 4):
            chosen = metrics.labelled_subset(train[1], 5, seed)
            fitted = LogisticRegression(max_iter=1000).fit((known[chosen] - mean) / scale, train[1][chosen])
            expected.append((fitted.predict((unknown - mean) / scale) == test[1]).mean())
        np.testing.assert_allclose(rows[name]["accuracies"], expected, atol=2 / len(test[1]))
        assert rows[name]["mean"] == pytest.approx(sum(rows[name]["accuracies"]) / 2)
        first, second = rows[name]["accuracies"]
        assert rows[name]["deviation"] == pytest.approx(abs(first - second) / np.sqrt(2))
    assert [rows[name]["size"] for name in ("codes", "pca", "pixels")] == [6, 6, 64]


def test_codes_that_are_the_labels_need_one_of_each(digits):
    (images, labels), test = digits
    known = {
        image.tobytes(): label for image, label in zip(np.r_[images, test[0]], np.r_[labels, test[1]], strict=True)
    }
    encode = lambda batch: np.eye(10)[[known[image.tobytes()] for image in batch]]  # noqa: E731
    rows = analysis.few_label_comparison(encode, (images, labels), test, labels_per_class=1, seeds=(0,))
    assert rows["codes"]["mean"] == 1.0
    assert rows["codes"]["deviation"] == 0.0


def encoder():
    return keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 3, activation="relu"), keras.layers.BatchNormalization()]
    )


def test_the_classifier_starts_from_the_encoders_weights_and_leaves_it_alone(digits):
    (images, labels), _ = digits
    pretrained = encoder()
    pretrained.layers[1].moving_mean.assign([0.1, 0.2, 0.3])
    before = [weight.copy() for weight in pretrained.get_weights()]
    model = analysis.classifier(pretrained, 10, seed=0)
    codes = np.asarray(pretrained(images[:4])).reshape(4, -1)
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(model(images[:4]), codes @ kernel + bias, atol=1e-5)

    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    model.fit(images[:64], labels[:64], verbose=0)
    copied = model.layers[1].get_weights()
    assert all(np.abs(new - old).max() > 0 for new, old in zip(copied, before, strict=True))
    for new, old in zip(pretrained.get_weights(), before, strict=True):
        np.testing.assert_array_equal(new, old)


def test_a_frozen_encoder_trains_the_dense_layer_alone():
    model = analysis.classifier(encoder(), 10, trainable=False)
    assert [weight.path.split("/")[0] for weight in model.trainable_weights] == ["logits", "logits"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.labelled_subset(np.array([0, 0, 1]), 2, 0), "must lie in 1 ... 1"),
        (lambda: analysis.classifier(encoder(), 1), "`num_classes` must be at least 2"),
        (lambda: analysis.classifier(keras.Sequential([keras.layers.Dense(3)]), 10), "must be built"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
