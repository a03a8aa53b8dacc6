"""Batches without positives, without negatives, collapsed, not finite; arguments out of range."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import losses

LOSSES = {
    "contrastive": losses.ContrastiveBatchAllLoss(margin=0.5),
    "semi_hard": losses.TripletSemiHardLoss(margin=0.5),
    "semi_hard_angular": losses.TripletSemiHardLoss(margin=0.5, distance_metric="angular"),
    "hard": losses.TripletHardLoss(margin=0.5),
    "hard_soft": losses.TripletHardLoss(soft=True),
    "batch_all": losses.TripletBatchAllLoss(margin=0.5),
    "npairs": losses.NPairsLoss(from_embeddings=True),
    "lifted": losses.LiftedStructLoss(margin=0.5),
    "multi_similarity": losses.MultiSimilarityLoss(alpha=2.0, beta=10.0, base=0.5),
    "proxy_anchor": losses.ProxyAnchorLoss(4, 3, margin=0.0, alpha=1.0),
    "arcface": losses.ArcFaceLoss(4, 3, scale=1.0, margin=0.0),
}
for _layer in (LOSSES["proxy_anchor"], LOSSES["arcface"]):
    _layer.set_weights([np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0]], "float32")])
SPREAD = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0]], "float32")  # sqrt(2) apart, or 2
MS_PULL = math.log(1 + math.exp(-1)) / 2  # of one positive with cosine 1


def judged(name, labels, embeddings):
    """The values, whose gradient is seen to be finite."""
    embeddings = tf.constant(embeddings, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        values = LOSSES[name].call(tf.constant(labels), embeddings)
    assert np.isfinite(tape.gradient(values, embeddings)).all()
    return values


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("contrastive", 0.5**2 * 2 / 3),  # of an example's three pairs two are different
        ("semi_hard", 0.5),
        ("semi_hard_angular", 0.5),
        ("hard", 0.5),
        ("hard_soft", math.log(2)),
        ("batch_all", 0.5),
        ("npairs", math.log(3)),
        ("lifted", (0.5 + math.log(4)) ** 2 / 2),
        ("multi_similarity", MS_PULL + math.log(1 + 2 * math.exp(5)) / 10),
        # Class 0 is at cosine 1, class 1 at 0; the others push with cosines 0 and -1, and all but their own.
        (
            "proxy_anchor",
            (math.log(1 + 2 / math.e) + math.log(3)) / 2
            + (math.log(1 + 2 * math.e) + math.log(3) + math.log(5) + math.log(1 + 4 / math.e)) / 4,
        ),
        ("arcface", math.log(math.e + 2 + 1 / math.e) - 0.5),
    ],
)
def test_collapsed_embeddings(name, expected):
    embeddings = np.tile(np.array([[1, 0, 0]], "float32"), (4, 1))
    np.testing.assert_allclose(np.mean(judged(name, [0, 0, 1, 1], embeddings)), expected, rtol=1e-5)


@pytest.mark.parametrize("length", [0.0, 1e-9])
@pytest.mark.parametrize("name", LOSSES)
def test_embeddings_of_zero_have_bounded_gradients(name, length):
    """Those that have no direction get none; a quotient by their length would have a slope of 1e6 or more."""
    embeddings = tf.constant(length * SPREAD)
    variables = LOSSES[name].trainable_variables if isinstance(LOSSES[name], keras.layers.Layer) else []
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        values = LOSSES[name].call(tf.constant([0, 0, 1, 1]), embeddings)
    assert np.isfinite(values).all()
    gradients = tape.gradient(values, [embeddings, *[variable.value for variable in variables]])
    bound = 0.0 if length == 0 or variables or "angular" in name or name == "multi_similarity" else 10.0
    assert max(np.abs(gradient).max() for gradient in gradients if gradient is not None) <= bound


NEED_BOTH = ["semi_hard", "semi_hard_angular", "batch_all", "lifted", "multi_similarity"]


@pytest.mark.parametrize("name", [*NEED_BOTH, "hard", "hard_soft"])
def test_one_class_only(name):
    """Nothing to push away: no triplets."""
    np.testing.assert_array_equal(judged(name, [1, 1, 1, 1], SPREAD), np.zeros(4))


@pytest.mark.parametrize("name", [*NEED_BOTH, "npairs", "hard", "contrastive"])
def test_labels_seen_once(name):
    """Nothing to pull; where the others are pushed for all that, they are beyond the margin."""
    np.testing.assert_array_equal(judged(name, [0, 1, 2, 3], SPREAD), np.zeros(4))


@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_of_one(name):
    value = judged(name, [0], [[1.0, 0.0, 0.0]])
    expected = {
        "proxy_anchor": math.log(1 + 1 / math.e) + (2 * math.log(2) + math.log(1 + 1 / math.e)) / 4,
        "arcface": math.log(math.e + 2 + 1 / math.e) - 1,
    }
    np.testing.assert_allclose(value, [expected.get(name, 0.0)], rtol=1e-5)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("name", LOSSES)
def test_embeddings_that_are_not_finite_make_every_value_nan(name, bad):
    """Even of an example that mining would pass over: its gradient would be NaN."""
    embeddings = np.array([[0, 0, 1], [0, 0, 1], [0, 5, 0], [0, 9, 0]], "float32")
    embeddings[3, 0] = bad
    assert np.isnan(LOSSES[name].call(tf.constant([0, 0, 1, 2]), tf.constant(embeddings))).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_is_computed_in_float32(name, dtype):
    """Squares of 300 overflow in float16."""
    embeddings = tf.cast(300 * SPREAD + np.arange(12).reshape(4, 3), dtype)
    if name in ("npairs", "hard_soft"):
        embeddings /= 100
    values = LOSSES[name].call(tf.constant([0, 0, 1, 1]), embeddings)
    assert values.dtype == tf.float32
    np.testing.assert_array_equal(values, LOSSES[name].call(tf.constant([0, 0, 1, 1]), tf.cast(embeddings, tf.float32)))


def test_the_distance_of_equal_pairs_has_gradient_zero():
    first = tf.Variable([[1.0, 2.0], [0.0, 0.0]])
    with tf.GradientTape() as tape:
        loss = losses.ContrastiveLoss()([1, 0], losses.paired_distances(first, tf.constant([[1.0, 2.0], [0.0, 0.0]])))
    np.testing.assert_allclose(loss, 0.5)
    np.testing.assert_array_equal(tape.gradient(loss, first), np.zeros((2, 2)))


def test_large_labels_are_told_apart():
    """Keras would cast labels to float32, where these two are one."""
    labels = np.array([2**24, 2**24, 2**24 + 1, 2**24 + 1])
    embeddings = np.array([[0.0], [1.0], [1.5], [2.0]], "float32")
    for loss in (losses.TripletSemiHardLoss(), losses.TripletBatchAllLoss(), losses.NPairsLoss(from_embeddings=True)):
        np.testing.assert_array_equal(loss(labels, embeddings), loss([0, 0, 1, 1], embeddings))
        assert float(loss(labels, embeddings)) > 0


def test_rows_without_labels_are_left_out_of_npairs():
    """The multi-hot form of Addons divides 0 by 0 there."""
    indicators = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0]])
    values = losses.NPairsLoss().call(indicators, np.zeros((3, 3), "float32"))
    np.testing.assert_allclose(values, [math.log(3), 0, math.log(3)], rtol=1e-6)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: losses.ContrastiveLoss(-1), "`margin` must be at least 0 and finite. Received: margin=-1"),
        (lambda: losses.ContrastiveLoss(similar_label=2), "`similar_label` must be 0 or 1. Received: similar_label=2"),
        (lambda: losses.TripletSemiHardLoss(math.nan), "`margin` must be at least 0 and finite. Received: margin=nan"),
        (lambda: losses.TripletHardLoss(-0.1), "`margin` must be at least 0 and finite. Received: margin=-0.1"),
        (lambda: losses.TripletBatchAllLoss(math.inf), "`margin` must be at least 0 and finite. Received: margin=inf"),
        (lambda: losses.LiftedStructLoss(-2), "`margin` must be at least 0 and finite. Received: margin=-2"),
        (lambda: losses.TripletHardLoss(distance_metric="l2"), "`distance_metric` must be .*distance_metric='l2'"),
        (lambda: losses.paired_distances(SPREAD, SPREAD, "cosine"), "`distance_metric` must be .*='cosine'"),
        (lambda: losses.MultiSimilarityLoss(alpha=0), "`alpha` must be positive and finite. Received: alpha=0"),
        (lambda: losses.MultiSimilarityLoss(beta=-1), "`beta` must be positive and finite. Received: beta=-1"),
        (lambda: losses.MultiSimilarityLoss(base=math.nan), "`base` must be finite. Received: base=nan"),
        (lambda: losses.MultiSimilarityLoss(epsilon=-1), "`epsilon` must be at least 0 .*Received: epsilon=-1"),
        (
            lambda: losses.ProxyAnchorLoss(0, 3),
            "`num_classes` must be an integer of at least 1. Received: num_classes=0",
        ),
        (lambda: losses.ProxyAnchorLoss(2, 3, alpha=0), "`alpha` must be positive and finite. Received: alpha=0"),
        (
            lambda: losses.ArcFaceLoss(2, 0),
            "`embedding_dim` must be an integer of at least 1. Received: embedding_dim=0",
        ),
        (lambda: losses.ArcFaceLoss(2, 3, margin=3.2), r"`margin` must lie in \[0, pi\). Received: margin=3.2"),
        (lambda: losses.ArcFaceLoss(2, 3, scale=0), "`scale` must be positive and finite. Received: scale=0"),
        (lambda: losses.ContrastiveLoss().call([0, 1], SPREAD), r"\(batch,\); ContrastiveBatchAllLoss takes embedd"),
        (lambda: losses.NPairsLoss().call([0, 0, 1, 1], SPREAD), r"\(batch, batch\); with from_embeddings=True"),
        (lambda: losses.TripletHardLoss().call([0, 1], SPREAD), r"\(4, 3\), 2 labels"),
        (lambda: losses.TripletHardLoss().call([0], keras.ops.zeros((1, 2, 3))), r"\(1, 2, 3\), 1 labels"),
    ],
)
def test_errors_name_the_argument_and_what_came(build, message):
    with pytest.raises(ValueError, match=message):
        build()
