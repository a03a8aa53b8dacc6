"""kNN, linear, few-label and clustering scores equal naive loops, scikit-learn, and what a hand can count."""

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from keras_genssl import metrics
from keras_genssl.metrics import neighbours


def blobs(num, dim, num_classes, spread, seed):
    """Features about one of a few directions each, and the labels."""
    centres = np.random.default_rng(100).normal(size=(num_classes, dim))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, num_classes, num)
    return (centres[labels] + spread * rng.normal(size=(num, dim))).astype(np.float32), labels


def naive_knn(features, labels, gallery, gallery_labels, k, temperature, own=False):
    """One query after the other, one vote after the other."""
    unit = [v.astype(float) / np.linalg.norm(v.astype(float)) for v in gallery]
    correct = 0
    for number, (vector, label) in enumerate(zip(features, labels, strict=True)):
        vector = vector.astype(float) / np.linalg.norm(vector.astype(float))
        ranked = sorted((-float(vector @ u), i) for i, u in enumerate(unit) if not (own and i == number))[:k]
        votes = {}
        for minus, i in ranked:
            votes.setdefault(gallery_labels[i], 0.0)
            votes[gallery_labels[i]] += 1.0 if temperature is None else np.exp(-minus / temperature)
        best = max(votes.values())
        correct += next(gallery_labels[i] for _, i in ranked if votes[gallery_labels[i]] == best) == label
    return correct / len(features)


@pytest.fixture(params=[(512, 8192), (7, 11), (1, 40), (5, 1)])
def chunks(request, monkeypatch):
    monkeypatch.setattr(neighbours, "_QUERIES", request.param[0])
    monkeypatch.setattr(neighbours, "_GALLERY", request.param[1])


@pytest.mark.parametrize("temperature", [None, 0.07, 2e-3])
@pytest.mark.parametrize("k", [1, 5, 90])
def test_knn_equals_one_vote_after_the_other_whatever_the_chunks(k, temperature, chunks):
    gallery, queries = blobs(90, 6, 4, 1.0, seed=0), blobs(33, 6, 4, 1.0, seed=1)
    expected = naive_knn(*queries, *gallery, k, temperature)
    assert 0.3 < expected < 0.95 or k == 90
    assert metrics.knn_accuracy(*queries, *gallery, k, temperature) == expected


@pytest.mark.parametrize("temperature", [None, 0.1])
def test_without_queries_each_is_left_out_of_its_own_search(temperature, chunks):
    features, labels = blobs(40, 5, 4, 1.0, seed=2)
    expected = naive_knn(features, labels, features, labels, 3, temperature, own=True)
    assert metrics.knn_accuracy(features, labels, k=3, temperature=temperature) == expected
    assert metrics.knn_accuracy(features, labels, features, labels, k=1) == 1.0


def test_copies_tie_and_the_first_of_the_gallery_counts(chunks):
    """30 copies each of two vectors: which are found is theirs who come first, whatever the chunks."""
    vector, other = np.random.default_rng(0).normal(size=(2, 9))
    gallery = np.stack([vector, 3 * other] * 30)
    found, similarities = neighbours.Nearest(np.stack([2 * vector, other]), gallery).find(slice(0, 2), 31)
    assert found[0].tolist() == [*range(0, 60, 2), 1]
    assert found[1].tolist() == [*range(1, 60, 2), 0]
    np.testing.assert_allclose(similarities[:, :30], 1.0, atol=1e-9)
    # Equal votes: the class of the nearest wins, here that of the first copy.
    assert metrics.knn_accuracy([vector], [7], gallery, np.array([7, 0, 8, 0] * 15), k=2, temperature=None) == 1.0


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("k", [1, 10, 1499])
def test_neighbours_are_those_of_a_full_sort(normalize, k, monkeypatch):
    """Blocks of 400 of which few rows matter, half of the vectors twice, each query left out of its own search."""
    monkeypatch.setattr(neighbours, "_GALLERY", 400)
    gallery = np.random.default_rng(0).integers(-9, 10, (1500, 3)) + 0.5  # exact products without rounding
    gallery[750:] = gallery[:750]
    queries = np.arange(0, 1500, 60)
    vectors = gallery / np.linalg.norm(gallery, axis=1, keepdims=True) if normalize else gallery
    values = vectors[queries] @ vectors.T if normalize else -((vectors[queries, None] - vectors) ** 2).sum(-1)
    values = np.round(values, 9)
    values[np.arange(len(queries)), queries] = -np.inf
    expected = np.argsort(-values, axis=1, kind="stable")[:, :k]
    search = neighbours.Nearest(gallery[queries], gallery, queries, normalize)
    found = np.concatenate([search.find(rows, k)[0] for rows in search.blocks()])
    np.testing.assert_array_equal(found, expected)


def test_euclidean_neighbours_far_from_the_origin(chunks):
    rng = np.random.default_rng(0)
    gallery, queries = 1e4 + rng.normal(size=(50, 3)), 1e4 + rng.normal(size=(8, 3))
    expected = [np.argsort(np.linalg.norm(gallery - query, axis=1))[:6].tolist() for query in queries]
    search = neighbours.Nearest(queries, gallery, normalize=False)
    assert [row for rows in search.blocks() for row in search.find(rows, 6)[0].tolist()] == expected


def test_one_hot_features_are_perfect():
    labels = np.arange(40) % 4
    codes = np.eye(4)[labels]
    assert metrics.knn_accuracy(codes, labels, codes, labels, k=10) == 1.0
    assert metrics.linear_accuracy(codes, labels, codes, labels) == 1.0
    few = metrics.few_label_accuracy(codes, labels, codes, labels, labels_per_class=1)
    assert few == {"mean": 1.0, "deviation": 0.0, "accuracies": [1.0] * 5}
    assert metrics.clustering_scores(codes, labels) == {"nmi": 1.0, "ami": 1.0, "accuracy": 1.0}


def test_shuffled_labels_are_chance():
    """4 classes, 400 queries: chance is 1/4 with a deviation of 0.022, of which five are allowed."""
    gallery, queries = blobs(400, 6, 4, 0.1, seed=0), blobs(400, 6, 4, 0.1, seed=1)
    shuffled = [np.random.default_rng(2).permutation(part) for part in (gallery[1], queries[1])]
    arguments = (queries[0], shuffled[1], gallery[0], shuffled[0])
    few = metrics.few_label_accuracy(*arguments)["mean"]
    for accuracy in (metrics.knn_accuracy(*arguments), metrics.linear_accuracy(*arguments), few):
        assert abs(accuracy - 0.25) < 0.11
    assert abs(metrics.clustering_scores(queries[0], shuffled[1])["ami"]) < 0.03


def on_one_scale(known):
    """Centred, and over one number for all dimensions."""
    mean = np.array([sum(column) / len(known) for column in known.T.astype(float)])
    variance = np.mean([(value - m) ** 2 for row in known.astype(float) for value, m in zip(row, mean, strict=True)])
    return lambda features: (features.astype(float) - mean) / np.sqrt(variance)


@pytest.mark.parametrize(
    ("penalty", "dim"),
    [(0.1, 7), (30.0, 7), (1.0, 300)],  # more dimensions than the 120 examples: fitted in the span of these
)
def test_linear_is_scikit_learns(penalty, dim):
    train, test = (blobs(num, dim, 3, 2.0 if dim == 7 else 6.0, seed) for num, seed in ((120, 0), (200, 1)))
    scaled = on_one_scale(train[0])
    fitted = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000).fit(scaled(train[0]), train[1])
    expected = (fitted.predict(scaled(test[0])) == test[1]).mean()
    accuracy = metrics.linear_accuracy(*test, *train, penalty=penalty)
    assert accuracy == pytest.approx(expected, abs=1 / 200)
    assert accuracy == metrics.linear_accuracy(*test, *train, penalty=penalty)


def test_a_rotation_and_a_scale_change_nothing():
    """Principal components are a rotation: their baseline must not depend on the directions' variances."""
    train, test = blobs(60, 4, 3, 1.0, seed=0), blobs(300, 4, 3, 1.0, seed=1)
    stretched = [part[0].astype(float) * [30, 1, 0.1, 1] for part in (test, train)]
    rotation = 7 * np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))[0]
    accuracy = metrics.linear_accuracy(stretched[0], test[1], stretched[1], train[1])
    rotated = metrics.linear_accuracy(stretched[0] @ rotation, test[1], stretched[1] @ rotation, train[1])
    assert rotated == pytest.approx(accuracy, abs=1 / 300)


def test_a_constant_feature_does_no_harm():
    """It enlarges the penalty alone: a fifth dimension without variance makes the scale smaller by the root of 4/5."""
    train, test = blobs(60, 4, 3, 1.0, seed=0), blobs(50, 4, 3, 1.0, seed=1)
    with_constant = [
        np.concatenate([part[0], np.full((len(part[0]), 1), 0.1, np.float32)], 1) for part in (test, train)
    ]
    accuracy = metrics.linear_accuracy(with_constant[0], test[1], with_constant[1], train[1], penalty=5 / 4)
    assert accuracy == metrics.linear_accuracy(*test, *train)


def test_few_labels_are_linear_on_subsets_scaled_by_all():
    train, test = blobs(120, 5, 3, 1.5, seed=0), blobs(100, 5, 3, 1.5, seed=1)
    scaled = on_one_scale(train[0])
    expected = []
    for seed in (4, 5):
        chosen = metrics.labelled_subset(train[1], 6, seed)
        fitted = LogisticRegression(max_iter=1000).fit(scaled(train[0][chosen]), train[1][chosen])
        expected.append(fitted.score(scaled(test[0]), test[1]))
    row = metrics.few_label_accuracy(*test, *train, labels_per_class=6, seeds=(4, 5))
    np.testing.assert_allclose(row["accuracies"], expected, atol=1 / 100)
    assert row["mean"] == pytest.approx(sum(row["accuracies"]) / 2)
    assert row["deviation"] == pytest.approx(abs(row["accuracies"][0] - row["accuracies"][1]) / np.sqrt(2))


def test_agreement_of_clusters_by_hand():
    """Table of counts [[2, 1], [0, 3]]: by definition, with entropies in nats."""
    scores = metrics.cluster_agreement([4, 4, 9, 9, 9, 9], [0, 0, 0, 1, 1, 1])
    joint = np.array([[2, 1], [0, 3]]) / 6
    products = joint.sum(1, keepdims=True) * joint.sum(0)
    information = sum(p * np.log(p / q) for p, q in zip(joint.ravel(), products.ravel(), strict=True) if p)
    entropies = [-sum(p * np.log(p) for p in joint.sum(axis)) for axis in (0, 1)]
    assert scores["nmi"] == pytest.approx(information / np.mean(entropies))
    assert scores["accuracy"] == pytest.approx(5 / 6)


def test_more_clusters_than_classes_leave_some_unassigned():
    assert metrics.cluster_agreement([0, 1, 2, 2], [0, 0, 1, 1])["accuracy"] == 0.75
    assert metrics.cluster_agreement([3, 3, 3, 3], [0, 0, 1, 1]) == {"nmi": 0.0, "ami": 0.0, "accuracy": 0.5}


def test_normalised_clusters_are_directions():
    angles = np.repeat([0.0, 2.0, 4.0], 20) + np.random.default_rng(0).normal(0, 0.1, 60)
    lengths = np.random.default_rng(1).uniform(0.01, 100, (60, 1))
    features, labels = lengths * np.stack([np.cos(angles), np.sin(angles)], 1), np.repeat([0, 1, 2], 20)
    assert metrics.clustering_scores(features, labels, normalize=True)["accuracy"] == 1.0
    assert metrics.clustering_scores(features, labels)["accuracy"] < 1.0


def test_equal_features_give_finite_numbers():
    features, labels = np.ones((20, 3)), np.arange(20) % 2
    assert metrics.knn_accuracy(features, labels, features, labels, k=5) == 0.5  # the first five: three of label 0
    assert metrics.knn_accuracy(0 * features, labels, features, labels, k=5) == 0.5
    assert metrics.linear_accuracy(features, labels, features, labels) == 0.5
    with pytest.warns(UserWarning, match="distinct clusters"):
        assert metrics.clustering_scores(features, labels)["nmi"] == 0.0


def test_memory_does_not_grow_with_queries_times_gallery():
    """All similarities would be 20,000 x 5,000 of float64: 763 MiB."""
    rng = np.random.default_rng(0)
    gallery, queries = rng.normal(size=(20_000, 4)).astype(np.float32), rng.normal(size=(5_000, 4)).astype(np.float32)
    tracemalloc.start()
    metrics.knn_accuracy(queries, np.zeros(5_000), gallery, np.zeros(20_000), k=5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 130 * 2**20


TWO, LABELS = np.eye(2), np.arange(2)
NAN = np.array([[np.nan, 0.0], [0.0, 1.0]])
FUNCTIONS = [metrics.knn_accuracy, metrics.linear_accuracy, metrics.few_label_accuracy, metrics.recall_at_k]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_bad_features_are_refused(function):
    with pytest.raises(ValueError, match="`features` must be finite"):
        function(NAN, LABELS, TWO, LABELS)
    with pytest.raises(ValueError, match="_features` must be finite"):
        function(TWO, LABELS, NAN, LABELS)
    with pytest.raises(ValueError, match="must have one dimension"):
        function(np.eye(3), np.arange(3), TWO, LABELS)
    with pytest.raises(ValueError, match="`labels` must be"):
        function(TWO, np.arange(3), TWO, LABELS)
    with pytest.raises(ValueError, match=r"`features` must be \(num, dim\)"):
        function(np.zeros((2, 2, 2)), LABELS, TWO, LABELS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.knn_accuracy(TWO, LABELS, TWO, LABELS), "`k` must lie in 1 ... 2.*k=20"),
        (lambda: metrics.knn_accuracy(TWO, LABELS, k=2), "`k` must lie in 1 ... 1"),
        (lambda: metrics.knn_accuracy(TWO, LABELS, TWO, LABELS, 1.5), "`k` must be an integer. Received: k=1.5"),
        (lambda: metrics.knn_accuracy(TWO, LABELS, TWO, LABELS, True), "`k` must be an integer. Received: k=True"),
        (lambda: metrics.knn_accuracy(TWO, LABELS, TWO, LABELS, 1, 0.0), "`temperature` must be positive"),
        (lambda: metrics.knn_accuracy(TWO, LABELS, TWO, k=1), "must be given together"),
        (lambda: metrics.linear_accuracy(TWO, LABELS, TWO, [1, 1]), "two classes at least"),
        (lambda: metrics.linear_accuracy(TWO, LABELS, TWO, LABELS, penalty=0.0), "`penalty` must be positive"),
        (lambda: metrics.linear_accuracy(TWO, LABELS, TWO, LABELS, max_steps=0), "`max_steps` must be positive"),
        (lambda: metrics.few_label_accuracy(TWO, LABELS, TWO, LABELS, 2), "must lie in 1 ... 1"),
        (lambda: metrics.few_label_accuracy(TWO, LABELS, TWO, LABELS, 1, seeds=()), "`seeds` must not be empty"),
        (lambda: metrics.labelled_subset(np.array([0, 0, 1]), 2, 0), "must lie in 1 ... 1"),
        (lambda: metrics.clustering_scores(TWO, [1, 1]), "two classes at least"),
        (lambda: metrics.clustering_scores(NAN, LABELS), "must be finite"),
        (lambda: metrics.clustering_scores(TWO, LABELS, num_clusters=3), "`num_clusters` must lie in 1 ... 2"),
        (lambda: metrics.clustering_scores(TWO, LABELS, num_starts=0), "`num_starts` must be positive"),
        (lambda: metrics.cluster_agreement([0, 1], [0, 1, 1]), "`labels` must be .* of shape \\(3,\\) for 2 examples"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
