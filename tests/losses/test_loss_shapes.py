"""Inputs that do not fit together are refused by name, not broadcast; and labels are told apart at any size."""

import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl import losses

OF_VIEWS = [
    losses.NTXentLoss(),
    losses.InfoNCELoss(),
    losses.BarlowTwinsLoss(),
    losses.VICRegLoss(),
    losses.NegativeCosineSimilarity(),
]
OF_LOGITS = [
    losses.MinimaxGANLoss(),
    losses.NonSaturatingGANLoss(label_smoothing=0.1),
    losses.HingeGANLoss(),
    losses.LeastSquaresGANLoss(),
    losses.WassersteinGANLoss(),
    losses.RelativisticGANLoss(),
    losses.RelativisticAverageGANLoss(),
]
OF_LABELS = [
    losses.ContrastiveBatchAllLoss(),
    losses.TripletSemiHardLoss(),
    losses.TripletHardLoss(),
    losses.TripletBatchAllLoss(),
    losses.NPairsLoss(from_embeddings=True),
    losses.LiftedStructLoss(),
    losses.MultiSimilarityLoss(),
    losses.SupConLoss(),
]
EMBEDDINGS = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


def by_name(loss):
    return getattr(loss, "name", None) or type(loss).__name__


@pytest.mark.parametrize("shapes", [((2, 3), (3, 3)), ((1, 3), (3, 3)), ((3, 2), (3, 3)), ((3,), (3,))], ids=str)
@pytest.mark.parametrize("loss", OF_VIEWS, ids=by_name)
def test_views_of_other_shapes(loss, shapes):
    with pytest.raises(ValueError, match="`y_true` and `y_pred` must have one shape") as error:
        loss.call(*map(keras.ops.ones, shapes))
    assert f"Received: shapes {shapes[0]} and {shapes[1]}" in str(error.value)


@pytest.mark.parametrize("loss", OF_VIEWS, ids=by_name)
def test_views_of_unknown_shape_are_not_refused(loss):
    graph = tf.function(loss.call, input_signature=[tf.TensorSpec((None, 3)), tf.TensorSpec((4, 3))])
    expected = loss.call(EMBEDDINGS, EMBEDDINGS)  # from logits up to 1 / 0.07, of which float32 holds 1e-6
    np.testing.assert_allclose(graph(EMBEDDINGS, EMBEDDINGS), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(5, 2), (3,)])
def test_negatives_of_another_shape(shape):
    with pytest.raises(ValueError, match=r"`negatives` must have shape \(num_negatives, 3\). Received: .* shape \("):
        losses.InfoNCELoss().call(EMBEDDINGS, EMBEDDINGS, keras.ops.ones(shape))


@pytest.mark.parametrize("loss", OF_LABELS, ids=by_name)
def test_another_number_of_labels(loss):
    with pytest.raises(ValueError, match=r"label for each.*Received: .*3 labels"):
        loss.call(np.array([0, 1, 1]), EMBEDDINGS)


@pytest.mark.parametrize(("labels", "distances"), [([1], 2), ([1, 0, 1], 2), ([[1], [0], [1]], 2)])
def test_another_number_of_pairs(labels, distances):
    with pytest.raises(ValueError, match=rf"for each distance.*Received: {len(labels)} labels, 2 distances"):
        losses.ContrastiveLoss().call(np.array(labels), keras.ops.ones((distances,)))


@pytest.mark.parametrize("shape", [(4,), (4, 1)], ids=str)
@pytest.mark.parametrize("loss", [*OF_LABELS, losses.NPairsLoss()], ids=by_name)
def test_labels_that_float32_does_not_hold(loss, shape):
    """2**24 and 2**24 + 1 are one number there, to which Keras casts labels."""
    embeddings = EMBEDDINGS @ EMBEDDINGS.T if loss.name == "npairs_loss" and not loss.from_embeddings else EMBEDDINGS
    large = 2**24 + np.array([0, 0, 1, 1]).reshape(shape)
    np.testing.assert_array_equal(loss(large, embeddings), loss([0, 0, 1, 1], embeddings))
    np.testing.assert_array_equal(loss.call(large, embeddings), loss.call(np.array([0, 0, 1, 1]), embeddings))


def test_large_labels_are_two_classes_by_hand():
    """Semi-hard, margin 1, on a line: 0 and 1 against 1.5 and 2. Of one class it would be 0."""
    embeddings = np.array([[0.0], [1.0], [1.5], [2.0]], "float32")
    labels = 2**24 + np.array([[0], [0], [1], [1]])
    # d(a, p) - d(a, n) + 1: 1 - 1.5, 1 - 1 (farthest, for none is beyond), 0.5 - 1.5, 0.5 - 1; each plus 1.
    expected = np.mean([0.5, 1.0, 0.0, 0.5])
    np.testing.assert_allclose(losses.TripletSemiHardLoss()(labels, embeddings), expected, rtol=1e-6)
    # SupCon, T = 1: the positive at cosine 1, the others at 0. Of one class it would be log(e + 2) - 1/3.
    corners = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], "float32")
    np.testing.assert_allclose(losses.SupConLoss(1.0)(labels, corners), math.log(math.e + 2) - 1, rtol=1e-6)


@pytest.mark.parametrize("layer", [losses.ArcFaceLoss, losses.ProxyAnchorLoss, losses.SoftmaxLoss])
def test_labels_that_int32_does_not_hold_are_of_no_class(layer):
    loss = layer(2, 3)
    for outside in (2**32, -1):
        with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 2\)"):
            loss(tf.constant([outside] * 4, "int64"), EMBEDDINGS)
    assert np.isfinite(loss(tf.constant([0] * 4, "int64"), EMBEDDINGS)).all()


def test_labels_between_0_and_1_weigh_and_others_are_nan():
    """Of distance 0 a similar pair's term is 0, a different pair's margin^2 = 1."""
    distances = np.zeros(4, "float32")
    for loss, expected in (
        (losses.ContrastiveLoss(), [0.75, 1.0, np.nan, np.nan]),
        (losses.ContrastiveLoss(similar_label=0), [0.25, 0.0, np.nan, np.nan]),
    ):
        np.testing.assert_allclose(loss.call(np.array([0.25, 0.0, 2.0, -1.0]), distances), expected)


def test_a_lone_label_in_multi_similarity():
    """All embeddings are equal: what stays of Eq. 15 is log(1 + 3 exp(beta (1 - base))) / beta; mined, nothing."""
    embeddings = np.ones((4, 2), "float32")
    labels = np.arange(4)
    np.testing.assert_array_equal(losses.MultiSimilarityLoss().call(labels, embeddings), np.zeros(4))
    loss = losses.MultiSimilarityLoss(beta=2.0, base=0.5, epsilon=None)
    np.testing.assert_allclose(loss.call(labels, embeddings), [math.log(1 + 3 * math.e) / 2] * 4, rtol=1e-6)


@pytest.mark.parametrize(
    "shapes", [((4, 1), (4,)), ((1, 1), (4, 1)), ((2, 3, 3, 1), (2, 1)), ((2, 1), (3, 1))], ids=str
)
@pytest.mark.parametrize("loss", OF_LOGITS, ids=by_name)
def test_logits_of_other_shapes(loss, shapes):
    """Of (4, 1) and (4,) a difference would be (4, 4)."""
    real, fake = map(keras.ops.ones, shapes)
    received = re.escape(f"`real_logits` and `fake_logits` must have one shape. Received: {shapes[0]} and {shapes[1]}")
    with pytest.raises(ValueError, match=received):
        loss.discriminator(real, fake)
    if loss.needs_real:
        with pytest.raises(ValueError, match="`real_logits` and `fake_logits` must have one shape"):
            loss.generator(fake, real)


def compared():
    """Functions of two tensors, the shapes that they refuse, and the names by which they do."""
    bins = losses.BinCrossEntropy([[0.0], [1.0], [2.0]], neighbours=1)
    extractor = kg.backbones.perceptual_extractor("small", ["block1_conv2"], weights=None)
    image, grey, pixel = (2, 8, 8, 3), (2, 8, 8, 1), (2, 1, 1, 3)
    yield losses.PerceptualLoss(extractor, [0.1]).call, image, grey, "`y_true` and `y_pred` must have one shape"
    yield losses.PerceptualLoss(extractor, [0.1]).call, pixel, image, "`y_true` and `y_pred` must have one shape"
    for likelihood in (losses.GaussianLikelihood(), losses.BernoulliLikelihood()):
        yield likelihood.log_prob, grey, image, "`images` and `outputs` must have one shape"
        yield likelihood.log_prob, (1, 8, 8, 3), image, "`images` and `outputs` must have one shape"
    yield losses.standard_normal_kl, (2, 3), (2, 1), "`mean` and `log_variance` must have one shape"
    yield (
        losses.FeatureMatchingLoss().call,
        (2, 3),
        (2, 1),
        "`y_true` and `y_pred` must have one shape beyond the batch",
    )
    yield losses.paired_distances, (2, 3), (1, 3), "`first` and `second` must have one shape"
    yield losses.paired_distances, (2, 3), (2, 1), "`first` and `second` must have one shape"
    yield bins.call, (2, 4, 4, 2), (2, 4, 4, 3), "`y_true` must have shape (..., 1)"
    yield bins.call, (2, 4, 4, 1), (2, 4, 4, 1), "`y_pred` must have shape (..., 3)"
    yield bins.call, (2, 1, 1, 1), (2, 4, 4, 3), "`y_true` and `y_pred` must have one shape"
    yield lambda a, _: losses.annealed_mean(a, [[0.0], [1.0]]), (2, 3), (1,), "`logits` must have shape (..., 2)"
    for layer in (losses.ArcFaceLoss(2, 3), losses.ProxyAnchorLoss(2, 3), losses.SoftmaxLoss(2, 3)):
        yield layer.call, (4,), (4, 2), "`embeddings` must have shape (..., 3)"
    yield losses.TripletBatchAllLoss().active_fraction, (3,), (4, 2), "Embeddings must have shape (batch, dim)"


def test_two_tensors_of_other_shapes():
    for function, first, second, message in compared():
        with pytest.raises(ValueError, match=re.escape(message)):
            function(keras.ops.ones(first), keras.ops.ones(second))


def test_means_of_features_may_be_of_unequally_many_images():
    """(1, 2) against (0, 2): the squared distance of the means."""
    real, fake = np.array([[0.0, 2.0], [2.0, 2.0]]), np.array([[0.0, 2.0]])
    np.testing.assert_allclose(losses.FeatureMatchingLoss().call(real, fake), [1.0])
