import numpy as np
import pytest

from keras_genssl.analysis import mine_triplets


def naive(embeddings, labels, positives):
    """The semi-hard negative of each anchor and positive, by loops."""
    triplets = []
    for anchor, positive in positives:
        distances = {i: np.sum((embeddings[anchor] - embeddings[i]) ** 2) for i in range(len(labels))}
        negatives = [i for i in distances if labels[i] != labels[anchor]]
        farther = [i for i in negatives if distances[i] > distances[positive]]
        triplets.append(
            [anchor, positive, min(farther, key=distances.get) if farther else max(negatives, key=distances.get)]
        )
    return triplets


@pytest.mark.parametrize("cells", [2**22, 90])
def test_triplets_equal_a_naive_loop(monkeypatch, cells):
    monkeypatch.setattr("keras_genssl.analysis.mining._CELLS", cells)  # one block, or two anchors a block
    rng = np.random.default_rng(0)
    embeddings, labels = rng.normal(size=(45, 3)), np.append(rng.integers(0, 6, 44), 99)
    mined = mine_triplets(embeddings, labels, seed=1)
    assert mined[:, 0].tolist() == list(range(44))  # not the one that is alone in its class
    assert (labels[mined[:, 0]] == labels[mined[:, 1]]).all()
    assert (mined[:, 0] != mined[:, 1]).all()
    assert mined.tolist() == naive(embeddings, labels, mined[:, :2].tolist())
    hardest = mine_triplets(embeddings, labels, hardest=True)
    for anchor, positive, negative in hardest.tolist():
        distances = np.linalg.norm(embeddings - embeddings[anchor], axis=1)
        same = labels == labels[anchor]
        assert distances[positive] == distances[same].max()
        assert distances[negative] == distances[~same].min()


def test_positives_are_drawn_evenly_and_anchors_without_repetition():
    embeddings, labels = np.arange(6.0)[:, None], np.array([1, 1, 1, 1, 2, 2])
    counts = np.zeros((6, 6))
    for seed in range(600):
        mined = mine_triplets(embeddings, labels, seed=seed)
        counts[mined[:, 0], mined[:, 1]] += 1
    np.testing.assert_allclose(counts[:4, :4], 200 * (1 - np.eye(4)), atol=5 * np.sqrt(200 * 2 / 3))
    assert counts[4, 5] == counts[5, 4] == 600
    few = mine_triplets(embeddings, labels, num=4, seed=3)
    assert len(set(few[:, 0].tolist())) == 4
    assert few.tolist() == mine_triplets(embeddings, labels, num=4, seed=3).tolist()


def test_equal_embeddings_give_triplets_all_the_same():
    mined = mine_triplets(np.ones((4, 2)), [0, 0, 1, 1])
    assert mined.tolist() == [[0, 1, 2], [1, 0, 2], [2, 3, 0], [3, 2, 0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.0], [1.0]], [1, 1]), "Received: 1 classes, the largest of 2"),
        (([[0.0], [1.0]], [1, 2]), "Received: 2 classes, the largest of 1"),
        (([[0.0], [np.nan]], [1, 1]), "`embeddings` must be finite"),
        (([[0.0], [1.0]], [1]), r"`labels` must be .* of shape \(1,\) for 2 examples"),
        (([[0.0], [1.0], [2.0]], [1, 1, 2], 3), "`num` must lie in 1 ... 2, the number of anchors. Received: num=3"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        mine_triplets(*arguments)
