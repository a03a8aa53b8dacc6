import numpy as np
import pytest

from keras_genssl import analysis
from keras_genssl.analysis import mine_triplets, neighbours


def brute_force(queries, gallery, k, exclude=None):
    found = []
    for number, query in enumerate(queries):
        distances = [float(np.sqrt(((query - code) ** 2).sum())) for code in gallery]
        order = [i for i in np.argsort(distances, kind="stable") if exclude is None or i != exclude[number]]
        found.append([(i, distances[i]) for i in order[:k]])
    return np.array(found)[..., 0], np.array(found)[..., 1]


@pytest.mark.parametrize("k", [1, 4, 23])
@pytest.mark.parametrize("blocks", [(512, 8192), (3, 5), (7, 23)])
def test_equals_brute_force_whatever_the_blocks(k, blocks, monkeypatch):
    monkeypatch.setattr(neighbours, "_QUERIES", blocks[0])
    monkeypatch.setattr(neighbours, "_GALLERY", blocks[1])
    queries = np.random.default_rng(0).normal(size=(10, 12)).astype(np.float32)
    gallery = np.random.default_rng(1).normal(size=(23, 12)).astype(np.float32)
    indices, distances = analysis.nearest_images(queries.reshape(10, 3, 4), gallery.reshape(23, 3, 4), k)
    expected = brute_force(queries.astype(float), gallery.astype(float), k)
    np.testing.assert_array_equal(indices, expected[0])
    np.testing.assert_allclose(distances, expected[1], rtol=1e-12)


@pytest.mark.parametrize("blocks", [(512, 8192), (3, 5)])
def test_a_gallery_searched_with_its_own_codes_leaves_each_out(blocks, monkeypatch):
    monkeypatch.setattr(neighbours, "_QUERIES", blocks[0])
    monkeypatch.setattr(neighbours, "_GALLERY", blocks[1])
    codes = np.random.default_rng(0).normal(size=(17, 3))
    indices, _ = analysis.nearest_images(codes, codes, k=16, exclude=np.arange(17))
    np.testing.assert_array_equal(indices, brute_force(codes, codes, 16, exclude=np.arange(17))[0])


def test_near_codes_far_from_the_origin_keep_their_distance():
    gallery = 1e6 + np.array([[0.0], [1e-3], [3e-3]])
    _, distances = analysis.nearest_images(gallery[:1], gallery, k=3)
    np.testing.assert_allclose(distances, [[0.0, 1e-3, 3e-3]], rtol=1e-6)


def test_uint8_pixels_do_not_wrap_around():
    images = np.array([0, 250, 255], np.uint8).reshape(3, 1, 1, 1)
    indices, distances = analysis.nearest_images(images[2:], images, k=3)
    assert indices.tolist() == [[2, 1, 0]]
    np.testing.assert_allclose(distances, [[0.0, 5 / 127.5, 2.0]], atol=1e-6)
    mixed, apart = analysis.nearest_images(images[2:] / 127.5 - 1, images, k=3)  # either image says what it is
    assert mixed.tolist() == [[2, 1, 0]]
    np.testing.assert_allclose(apart, distances, atol=1e-6)


def test_precision_is_the_share_of_equal_labels():
    indices = np.random.default_rng(0).integers(0, 20, (6, 5))
    gallery, queries = np.arange(20) % 3, np.arange(6) % 3
    hits = sum(gallery[i] == queries[row] for row in range(6) for i in indices[row])
    assert analysis.precision_at_k(indices, queries, gallery) == pytest.approx(hits / 30)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.nearest_images(np.zeros((2, 3)), np.zeros((4, 2)), 1), "codes of one shape"),
        (lambda: analysis.nearest_images(np.zeros((2, 3)), np.zeros((4, 3)), 5), "`k` must be an integer in 1 ... 4"),
        (lambda: analysis.nearest_images(np.zeros((2, 3)), np.zeros((4, 3)), 2.5), "`k` .* Received: k=2.5"),
        (lambda: analysis.nearest_images(np.zeros((4, 3)), np.zeros((4, 3)), 4, np.arange(4)), "in 1 ... 3"),
        (lambda: analysis.nearest_images(np.zeros((2, 3)), np.zeros((4, 3)), 1, np.arange(4)), "`exclude` must be"),
        (lambda: analysis.precision_at_k(np.zeros((2, 3), int), np.zeros(3), np.zeros(4)), "`query_labels` must be"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


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
    monkeypatch.setattr("keras_genssl.analysis.neighbours._CELLS", cells)  # one block, or two anchors a block
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
