"""Labels of every dtype and shape are looked at before they are cast, wherever they are taken."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import analysis, callbacks, data, gallery, losses, metrics
from keras_genssl.checks import tensors
from keras_genssl.checks.arrays import checked_labels
from keras_genssl.engine import Label, batches

FEATURES = np.array([[0.0, 1.0], [1.0, 0.1], [0.1, 1.0], [1.0, 0.0]])
IMAGES = np.zeros((4, 8, 8, 1), np.uint8)
GOOD = [0, 1, 0, 1]
ARRAYS = {"image": IMAGES, "label": np.array(GOOD)}
TRIPLETS = data.load(ARRAYS, batch_size=1, groups=data.triplets(GOOD, 1))


class Classifier:
    @staticmethod
    def classify(images):
        return np.zeros(len(images), int)


def fine_tuned(labels):
    encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    return analysis.fine_tuned_accuracy(encoder, (IMAGES, labels), (IMAGES, labels), steps=1)


def few_labels(labels):
    return analysis.few_label_comparison(lambda x: x, (IMAGES, labels), (IMAGES, labels), 1, seeds=[0])


# What labels are compared for.
COMPARED = {
    "metrics.cluster_agreement": lambda labels: metrics.cluster_agreement(labels, labels),
    "metrics.clustering_scores": lambda labels: metrics.clustering_scores(FEATURES, labels),
    "metrics.few_label_accuracy": lambda labels: metrics.few_label_accuracy(FEATURES, labels, FEATURES, labels, 1),
    "metrics.kfold_verification_accuracy": lambda labels: metrics.kfold_verification_accuracy(
        [0.0, 0.1, 0.8, 0.9], np.arange(4) > 1, labels
    ),
    "metrics.knn_accuracy": lambda labels: metrics.knn_accuracy(FEATURES, labels, k=1),
    "metrics.labelled_subset": lambda labels: metrics.labelled_subset(labels, 1, seed=0),
    "metrics.linear_accuracy": lambda labels: metrics.linear_accuracy(FEATURES, labels, FEATURES, labels),
    "metrics.map_at_r": lambda labels: metrics.map_at_r(FEATURES, labels),
    "metrics.r_precision": lambda labels: metrics.r_precision(FEATURES, labels, FEATURES, labels),
    "metrics.recall_at_k": lambda labels: metrics.recall_at_k(FEATURES, labels),
    "metrics.retrieval_scores": lambda labels: metrics.retrieval_scores(FEATURES, labels, FEATURES, labels),
    "metrics.verification_pairs": lambda labels: metrics.verification_pairs(labels, 2),
    "analysis.encode_labelled": lambda labels: analysis.encode_labelled(lambda x: x, (IMAGES, labels)),
    "analysis.few_label_comparison": few_labels,
    "analysis.fine_tuned_accuracy": fine_tuned,
    "analysis.leave_one_class_out": lambda labels: analysis.leave_one_class_out(
        lambda x: {"zero": lambda y: np.zeros(len(y))}, (IMAGES, labels), (IMAGES, labels)
    ),
    "analysis.mine_triplets": lambda labels: analysis.mine_triplets(FEATURES, labels),
    "analysis.precision_at_k": lambda labels: analysis.precision_at_k([[0]] * 4, labels, labels),
    "callbacks.FineTuningProbe": lambda labels: callbacks.FineTuningProbe((IMAGES, labels), (IMAGES, labels)).steps,
    "callbacks.KNNProbe": lambda labels: callbacks.KNNProbe((IMAGES, labels), k=1).k,
    "callbacks.LinearProbe": lambda labels: callbacks.LinearProbe((IMAGES, labels), (IMAGES, labels)).every,
    "callbacks.TripletMining": lambda labels: callbacks.TripletMining(TRIPLETS, IMAGES, labels),
    "data.pairs": lambda labels: data.pairs(labels, 2),
    "data.triplets": lambda labels: data.triplets(labels, 2),
    "gallery.calibrate_threshold": lambda labels: gallery.calibrate_threshold(FEATURES, labels, 0.5),
}
# Where they are the numbers of classes, from 0 on, or positions.
COUNTED = {
    "metrics.label_accuracy": lambda labels: metrics.label_accuracy(Classifier, IMAGES, labels),
    "metrics.train_on_synthetic_accuracy": lambda labels: metrics.train_on_synthetic_accuracy(
        IMAGES, labels, IMAGES, GOOD, steps=1, batch_size=2
    ),
    "analysis.stacked_classes": lambda labels: analysis.stacked_classes(IMAGES, labels, 1, 0),
    "analysis.stacked_mode_coverage": analysis.stacked_mode_coverage,
    "callbacks.SampleGrid": lambda labels: callbacks.SampleGrid("out", 4, labels=labels),
    "callbacks.ImageMetrics": lambda labels: callbacks.ImageMetrics(
        [metrics.FID(lambda x: x[:, 0, 0], ARRAYS["image"])], 4, labels=labels
    ),
    "data.Groups": lambda labels: data.Groups({"first": [0, 1, 2, 3]}, labels=labels),
    "data.Groups.members": lambda labels: data.Groups({"first": labels}, labels=[0, 1, 0, 1]),
    "data.ClassBalanced": lambda labels: data.load(
        {"image": IMAGES, "label": labels}, balance=data.ClassBalanced(2, 1)
    ),
}
BAD = {
    "one-hot rows": np.eye(4),
    "rows of integers": np.eye(4, dtype=int),
    "a column": np.array(GOOD)[:, None],
    "halves": [0.5, 1.0, 0.0, 1.0],
    "not a number": [0.0, 1.0, np.nan, 1.0],
    "large float32": np.array([2**24, 0, 2**24, 0], np.float32),
    "a missing one": [0, 1, None, 1],
    "a missing name": np.array(["a", "b", np.nan, "b"], object),
    "integers and names": [0, 1, "a", "b"],
    "of two lengths": [[0], [1, 2], [0], [1]],
    "beyond 63 bits": np.array([0, 1, 0, 2**63], np.uint64),
    "beyond 64 bits": [0, 1, 0, 2**64],
    "dates": np.array(["2020-01-01"] * 4, "datetime64[D]"),
    "complex": np.array([0, 1j, 0, 1j]),
}
NO_NUMBERS_OF_CLASSES = {
    "names": ["a", "b", "a", "b"],
    "whole floats": [0.0, 1.0, 0.0, 1.0],
}
RULE = r"`\w+( of \S+)?` must be integers.* \(num,\), one for each example.*\. Received: "


@pytest.mark.parametrize("name", COMPARED)
def test_labels_that_are_compared(name):
    function = COMPARED[name]
    for kind, labels in BAD.items():
        with pytest.raises(ValueError, match=RULE):
            raise AssertionError(f"{kind} pass as labels of {name}: {function(labels)}")
    if name == "analysis.fine_tuned_accuracy":
        return  # which trains a network each time
    expected = repr(function(np.array(GOOD))) if name != "callbacks.TripletMining" else None
    for labels in (
        GOOD,
        np.array(GOOD, bool),
        np.array(GOOD, np.float32),
        np.array(GOOD, np.uint64),
        tf.constant(GOOD),
    ):
        answer = function(labels)
        assert expected is None or name == "analysis.leave_one_class_out" or repr(answer) == expected
    function(["a", "b", "a", "b"])
    function(np.array([b"a", b"b", b"a", b"b"], object))  # strings of TensorFlow
    function([-(2**62), 2**62, -(2**62), 2**62])


@pytest.mark.parametrize("name", COUNTED)
def test_labels_that_are_numbers_of_classes(name):
    function = COUNTED[name]
    if name != "metrics.train_on_synthetic_accuracy":  # which trains a network
        function(np.array(GOOD, np.uint8))
    for kind, labels in {**BAD, **NO_NUMBERS_OF_CLASSES}.items():
        # What holds no numbers, or no integers, `data.load` refuses by itself.
        rule = RULE if name != "data.ClassBalanced" else f"{RULE}|must hold numbers|of integers|the same length|array"
        with pytest.raises(ValueError, match=rule):
            raise AssertionError(f"{kind} pass as labels of {name}: {function(labels)}")


def test_labels_keep_their_values():
    assert checked_labels(np.array([255, 0], np.uint8)).tolist() == [255, 0]
    assert checked_labels([2**63 - 1, -(2**63)]).tolist() == [2**63 - 1, -(2**63)]
    assert checked_labels([True, False]).tolist() == [1, 0]
    assert checked_labels(["a", "ü"]).tolist() == ["a", "ü"]
    assert checked_labels([]).shape == (0,)
    for outside in (-1, 3, 2**32):
        with pytest.raises(ValueError, match=rf"must be integers in \[0, 3\) .* Received: {outside} among them"):
            checked_labels([0, outside], num_classes=3)
    with pytest.raises(ValueError, match=r"; of one-hot rows `labels\.argmax\(axis=1\)` is such"):
        checked_labels(np.eye(3))
    with pytest.raises(ValueError, match=r"; `labels\[:, 0\]` is such"):
        checked_labels([[0], [1]])
    with pytest.raises(ValueError, match="`labels` and `gallery_labels` must both be integers, or both strings"):
        metrics.knn_accuracy(FEATURES, GOOD, FEATURES, ["0", "1", "0", "1"], k=1)


def test_an_attribute_is_zero_or_one():
    codes = np.array([[0.0], [0.0], [3.0]])
    for has in ([False, False, True], [0, 0, 1], [0.0, 0.0, 1.0]):
        assert analysis.attribute_direction(codes, has).tolist() == [3.0]
    for function in (analysis.attribute_direction, analysis.classifier_direction):
        for has in ([-1, -1, 1], ["no", "no", "yes"], [0, 0, 2]):  # the first is CelebA's
            with pytest.raises(ValueError, match="`has_attribute` must be booleans, or 0 and 1"):
                function(codes, has)
        for labels in BAD.values():
            with pytest.raises(ValueError, match="`has_attribute` must be"):
                function(FEATURES, labels)


TENSORS = {
    "strings": tf.constant(["0", "1"]),
    "booleans": tf.constant([True, False]),
    "halves": tf.constant([0.5, 1.0]),
    "one-hot rows": tf.eye(2, dtype=tf.int32),
    "ragged": tf.ragged.constant([[0], [1, 2]]),
    "sparse": tf.sparse.from_dense([0, 1]),
    "objects": np.array([0, "1"], object),
    "of two lengths": [[0], [1, 2]],
    "complex": tf.constant([0j, 1j]),
}
TAKING_TENSORS = {
    "one_hot": lambda labels: batches.one_hot(labels, 3),
    "TripletSemiHardLoss": lambda labels: losses.TripletSemiHardLoss()(labels, tf.eye(2)),
    "TripletSemiHardLoss.call": lambda labels: losses.TripletSemiHardLoss().call(labels, tf.eye(2)),
    "MultiSimilarityLoss": lambda labels: losses.MultiSimilarityLoss()(labels, tf.eye(2)),
    "SupConLoss": lambda labels: losses.SupConLoss()(labels, tf.eye(2)),
    "SupConLoss.call": lambda labels: losses.SupConLoss().call(labels, tf.eye(2)),
    "ArcFaceLoss": losses.ArcFaceLoss(3, 2),
    "ProxyAnchorLoss": losses.ProxyAnchorLoss(3, 2),
    "SoftmaxLoss": losses.SoftmaxLoss(3, 2),
}


@pytest.mark.parametrize("name", TAKING_TENSORS)
def test_labels_that_are_tensors(name):
    function = TAKING_TENSORS[name]
    function = (
        function if not isinstance(function, keras.layers.Layer) else lambda y: TAKING_TENSORS[name](y, tf.eye(2))
    )
    for dtype in ("uint8", "int16", "int32", "uint32", "int64", "uint64"):
        function(tf.constant([0, 1], dtype))
    for kind, labels in TENSORS.items():
        if kind in ("objects", "of two lengths") and isinstance(TAKING_TENSORS[name], keras.layers.Layer):
            continue  # Keras refuses these before the layer sees them
        with pytest.raises(ValueError, match=r"`\w+` must hold integers of shape \(batch,\).*\. Received: "):
            raise AssertionError(f"{kind} pass as labels of {name}: {function(labels)}")


def test_a_class_that_a_cast_would_make_of_a_label_is_none():
    of_classes = [losses.ArcFaceLoss(3, 2), losses.SoftmaxLoss(3, 2), losses.ProxyAnchorLoss(3, 2)]

    @tf.function(jit_compile=True)  # without the check
    def in_graph(labels):
        one_hot = batches.one_hot(Label(3).converted("label", labels), 3)
        return one_hot, [loss(labels, tf.eye(2)) for loss in of_classes]

    assert np.isfinite(np.concatenate(keras.tree.flatten(in_graph(tf.constant([1, 2], tf.int64))), axis=None)).all()
    for outside in (-1, 3, 2**32, 2**32 + 1, 2**63, 2**63 + 1):
        labels = tf.constant([1, outside], tf.uint64 if outside >= 2**63 else tf.int64)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"`label` must lie in \[0, 3\)"):
            Label(3).converted("label", labels)
        one_hot, values = in_graph(labels)
        assert one_hot[0].numpy().tolist() == [0, 1, 0]
        assert np.isnan(one_hot[1]).all()
        assert np.isnan([value[1] for value in values]).all()
        for loss in of_classes:
            with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 3\)\. Received: numbers from"):
                loss(labels, tf.eye(2))


@pytest.mark.parametrize("loss", [losses.TripletHardLoss(), losses.SupConLoss()], ids=lambda loss: loss.name)
def test_float_labels_of_a_loss_are_integers_or_its_value_is_not_a_number(loss):
    embeddings = tf.constant([[0.0, 1.0], [1.0, 0.1], [0.3, 1.0], [1.0, 0.0]])
    expected = float(loss(tf.constant([7, 5, 7, 5]), embeddings))
    in_graph = tf.function(loss)
    for function in (loss, in_graph):
        assert float(function(tf.constant([7.0, 5.0, 7.0, 5.0]), embeddings)) == pytest.approx(expected)
    for labels in ([7.0, 5.5, 7.0, 5.5], [7.0, np.nan, 7.0, 5.0], [2.0**24, 5.0, 2.0**24 + 2, 5.0]):
        with pytest.raises(ValueError, match="that are no integers, or too large to tell them apart"):
            loss(tf.constant(labels, tf.float32), embeddings)
        assert np.isnan(in_graph(tf.constant(labels, tf.float32), embeddings))


def test_pairs_may_have_soft_labels_but_numbers():
    distances = tf.constant([0.5, 0.25])
    loss = losses.ContrastiveLoss()
    assert float(loss([True, False], distances)) == float(loss(tf.constant([1, 0]), distances))
    for labels in (tf.constant(["a", "b"]), tf.eye(2), [[0], [1, 2]]):
        with pytest.raises(
            ValueError, match=r"`y_true` must hold numbers of shape \(batch,\) or \(batch, 1\)\. Received"
        ):
            loss(labels, distances)


def test_symbolic_labels_pass():
    assert tensors.checked_labels(keras.KerasTensor((None,), "int64"), "label").shape == (None,)


def test_spellings_of_a_name_are_one_class():
    apart, one = "Zoe\u0308", "Zo\u00eb"
    for labels in (
        [apart, one, "b"],
        np.array([apart, one, "b"], object),
        [name.encode() for name in (apart, one, "b")],
    ):
        assert checked_labels(labels).tolist() == [one, one, "b"]
        assert len(metrics.labelled_subset(labels, 1, seed=0)) == 2
