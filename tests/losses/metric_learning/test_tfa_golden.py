"""Values and gradients of TensorFlow Addons 0.23.0, written by `tests/golden/make_tfa_golden.py`."""

import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import losses

GOLDEN = pathlib.Path(__file__).parents[2] / "golden" / "tfa_losses.npz"
# Addons rounds what it returns to the inputs' dtype; of pairs and similarities it computes in that dtype throughout.
ROUNDED = {"float32": 0.0, "float16": 2.0**-11, "bfloat16": 2.0**-8}
COMPUTED = {"float32": 0.0, "float16": 2.0**-8, "bfloat16": 2.0**-5}
OURS = {"NpairsLoss": "NPairsLoss", "NpairsMultilabelLoss": "NPairsLoss"}
OF_PAIRS = ("ContrastiveLoss", *OURS)


def minus_inner_product(embeddings):
    return -keras.ops.matmul(embeddings, keras.ops.transpose(embeddings))


def cases():
    with np.load(GOLDEN) as golden:
        arrays = {name: golden[name] for name in ("y_true", "y_pred", "value", "gradient")}
        described = json.loads(str(golden["cases"]))
    assert described["versions"] == {"tensorflow": "2.15.1", "tensorflow-addons": "0.23.0"}
    begin = dict.fromkeys(arrays, 0)
    for case in described["cases"]:
        shapes = {"y_true": case["y_true"], "y_pred": case["y_pred"], "value": (), "gradient": case["y_pred"]}
        parts = {}
        for name, shape in shapes.items():
            end = begin[name] + int(np.prod(shape))
            parts[name] = arrays[name][begin[name] : end].reshape(shape)
            begin[name] = end
        yield case, parts


@pytest.mark.parametrize("name", sorted({case["loss"] for case, _ in cases()}))
def test_equals_tensorflow_addons(name):
    seen = []
    for case, golden in cases():
        if case["loss"] != name:
            continue
        arguments = {key: value for key, value in case.items() if key in ("margin", "soft", "distance_metric")}
        if arguments.get("distance_metric") == "inner":
            arguments["distance_metric"] = minus_inner_product
        loss = getattr(losses, OURS.get(name, name))(**arguments)
        y_true = tf.constant(golden["y_true"])
        y_pred = tf.cast(tf.constant(golden["y_pred"]), case["dtype"])
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            value = tf.reduce_mean(loss.call(y_true, y_pred))
        gradient = tf.cast(tape.gradient(value, y_pred), tf.float32)
        assert value.dtype == tf.float32
        rounding = (COMPUTED if name in OF_PAIRS else ROUNDED)[case["dtype"]]
        for ours, theirs in ((value, golden["value"]), (gradient, golden["gradient"])):
            tolerance = {"rtol": 1e-5 + rounding, "atol": 1e-5 + rounding / 8}
            np.testing.assert_allclose(ours, theirs, **tolerance, err_msg=str(case))
        if case["dtype"] == "float32":
            np.testing.assert_allclose(loss(golden["y_true"], golden["y_pred"]), golden["value"], rtol=1e-5, atol=1e-5)
        seen.append(float(golden["value"]))
    assert len(seen) >= 16
    assert np.mean(np.array(seen) > 0.05) > 0.6  # and few of them are trivial
