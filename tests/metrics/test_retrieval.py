"""Retrieval scores equal pytorch-metric-learning's (golden_retrieval.py), naive loops, and hand-made cases."""

import pathlib

import numpy as np
import pytest

from keras_genssl import metrics
from keras_genssl.metrics import neighbours


def golden(kind):
    with np.load(pathlib.Path(__file__).with_name("golden_retrieval.npz")) as file:
        arrays = dict(file)
    cases = {}
    for key, value in arrays.items():
        case, name = key.split("/")
        cases.setdefault(case, {})[name] = value
    return [pytest.param(case, id=name) for name, case in cases.items() if name.startswith(kind)]


@pytest.fixture(params=[(512, 8192), (7, 11), (1, 16)])
def chunks(request, monkeypatch):
    monkeypatch.setattr(neighbours, "_QUERIES", request.param[0])
    monkeypatch.setattr(neighbours, "_GALLERY", request.param[1])


@pytest.mark.parametrize("case", golden("retrieval"))
def test_retrieval_is_pytorch_metric_learnings(case, chunks):
    scores = metrics.retrieval_scores(
        case["features"],
        case["labels"],
        case.get("gallery_features"),
        case.get("gallery_labels"),
        normalize=bool(case["normalize"]),
    )
    assert scores["recall_at_1"] == pytest.approx(case["precision_at_1"], abs=1e-6)
    assert scores["r_precision"] == pytest.approx(case["r_precision"], abs=1e-6)
    assert scores["map_at_r"] == pytest.approx(case["mean_average_precision_at_r"], abs=1e-6)


@pytest.mark.parametrize("case", golden("clusters"))
def test_clustering_is_pytorch_metric_learnings(case):
    scores = metrics.clustering_scores(case["features"], case["labels"])
    assert scores["nmi"] == pytest.approx(case["NMI"], abs=1e-6)
    assert scores["ami"] == pytest.approx(case["AMI"], abs=1e-6)


def naive(features, labels, ks):
    """Among themselves, by the definitions."""
    unit = [v / np.linalg.norm(v) for v in features.astype(float)]
    rows = []
    for i in range(len(unit)):
        ranked = sorted((-float(unit[i] @ unit[j]), j) for j in range(len(unit)) if j != i)
        hits = [labels[j] == labels[i] for _, j in ranked]
        if r := sum(hits):
            precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank in range(r) if hits[rank]]
            rows.append([any(hits[:k]) for k in ks] + [sum(hits[:r]) / r, sum(precisions) / r])
    return np.mean(rows, axis=0)


def test_it_equals_the_definitions(chunks):
    rng = np.random.default_rng(3)
    labels = np.append(rng.integers(0, 6, 49), 6)
    features = (rng.normal(size=(7, 5))[labels] + rng.normal(size=(50, 5))).astype(np.float32)
    ks = (1, 2, 5)
    expected = naive(features, labels, ks)
    scores = metrics.retrieval_scores(features, labels, ks=ks)
    assert list(scores) == ["recall_at_1", "recall_at_2", "recall_at_5", "r_precision", "map_at_r"]
    np.testing.assert_allclose(list(scores.values()), expected, atol=1e-12)
    assert expected[0] < expected[1] < expected[2]
    assert metrics.recall_at_k(features, labels, k=2) == scores["recall_at_2"]
    assert metrics.r_precision(features, labels) == scores["r_precision"]
    assert metrics.map_at_r(features, labels) == scores["map_at_r"]


def test_one_hot_is_perfect_and_a_lone_label_changes_nothing():
    codes, labels = np.eye(3)[[0, 0, 1, 1, 2]], [5, 5, 6, 6, 7]
    assert set(metrics.retrieval_scores(codes, labels).values()) == {1.0}


def test_r_is_counted_in_the_gallery():
    """Of four gallery images two are of the query's label, on ranks 2 and 4: R = 2, R-precision 1/2, MAP 1/2 x 1/2."""
    arguments = ([[0.0]], [0], [[1.0], [2.0], [3.0], [4.0]], [1, 0, 1, 0])
    scores = metrics.retrieval_scores(*arguments, ks=(1, 2), normalize=False)
    assert scores == {"recall_at_1": 0.0, "recall_at_2": 1.0, "r_precision": 0.5, "map_at_r": 0.25}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.recall_at_k(np.eye(3), [0, 0, 1], k=3), "`ks` must each lie in 1 ... 2"),
        (lambda: metrics.recall_at_k(np.eye(3), [0, 0, 1], np.eye(3), [0, 1, 1], k=4), "in 1 ... 3.*ks=\\(4,\\)"),
        (lambda: metrics.recall_at_k(np.eye(3), [0, 0, 1], k=1.5), "`ks` must each be an integer. .* ks=\\(1.5,\\)"),
        (lambda: metrics.retrieval_scores(np.eye(3), [0, 0, 1], ks=(1, "2")), "`ks` must each be an integer"),
        (lambda: metrics.map_at_r(np.eye(3), [0, 1, 2]), "must name a query"),
        (lambda: metrics.map_at_r(np.eye(3), [0, 1, 2], np.eye(3), [3, 4, 5]), "must name a query"),
        (lambda: metrics.map_at_r(np.eye(3), [0, 1, 2], np.eye(3)), "must be given together"),
        (lambda: metrics.map_at_r(np.full((2, 2), np.inf), [0, 0]), "must be finite"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
