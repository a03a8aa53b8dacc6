"""Every loss of embeddings against loops over its formula: values, gradients, ties, what each anchor gets."""

import math
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import losses
from tests.losses.metric_learning import naive

LABELS = np.array([0, 2, 1, 0, 3, 1, 0, 2, 1, 5])  # 3 and 5 are seen once
CLASSES = 6  # 4 is not seen
EMBEDDINGS = np.random.default_rng(3).normal(size=(len(LABELS), 3)).astype("float32")
WEIGHTS = np.random.default_rng(4).normal(size=(CLASSES, 3)).astype("float32")
WEIGHTS[5] = -EMBEDDINGS[9] + 0.1  # an angle that the margin takes beyond pi


def with_weights(layer, *weights):
    layer.set_weights(weights or [WEIGHTS])
    return layer


CASES = {
    "contrastive_batch_all": (
        losses.ContrastiveBatchAllLoss(margin=2.0),
        partial(naive.contrastive_batch_all, margin=2.0),
    ),
    "semi_hard": (losses.TripletSemiHardLoss(margin=0.7), partial(naive.semi_hard, margin=0.7)),
    "semi_hard_angular": (
        losses.TripletSemiHardLoss(0.2, "angular"),
        partial(naive.semi_hard, margin=0.2, metric="angular"),
    ),
    "hard": (losses.TripletHardLoss(), naive.hard),
    "hard_soft": (
        losses.TripletHardLoss(soft=True, distance_metric="squared-L2"),
        partial(naive.hard, metric="squared-L2", soft=True),
    ),
    "batch_all": (losses.TripletBatchAllLoss(margin=0.4), partial(naive.batch_all, margin=0.4)),
    "batch_all_squared": (
        losses.TripletBatchAllLoss(1.0, "squared-L2"),
        partial(naive.batch_all, margin=1.0, metric="squared-L2"),
    ),
    "npairs": (losses.NPairsLoss(from_embeddings=True), naive.npairs),
    "lifted_struct": (losses.LiftedStructLoss(margin=0.5), partial(naive.lifted_struct, margin=0.5)),
    "multi_similarity": (losses.MultiSimilarityLoss(), naive.multi_similarity),
    "multi_similarity_of_all_pairs": (
        losses.MultiSimilarityLoss(alpha=1.0, beta=10.0, base=1.0, epsilon=None),
        partial(naive.multi_similarity, alpha=1.0, beta=10.0, base=1.0, epsilon=None),
    ),
    "proxy_anchor": (
        with_weights(losses.ProxyAnchorLoss(CLASSES, 3, alpha=8.0)),
        partial(naive.proxy_anchor, proxies=WEIGHTS.astype(float), alpha=8.0),
    ),
    "arcface": (
        with_weights(losses.ArcFaceLoss(CLASSES, 3, scale=10.0)),
        partial(naive.arcface, centres=WEIGHTS.astype(float), scale=10.0),
    ),
    "softmax": (
        with_weights(losses.SoftmaxLoss(CLASSES, 3), WEIGHTS.T, np.zeros(CLASSES)),
        partial(naive.softmax, kernel=WEIGHTS.T.astype(float)),
    ),
}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", CASES)
def test_half_precision_goes_in_and_float32_comes_out(name, dtype):
    """Numbers are those of the rounded embeddings in float32, to the bit; the gradient has the embeddings' dtype."""
    half = tf.cast(EMBEDDINGS, dtype)
    with tf.GradientTape() as tape:
        tape.watch(half)
        values = CASES[name][0].call(tf.constant(LABELS), half)
    assert values.dtype == "float32"
    assert tape.gradient(values, half).dtype == dtype
    np.testing.assert_array_equal(values, CASES[name][0].call(tf.constant(LABELS), tf.cast(half, "float32")))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_distances_of_half_precision_are_float32(dtype):
    half = tf.cast(EMBEDDINGS, dtype)
    full, labels = tf.cast(half, "float32"), np.arange(5) % 2
    for metric in ("L2", "squared-L2", "angular"):
        for found, expected in (
            (losses.pairwise_distances(half, metric), losses.pairwise_distances(full, metric)),
            (losses.paired_distances(half[:5], half[5:], metric), losses.paired_distances(full[:5], full[5:], metric)),
        ):
            assert found.dtype == "float32"
            np.testing.assert_array_equal(found, expected)
    distances = tf.cast(losses.paired_distances(full[:5], full[5:]), dtype)
    found = losses.ContrastiveLoss().call(labels, distances)
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, losses.ContrastiveLoss().call(labels, tf.cast(distances, "float32")))


def sharing(indicators, similarities):
    """Cross-entropy of each row against the rows that share labels with it, as many times as they do."""
    rows = []
    for i, own in enumerate(indicators):
        counts = [sum(a and b for a, b in zip(own, other, strict=True)) for other in indicators]
        total = sum(np.exp(similarities[i]))
        rows.append(
            -sum(c * np.log(np.exp(s) / total) for c, s in zip(counts, similarities[i], strict=True)) / sum(counts)
        )
    return rows


def test_multi_hot_labels_are_dense_or_sparse():
    generator = np.random.default_rng(5)
    indicators = (generator.random((6, 4)) < 0.5).astype("int64")
    indicators[:, 0] |= indicators.sum(axis=1) == 0
    similarities = generator.normal(size=(6, 6)).astype("float32")
    expected = sharing(indicators, similarities.astype(float))
    loss = losses.NPairsLoss()
    sparse = tf.sparse.from_dense(indicators)
    for labels in (indicators, sparse, tf.cast(sparse, "float32"), tf.cast(sparse, "bool")):
        np.testing.assert_allclose(loss.call(labels, similarities), expected, rtol=1e-5)
        np.testing.assert_allclose(loss(labels, similarities), np.mean(expected), rtol=1e-5)
    np.testing.assert_allclose(tf.function(loss)(sparse, tf.constant(similarities)), np.mean(expected), rtol=1e-5)


@pytest.mark.parametrize("bad", [np.array([["1", "0"]] * 2), np.array([[1, -1]] * 2), np.array([[1, math.nan]] * 2)])
def test_multi_hot_labels_are_looked_at(bad):
    loss, similarities = losses.NPairsLoss(), np.eye(2, dtype="float32")
    for call in (loss, loss.call):
        with pytest.raises(ValueError, match=r"`y_true` must hold numbers of at least 0, of shape \(batch, classes\)"):
            call(bad, similarities)
    if bad.dtype.kind != "U":
        assert math.isnan(tf.function(loss)(tf.constant(bad), tf.constant(similarities)))


def test_labels_of_unknown_rank_are_one_for_each_example():
    specs = [tf.TensorSpec(None, tf.int64), tf.TensorSpec((None, 3))]
    for loss in (losses.LiftedStructLoss(), losses.NPairsLoss(from_embeddings=True)):
        told = tf.function(loss, input_signature=specs)(LABELS, EMBEDDINGS)
        np.testing.assert_allclose(told, loss(LABELS, EMBEDDINGS), rtol=1e-6)


def value_and_gradient(loss, embeddings):
    embeddings = tf.constant(embeddings)
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        values = loss.call(tf.constant(LABELS), embeddings)
        mean = tf.reduce_mean(values)
    assert values.shape == LABELS.shape
    return mean, tape.gradient(mean, embeddings)


@pytest.mark.parametrize("name", CASES)
def test_equals_the_loop_and_its_slope(name):
    loss, loop = CASES[name]
    value, gradient = value_and_gradient(loss, EMBEDDINGS)
    embeddings = EMBEDDINGS.astype(float)
    assert loop(LABELS, embeddings) > 0.05
    np.testing.assert_allclose(value, loop(LABELS, embeddings), rtol=1e-5)
    slopes = np.zeros_like(embeddings)
    for place in np.ndindex(*embeddings.shape):
        step = np.zeros_like(embeddings)
        step[place] = 1e-6
        slopes[place] = (loop(LABELS, embeddings + step) - loop(LABELS, embeddings - step)) / 2e-6
    np.testing.assert_allclose(gradient, slopes, rtol=1e-3, atol=1e-4 * np.abs(slopes).max())


@pytest.mark.parametrize("name", ["proxy_anchor", "arcface"])
def test_slope_of_the_weights(name):
    layer, loop = CASES[name]
    with tf.GradientTape() as tape:
        mean = tf.reduce_mean(layer(LABELS, EMBEDDINGS))
    gradient = tape.gradient(mean, layer.trainable_variables[0])
    weights, (argument,) = WEIGHTS.astype(float), set(loop.keywords) & {"proxies", "centres"}
    for place in ((0, 0), (3, 2), (4, 1), (5, 2)):
        step = np.zeros_like(weights)
        step[place] = 1e-6
        up, down = (loop(LABELS, EMBEDDINGS.astype(float), **{argument: weights + sign * step}) for sign in (1, -1))
        np.testing.assert_allclose(gradient[place], (up - down) / 2e-6, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_ties_are_broken_as_in_the_loop(seed, margin):
    """Points of a small grid: squared distances are whole numbers, equal ones abound, and float32 is exact."""
    generator = np.random.default_rng(seed)
    labels, embeddings = generator.integers(0, 3, 12), generator.integers(0, 3, (12, 2)).astype("float32")
    loss = losses.TripletSemiHardLoss(margin, "squared-L2")
    expected = naive.semi_hard(labels, embeddings, margin, "squared-L2")
    np.testing.assert_allclose(loss(labels, embeddings), expected, rtol=1e-6)
    loss = losses.TripletBatchAllLoss(margin, "squared-L2")
    expected = naive.batch_all(labels, embeddings, margin, "squared-L2")
    np.testing.assert_allclose(loss(labels, embeddings), expected, rtol=1e-6)
    active = np.mean(np.array(naive.all_triplets(labels, embeddings, margin, "squared-L2")) > 0)
    np.testing.assert_allclose(np.mean(loss.active_fraction(labels, embeddings)), active, rtol=1e-6)


def test_an_anchor_has_the_sum_over_its_own_pairs():
    """Of 14 ordered pairs, times 10 examples: the engine may average values over any split of the batch."""
    terms = naive.semi_hard_terms(LABELS, EMBEDDINGS.astype(float), margin=0.7)
    assert sum(map(len, terms)) == 14
    values = losses.TripletSemiHardLoss(margin=0.7).call(LABELS, EMBEDDINGS)
    np.testing.assert_allclose(values, [sum(own) * 10 / 14 for own in terms], rtol=1e-5)


@pytest.mark.parametrize("metric", ["L2", "squared-L2", "angular"])
def test_distances(metric):
    pairwise = losses.pairwise_distances(tf.constant(EMBEDDINGS), metric)
    expected = naive.distances(EMBEDDINGS.astype(float), metric)
    np.testing.assert_allclose(pairwise, expected, rtol=1e-5, atol=1e-6)
    paired = losses.paired_distances(tf.constant(EMBEDDINGS[:-1]), tf.constant(EMBEDDINGS[1:]), metric)
    np.testing.assert_allclose(paired, np.diagonal(expected, offset=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("similar_label", [0, 1])
def test_contrastive_in_both_conventions(similar_label):
    """The lecture's label is 1 for a different pair, Addons' for a similar one."""
    distances, similar = [0.3, 0.4, 1.7, 2.5], [True, False, False, True]
    y_true = [similar_label if each else 1 - similar_label for each in similar]
    loss = losses.ContrastiveLoss(margin=1.5, similar_label=similar_label)
    expected = [0.3**2, 1.1**2, 0, 2.5**2]
    np.testing.assert_allclose(loss.call(tf.constant(y_true), tf.constant(distances)), expected, rtol=1e-6)
    columns = np.array(y_true)[:, None], np.array(distances, "float32")[:, None]
    np.testing.assert_allclose(loss(*columns), np.mean(expected), rtol=1e-6)


def test_batches_of_pairs_have_one_positive_and_all_others_as_negatives():
    """`NPairsLoss(from_embeddings=True)` of N orthogonal pairs: log(e^1 + 2N - 2) - 1."""
    embeddings = np.repeat(np.eye(5, dtype="float32"), 2, axis=0)
    value = losses.NPairsLoss(from_embeddings=True)(np.repeat(np.arange(5), 2), embeddings)
    np.testing.assert_allclose(value, np.log(np.e + 8) - 1, rtol=1e-6)
