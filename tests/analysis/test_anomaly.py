import numpy as np
import pytest
import sklearn.metrics

import keras_genssl as kg
from keras_genssl import analysis


def test_the_error_is_the_mean_over_pixels_of_uint8_images_too():
    images = np.random.default_rng(0).integers(0, 256, (7, 4, 5, 3), dtype=np.uint8)
    errors = analysis.reconstruction_error(lambda batch: batch * 0.5, images, batch_size=3)
    for image, error in zip(images, errors, strict=True):
        assert error == pytest.approx(np.mean((0.5 * (image / 127.5 - 1)) ** 2), rel=1e-5)


def test_the_error_of_features():
    images = np.random.default_rng(0).uniform(-1, 1, (3, 2, 2, 1))
    errors = analysis.reconstruction_error(
        lambda batch: -batch, images, features=lambda batch: batch.sum((1, 2, 3))[:, None] + 1.0
    )
    np.testing.assert_allclose(errors, (2 * images.sum((1, 2, 3))) ** 2, rtol=1e-5)


def test_improbable_is_minus_probable():
    images = np.random.default_rng(0).uniform(-1, 1, (5, 2, 2, 1))
    scores = analysis.negative_elbo(lambda batch: -(batch**2).sum((1, 2, 3)), images, batch_size=2)
    np.testing.assert_allclose(scores, (images**2).sum((1, 2, 3)), rtol=1e-5)


def test_each_class_is_held_out_of_training_and_judged_on_test():
    """Images of one pixel; the score is the distance to the nearest training image."""
    train = np.array([0.0, 0.1, 0.5, 0.6, -0.8, -0.9]).reshape(-1, 1, 1, 1), np.array([0, 0, 1, 1, 2, 2])
    test = np.array([0.05, 0.55, 0.12, -0.85]).reshape(-1, 1, 1, 1), np.array([0, 1, 0, 2])
    seen = []

    def fit(images):
        seen.append(images.ravel().tolist())
        known = images.ravel()
        near = lambda batch: np.abs(batch.ravel()[:, None] - known).min(1)  # noqa: E731
        return {"near": near, "far": lambda batch: -near(batch)}

    results = analysis.leave_one_class_out(fit, train, test)
    np.testing.assert_allclose(seen, np.array([[0.5, 0.6, -0.8, -0.9], [0, 0.1, -0.8, -0.9], [0, 0.1, 0.5, 0.6]]))
    assert results["near"] == {0: 1.0, 1: 1.0, 2: 1.0}
    assert results["far"] == {0: 0.0, 1: 0.0, 2: 0.0}
    assert analysis.leave_one_class_out(fit, train, test, classes=[2])["near"] == {2: 1.0}


def test_the_pca_of_digits_finds_a_class_it_has_not_seen():
    """A golden pair of numbers of scikit-learn alone, over the same loop written out."""
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA

    digits, labels = load_digits(return_X_y=True)
    images = (digits / 8.0 - 1.0).reshape(-1, 8, 8, 1)
    half = np.arange(len(labels)) % 2 == 0
    train, test = (images[half], labels[half]), (images[~half], labels[~half])

    def fit(normal):
        pca = PCA(10, random_state=0, svd_solver="full").fit(normal.reshape(len(normal), -1))
        rebuild = lambda batch: pca.inverse_transform(pca.transform(batch.reshape(len(batch), -1)))  # noqa: E731
        return {"pca": lambda batch: analysis.reconstruction_error(lambda x: rebuild(x).reshape(x.shape), batch)}

    found = analysis.leave_one_class_out(fit, train, test, classes=[0, 8])["pca"]
    flat = images.reshape(len(images), -1)
    for held_out, value in found.items():
        pca = PCA(10, random_state=0, svd_solver="full").fit(flat[half][labels[half] != held_out])
        rest = flat[~half] - pca.inverse_transform(pca.transform(flat[~half]))
        expected = sklearn.metrics.roc_auc_score(labels[~half] == held_out, (rest**2).mean(1))
        assert value == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.reconstruction_error(lambda x: x[:, :1], np.zeros((2, 2, 2, 1))), "must keep the shape"),
        (lambda: analysis.reconstruction_error(lambda x: x, np.full((2, 2, 2, 1), 3.0)), "must lie in \\[-1, 1\\]"),
        (lambda: analysis.negative_elbo(lambda x: x, np.zeros((2, 2, 2, 1))), "`elbo` must answer"),
        (
            lambda: analysis.leave_one_class_out(
                lambda x: {}, (np.zeros((2, 1, 1, 1)), [0, 1]), (np.zeros((2, 1, 1, 1)), [0, 1]), [5]
            ),
            "must be in training and test",
        ),
        (
            lambda: analysis.leave_one_class_out(lambda x: {}, (np.zeros((2, 1, 1, 1)), [0]), (np.zeros(1), [0])),
            "one for each example",
        ),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_datasets_are_scored_as_their_arrays_in_order_and_stay_where_they_are():
    rng = np.random.default_rng(8)
    normal, strange = (rng.integers(0, 256, (num, 4, 4, 1), dtype=np.uint8) for num in (7, 5))
    score = lambda images: images.mean(axis=(1, 2, 3))  # noqa: E731
    found = analysis.detect_anomalies(score, normal, strange, batch_size=3)
    expected = [score(images / 127.5 - 1) for images in (normal, strange)]
    np.testing.assert_allclose(found.scores, np.concatenate(expected), atol=1e-6)
    assert found.anomalous.tolist() == [False] * 7 + [True] * 5
    wins = [float(high > low) for high in expected[1] for low in expected[0]]
    assert found.roc_auc == pytest.approx(np.mean(wins))
    options = {"batch_size": 2, "shuffle": False, "drop_remainder": False}
    dataset = kg.data.load({"image": normal}, **options)
    next(iter(dataset))
    position = dataset.order.position
    again = analysis.detect_anomalies(
        score, dataset, kg.data.load({"image": strange, "label": np.arange(5)}, **options)
    )
    np.testing.assert_allclose(again.scores, found.scores, atol=1e-6)
    assert dataset.order.position == position


def test_scores_of_another_shape_and_scores_that_are_no_numbers_are_refused():
    images = np.zeros((3, 4, 4, 1), np.uint8)
    with pytest.raises(ValueError, match=r"`score` must answer \(batch,\). Received: shape \(3, 1\)"):
        analysis.detect_anomalies(lambda batch: batch[:, 0, 0], images, images)
    with pytest.raises(ValueError, match="`scores` must not be NaN"):
        analysis.detect_anomalies(lambda batch: np.full(len(batch), np.nan), images, images)
