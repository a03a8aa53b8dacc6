"""Values and gradients of TensorFlow Addons 0.23.0, written by `tests/golden/make_tfa_golden.py`."""

import collections
import functools
import itertools
import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import losses

GOLDEN = pathlib.Path(__file__).parents[2] / "golden" / "tfa_losses.npz"
# How far a number may be from its rounded one: Addons rounds what it returns to the inputs' dtype. Of pairs and
# similarities it computes in that dtype throughout.
ROUNDED = {"float32": 0.0, "float64": 0.0, "float16": 2.0**-11, "bfloat16": 2.0**-8}
COMPUTED = {"float32": 0.0, "float64": 0.0, "float16": 2.0**-8, "bfloat16": 2.0**-5}
OF_PAIRS = ("ContrastiveLoss", "NpairsLoss", "NpairsMultilabelLoss")
FUNCTIONS = {
    "ContrastiveLoss": losses.contrastive_loss,
    "LiftedStructLoss": losses.lifted_struct_loss,
    "NpairsLoss": losses.npairs_loss,
    "NpairsMultilabelLoss": losses.npairs_multilabel_loss,
    "TripletHardLoss": losses.triplet_hard_loss,
    "TripletSemiHardLoss": losses.triplet_semihard_loss,
}
MARGINS = (0.0, 0.2, 1.0, 2.5)
REDUCTIONS = ("none", "sum", "sum_over_batch_size")


def minus_inner_product(embeddings):
    return -keras.ops.matmul(embeddings, keras.ops.transpose(embeddings))


@functools.cache
def cases():
    """Each loss' cases: their settings, and arrays by name."""
    with np.load(GOLDEN) as golden:
        arrays = {name: golden[name] for name in ("y_true", "y_pred", "sample_weight", "value", "gradient")}
        described = json.loads(str(golden["cases"]))
    assert described["versions"] == {"tensorflow": "2.15.1", "tensorflow-addons": "0.23.0"}
    begin = dict.fromkeys(arrays, 0)
    found = collections.defaultdict(list)
    for case in described["cases"]:
        parts = {}
        for name, shape in case["shapes"].items():
            end = begin[name] + int(np.prod(shape))
            parts[name] = arrays[name][begin[name] : end].reshape(shape)
            begin[name] = end
        parts["y_true"] = parts["y_true"].astype(case["labels"])
        found[case["loss"]].append((case, parts))
    assert begin == {name: len(values) for name, values in arrays.items()}
    return found


def loss_of(case):
    arguments = {key: case[key] for key in ("margin", "soft", "distance_metric", "reduction") if key in case}
    if arguments.get("distance_metric") == "inner":
        arguments["distance_metric"] = minus_inner_product
    return getattr(losses, case["loss"])(**arguments)


def assert_value(ours, theirs, case):
    """Addons' is rounded."""
    _assert_close(ours, theirs, case, ROUNDED[case["dtype"]])


def assert_gradient(ours, theirs, case):
    """Both are rounded, maybe to neighbours."""
    _assert_close(ours, theirs, case, 2 * ROUNDED[case["dtype"]])


def _assert_close(ours, theirs, case, rounding):
    absolute = 1e-5
    if case["loss"] in OF_PAIRS:
        rounding = COMPUTED[case["dtype"]]
        absolute += rounding / 8
    np.testing.assert_allclose(tf.cast(ours, tf.float64), theirs, 1e-5 + rounding, absolute, err_msg=str(case))


@pytest.mark.parametrize("name", sorted(cases()))
def test_equals_tensorflow_addons(name):
    seen = []
    for case, golden in cases()[name]:
        if "reduction" in case or golden["sample_weight"].size:
            continue
        loss = loss_of(case)
        y_true = tf.constant(golden["y_true"])
        y_pred = tf.cast(tf.constant(golden["y_pred"]), case["dtype"])
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            value = tf.reduce_mean(loss.call(y_true, y_pred))
        assert value.dtype == ("float64" if case["dtype"] == "float64" else "float32")
        assert_value(value, golden["value"], case)
        assert_gradient(tape.gradient(value, y_pred), golden["gradient"], case)
        if case["dtype"] == "float32":
            assert_value(loss(y_true, y_pred), golden["value"], case)
        seen.append(float(golden["value"]))
    assert np.mean(np.array(seen) > 0.05) > 0.6  # few of them are trivial


@pytest.mark.parametrize("name", sorted(cases()))
def test_their_functions_are_ours_under_their_names(name):
    """A scalar for each batch, of pairs a value for each, which the class averages."""
    for case, golden in [each for each in cases()[name] if each[0]["dtype"] != "float64"][::5]:
        if "reduction" in case or golden["sample_weight"].size:
            continue
        arguments = {key: case[key] for key in ("margin", "soft", "distance_metric") if key in case}
        if arguments.get("distance_metric") == "inner":
            arguments["distance_metric"] = minus_inner_product
        y_pred = tf.cast(tf.constant(golden["y_pred"]), case["dtype"])
        value = FUNCTIONS[name](tf.constant(golden["y_true"]), y_pred, **arguments)
        assert value.shape == (golden["y_true"].shape if name == "ContrastiveLoss" else ())
        assert value.dtype == "float32"
        assert_value(tf.reduce_mean(value), golden["value"], case)


def test_sparse_labels_have_the_golden_numbers_of_dense_ones():
    for case, golden in cases()["NpairsMultilabelLoss"]:
        if case["dtype"] != "float32" or golden["sample_weight"].size:
            continue
        y_true, y_pred = tf.sparse.from_dense(golden["y_true"]), tf.constant(golden["y_pred"], tf.float32)
        for value in (losses.npairs_multilabel_loss(y_true, y_pred), losses.NpairsMultilabelLoss()(y_true, y_pred)):
            assert_value(value, golden["value"], case)


@pytest.mark.parametrize("name", sorted(cases()))
def test_reductions_and_sample_weights(name):
    """Keras' own numbers of reductions, for pairs; a weight for the whole batch, for the others."""
    weighted = 0
    for case, golden in cases()[name]:
        weights = golden["sample_weight"]
        if "reduction" not in case and not weights.size:
            continue
        weighted += weights.size > 0
        y_pred = tf.constant(golden["y_pred"], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            value = loss_of(case)(golden["y_true"], y_pred, weights if weights.size else None)
        assert_value(value, golden["value"], case)
        assert_gradient(tape.gradient(value, y_pred), golden["gradient"], case)
    assert weighted == (4 if name == "ContrastiveLoss" else 1)


def test_no_setting_is_left_out():
    """Every metric, dtype, kind of hinge and margin, the constructors' defaults with them."""
    keys = ("dtype", "margin", "distance_metric", "soft")
    seen = {name: {tuple(case.get(key) for key in keys) for case, _ in cases()[name]} for name in cases()}
    metrics = ("L2", "squared-L2", "angular", "inner")
    for name, metrics_of, softs in (
        ("TripletSemiHardLoss", metrics, (None,)),
        ("TripletHardLoss", metrics, (False, True)),
        ("LiftedStructLoss", (None,), (None,)),
        ("ContrastiveLoss", (None,), (None,)),
    ):
        assert set(itertools.product(ROUNDED, MARGINS, metrics_of, softs)) <= seen[name]
    for name, found in cases().items():
        assert {case["dtype"] for case, _ in found} == set(ROUNDED)
        assert max(len(parts["y_pred"]) for _, parts in found) == 100
        assert "int64" in {case["labels"] for case, _ in found} or name == "NpairsMultilabelLoss"
    assert {case.get("reduction") for case, _ in cases()["ContrastiveLoss"]} == {None, *REDUCTIONS}
