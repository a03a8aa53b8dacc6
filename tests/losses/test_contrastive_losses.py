"""Each loss against a loop over its formula, and at the points where its value is known."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import losses
from keras_genssl.losses.contrastive.embeddings import directions

RNG = np.random.default_rng(3)
FIRST, SECOND = RNG.normal(scale=2.0, size=(2, 5, 4))
PAIRWISE = {  # losses of two views' embeddings
    "NT-Xent": losses.NTXentLoss(0.3),
    "Barlow Twins": losses.BarlowTwinsLoss(0.1),
    "VICReg": losses.VICRegLoss(2.0, 3.0, 0.5),
    "cosine": losses.NegativeCosineSimilarity(),
}


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def nt_xent(first: np.ndarray, second: np.ndarray, temperature: float) -> list[float]:
    """SimCLR's Algorithm 1, a loop over views."""
    views = [*first, *second]
    count = len(first)

    def direction(i: int, j: int) -> float:
        negatives = [k for k in range(2 * count) if k not in (i, j)]
        assert len(negatives) == 2 * count - 2
        similarity = {k: math.exp(cosine(views[i], views[k]) / temperature) for k in (j, *negatives)}
        return -math.log(similarity[j] / sum(similarity.values()))

    return [(direction(k, k + count) + direction(k + count, k)) / 2 for k in range(count)]


def sup_con(labels: np.ndarray, embeddings: np.ndarray, temperature: float) -> list[float]:
    """SupCon's Eq. 2, a loop over anchors; embeddings (batch, views, dim)."""
    anchors = [(i, v) for i in range(embeddings.shape[0]) for v in range(embeddings.shape[1])]

    def of(anchor: tuple[int, int]) -> float:
        others = [other for other in anchors if other != anchor]
        positives = [other for other in others if labels[other[0]] == labels[anchor[0]]]
        similarity = {o: math.exp(cosine(embeddings[anchor], embeddings[o]) / temperature) for o in others}
        total = sum(similarity.values())
        return -sum(math.log(similarity[p] / total) for p in positives) / len(positives) if positives else 0.0

    return [np.mean([of((i, v)) for v in range(embeddings.shape[1])]) for i in range(embeddings.shape[0])]


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_nt_xent_is_the_loop_over_views(temperature):
    loss = losses.NTXentLoss(temperature)
    expected = nt_xent(FIRST, SECOND, temperature)
    np.testing.assert_allclose(loss.call(FIRST, SECOND), expected, rtol=1e-9)
    assert float(losses.NTXentLoss(temperature)(FIRST, SECOND)) == pytest.approx(np.mean(expected), rel=1e-5)
    np.testing.assert_allclose(loss.call(SECOND, 7 * FIRST), expected, rtol=1e-9)  # symmetric, of directions only


@pytest.mark.parametrize("count", [1, 2, 6])
def test_nt_xent_of_collapsed_embeddings_is_the_log_of_all_but_one(count):
    """log(2N - 1) for N images: 0 for one, which has no negatives."""
    same = np.ones((count, 3), "float32")
    np.testing.assert_allclose(losses.NTXentLoss(0.1).call(same, same), math.log(2 * count - 1), atol=1e-5)


def test_nt_xent_of_perfect_embeddings():
    """Views equal, images orthogonal: -log(e^(1/T) / (e^(1/T) + 2N - 2))."""
    unit, temperature = np.eye(4), 0.5
    expected = -math.log(math.exp(1 / temperature) / (math.exp(1 / temperature) + 6))
    np.testing.assert_allclose(losses.NTXentLoss(temperature).call(unit, unit), expected, rtol=1e-9)


def test_nt_xent_of_half_precision_is_computed_in_float32():
    half = FIRST.astype("float16"), SECOND.astype("float16")
    value = losses.NTXentLoss(0.05).call(*(tf.constant(each) for each in half))
    assert value.dtype == "float32"
    np.testing.assert_allclose(value, nt_xent(*(each.astype("float64") for each in half), 0.05), rtol=1e-4)


@pytest.mark.parametrize("num_views", [1, 2, 3])
def test_sup_con_is_the_loop_over_anchors(num_views):
    embeddings, labels = RNG.normal(size=(6, num_views, 4)), np.array([2, 0, 2, 1, 0, 2])
    expected = sup_con(labels, embeddings, 0.2)
    given = embeddings if num_views > 1 else embeddings[:, 0]
    np.testing.assert_allclose(losses.SupConLoss(0.2).call(labels, given), expected, rtol=1e-9)
    np.testing.assert_allclose(losses.SupConLoss(0.2).call(labels[:, None], given), expected, rtol=1e-9)
    assert (np.array(expected) == 0).sum() == (1 if num_views == 1 else 0)  # label 1 is there once


def test_sup_con_is_nt_xent_where_no_label_is_there_twice():
    both = np.stack([FIRST, SECOND], axis=1)
    np.testing.assert_allclose(
        losses.SupConLoss(0.3).call(np.arange(5), both), losses.NTXentLoss(0.3).call(FIRST, SECOND), rtol=1e-9
    )


def test_sup_con_of_one_class_collapsed_is_the_log_of_all_others():
    np.testing.assert_allclose(losses.SupConLoss(0.1).call(np.zeros(7), np.ones((7, 3))), math.log(6), rtol=1e-9)


def hadamard() -> np.ndarray:
    """(4, 3): columns with mean 0, variance 1, uncorrelated."""
    return np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], "float64")


def test_barlow_twins_of_orthonormal_designs_is_0():
    design = hadamard()
    np.testing.assert_allclose(losses.BarlowTwinsLoss().call(design, design), 0, atol=1e-8)
    np.testing.assert_allclose(losses.BarlowTwinsLoss().call(design, 5 * design + 3), 0, atol=1e-8)


def test_barlow_twins_is_its_formula():
    """With numpy.corrcoef for C; the epsilon of 1e-5 beside variances of about 4 is what the tolerance leaves."""
    correlation = np.corrcoef(FIRST.T, SECOND.T)[:4, 4:]
    diagonal = np.diag(correlation)
    expected = ((1 - diagonal) ** 2).sum() + 0.1 * ((correlation**2).sum() - (diagonal**2).sum())
    value = losses.BarlowTwinsLoss(0.1).call(FIRST, SECOND)
    assert value.shape == (5,)
    np.testing.assert_allclose(value, expected, rtol=1e-4)


def test_barlow_twins_of_mixed_dimensions():
    """Second views with dimensions exchanged: two zeros on the diagonal, two ones off it."""
    design = hadamard()
    np.testing.assert_allclose(losses.BarlowTwinsLoss(0.25).call(design, design[:, [1, 0, 2]]), 2 + 0.5, rtol=1e-4)


@pytest.mark.parametrize("count", [1, 5])
def test_barlow_twins_of_collapsed_embeddings_is_the_dimension(count):
    np.testing.assert_allclose(losses.BarlowTwinsLoss().call(np.ones((count, 3)), np.ones((count, 3))), 3, rtol=1e-6)


def test_vicreg_is_its_formula():
    """With numpy's var and cov."""

    def variance(z):
        return np.maximum(0, 1 - np.sqrt(z.var(axis=0, ddof=1) + 1e-4)).mean()

    def covariance(z):
        matrix = np.cov(z.T)
        return (matrix**2).sum() / 4 - (np.diag(matrix) ** 2).sum() / 4

    for first, second in ((FIRST, SECOND), (FIRST / 5, SECOND / 5)):  # beyond the hinge, and within
        expected = 2.0 * ((first - second) ** 2).mean(axis=1)
        expected += 3.0 * (variance(first) + variance(second)) / 2
        expected += 0.5 * (covariance(first) + covariance(second))
        np.testing.assert_allclose(losses.VICRegLoss(2.0, 3.0, 0.5).call(first, second), expected, rtol=1e-9)


def test_vicreg_of_a_good_design_is_its_invariance_alone():
    """Variances of 4/3, no covariance: nothing but the mean square of a shift of 0.5 in one of three dimensions."""
    design = hadamard()
    shifted = design + np.array([0.5, 0, 0])
    np.testing.assert_allclose(losses.VICRegLoss().call(design, shifted), 25 * 0.25 / 3, rtol=1e-9)


@pytest.mark.parametrize("count", [1, 5])
def test_vicreg_of_collapsed_embeddings(count):
    """Standard deviations of sqrt(1e-4), nothing else: 25 (1 - 0.01)."""
    np.testing.assert_allclose(losses.VICRegLoss().call(np.ones((count, 3)), np.ones((count, 3))), 24.75, rtol=1e-6)


def test_negative_cosine_of_given_vectors():
    targets = np.array([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [0.0, 0.0]])
    predictions = np.array([[5.0, 0.0], [1.0, 0.0], [-2.0, -2.0], [1.0, 1.0]])
    values = losses.NegativeCosineSimilarity().call(targets, predictions)
    np.testing.assert_allclose(values, [-1.0, 0.0, 1.0, 0.0], atol=1e-12)
    reference = keras.losses.CosineSimilarity(reduction=None)(FIRST, SECOND)
    np.testing.assert_allclose(losses.NegativeCosineSimilarity().call(FIRST, SECOND), reference, rtol=1e-5)


def test_negative_cosine_leaves_its_target_alone():
    target, prediction = tf.Variable(FIRST), tf.Variable(SECOND)
    with tf.GradientTape() as tape:
        value = losses.NegativeCosineSimilarity().call(target, prediction)
    gradients = tape.gradient(value, [target, prediction])
    assert gradients[0] is None
    # d(-cos)/dp is orthogonal to p, and of length sin / |p|
    np.testing.assert_allclose(np.sum(gradients[1] * SECOND, axis=1), 0, atol=1e-12)
    sine = [math.sqrt(1 - cosine(a, b) ** 2) for a, b in zip(FIRST, SECOND, strict=True)]
    np.testing.assert_allclose(np.linalg.norm(gradients[1], axis=1), sine / np.linalg.norm(SECOND, axis=1), rtol=1e-9)


@pytest.mark.parametrize("name", PAIRWISE)
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_embeddings_give_finite_losses_and_gradients(name, value):
    """All zero or all one, batches of one image and of four, eagerly and, of four, as XLA compiles it."""
    loss = PAIRWISE[name]

    def gradients(first, second):
        with tf.GradientTape() as tape:
            tape.watch([first, second])
            values = loss.call(first, second)
        return values, tape.gradient(values, [first, second], unconnected_gradients="zero")

    one, four = tf.fill((1, 3), value), tf.fill((4, 3), value)
    compiled = tf.function(gradients, jit_compile=True)
    for result in (gradients(one, one), gradients(four, four), compiled(four, four)):
        for each in tf.nest.flatten(result):
            assert np.isfinite(each).all()
            assert np.abs(each).max() < 100


def test_sup_con_of_equal_embeddings_and_lone_labels_has_finite_gradients():
    for labels in ([0, 0, 0], [0, 1, 2], [0]):
        for value in (0.0, 1.0):
            embeddings = tf.fill((len(labels), 3), value)
            with tf.GradientTape() as tape:
                tape.watch(embeddings)
                values = losses.SupConLoss(0.1).call(labels, embeddings)
            assert np.isfinite(values).all()
            np.testing.assert_allclose(tape.gradient(values, embeddings), 0, atol=1e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_sup_con_of_embeddings_that_are_not_finite_is_nan(bad):
    """Labels seen once have no positive, and a loss of 0 but for that."""
    embeddings = np.ones((3, 2), "float32")
    embeddings[1, 0] = bad
    assert np.isnan(losses.SupConLoss().call([0, 1, 2], embeddings)).all()


def test_directions_of_short_and_of_broken_embeddings():
    values = np.asarray(directions([[3e-6, 4e-6], [3e-7, 4e-7], [np.nan, 0.0]]))
    np.testing.assert_allclose(values[:2], [[0.6, 0.8], [0.0, 0.0]], rtol=1e-4)
    assert np.isnan(values[2]).all()


@pytest.mark.parametrize("loss", [*PAIRWISE.values(), losses.SupConLoss(0.7)], ids=lambda loss: loss.name)
def test_config_round_trip(loss):
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(restored) is type(loss)
    assert restored.get_config() == loss.get_config()
    if not isinstance(loss, losses.SupConLoss):
        np.testing.assert_array_equal(restored.call(FIRST, SECOND), loss.call(FIRST, SECOND))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.NTXentLoss(0), r"`temperature` must be positive and finite. Received: temperature=0"),
        (lambda: losses.NTXentLoss(float("nan")), r"`temperature` must be positive"),
        (lambda: losses.SupConLoss(-0.1), r"`temperature` must be positive and finite. Received: temperature=-0.1"),
        (lambda: losses.SupConLoss().call([0], np.ones((1, 1, 1, 3))), r"`y_pred` must have shape \(batch, dim\)"),
        (lambda: losses.BarlowTwinsLoss(-1), r"`redundancy_weight` must be at least 0"),
        (lambda: losses.VICRegLoss(covariance_weight=-1), r"`covariance_weight` must be at least 0"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
