import inspect
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl.engine import Image, Label, Method, Vector, batches
from tests.contracts import CASES


class Line(Method):
    """A one-weight regression: closed-form loss and step."""

    def __init__(self, regularizer=None):
        super().__init__()
        self.layer = keras.layers.Dense(
            1, use_bias=False, kernel_initializer="ones", kernel_regularizer=regularizer, name="line"
        )
        self.layer.build((None, 1))

    def inputs(self):
        return {"image": Vector(1), "label": Vector(1)}

    def split_inputs(self, batch):
        return batch["image"], batch.get("label")

    def call(self, x, training=False):
        return self.layer(x)

    def example_losses(self, x, y, y_pred):
        return keras.losses.MeanSquaredError().call(y, y_pred)


X = np.array([[1.0], [2.0]], "float32")
Y = np.array([[2.0], [2.0]], "float32")  # errors -1 and 0 at w = 1: loss 1/2, gradient mean(2 e x) = -1


def test_the_step_is_the_gradient_of_the_mean() -> None:
    model = Line()
    model.compile(keras.optimizers.SGD(0.1), metrics=[keras.metrics.MeanAbsoluteError(name="mae")])
    assert model.train_on_batch(X, Y, return_dict=True) == pytest.approx({"loss": 0.5, "mae": 0.5})
    np.testing.assert_allclose(model.layer.kernel, [[1.1]])
    assert model.evaluate(X, Y, verbose=0, return_dict=True)["loss"] == pytest.approx((0.9**2 + 0.2**2) / 2)
    np.testing.assert_allclose(model.predict(X, verbose=0), 1.1 * X, rtol=1e-6)


def test_fit_warns_of_a_shuffle_of_datasets_that_was_asked_for_alone() -> None:
    model = Line()
    model.compile(keras.optimizers.SGD(0.1))
    batches_of = tf.data.Dataset.from_tensors((X, Y))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(batches_of, verbose=0)
        model.fit(x=batches_of, verbose=0)
        model.fit((batch for batch in [(X, Y)]), verbose=0)
        assert not [one for one in caught if "shuffle" in str(one.message)]
        model.fit(batches_of, verbose=0, shuffle=True)
    assert len([one for one in caught if "`shuffle=True` was passed" in str(one.message)]) == 1
    assert inspect.signature(model.fit) == inspect.signature(keras.Model().fit)


def test_regularisation_is_a_part_of_the_loss() -> None:
    model = Line(keras.regularizers.L2(0.25))
    model.compile(keras.optimizers.SGD(0.1))
    assert model.train_on_batch(X, Y, return_dict=True)["loss"] == pytest.approx(0.5 + 0.25)
    np.testing.assert_allclose(model.layer.kernel, [[1 - 0.1 * (-1 + 0.5)]], rtol=1e-6)


def test_batches_by_name_by_order_and_incomplete() -> None:
    model = CASES["EDSR"].make()
    batch = CASES["EDSR"].batches(1)[0]
    by_name = model.batch(batch)
    by_order = model.batch((batch["low"], batch["high"]))
    for key in ("low", "high"):
        np.testing.assert_array_equal(by_name[key], by_order[key])
        np.testing.assert_allclose(by_name[key], batch[key] / 127.5 - 1.0, atol=1e-6)
    with pytest.raises(ValueError, match=r"must hold \['low', 'high'\].*without \['high'\]"):
        model.batch(batch["low"])
    assert list(model.batch(batch["low"], training=False)) == ["low"]


def test_sample_weights_and_targets_beside_a_dict_are_refused() -> None:
    model = CASES["EDSR"].make()
    batch = CASES["EDSR"].batches(1)[0]
    with pytest.raises(ValueError, match="sample weights and targets beside a dict are not taken"):
        model.train_on_batch(batch["low"], batch["high"], sample_weight=np.ones(12))
    with pytest.raises(ValueError, match="sample weights and targets beside a dict are not taken"):
        model.train_on_batch(batch, np.ones(12))


def test_fit_takes_tuples_and_metrics_report_on_them() -> None:
    case = CASES["EDSR"]
    batch = case.batches(1)[0]
    model = kg.models.EDSR(kg.backbones.edsr(scale=2, filters=8, blocks=1))
    model.compile("sgd", metrics=[kg.metrics.PSNR(name="psnr")])
    logs = model.fit(batch["low"], batch["high"], batch_size=6, verbose=0).history
    assert set(logs) == {"loss", "psnr"}


def test_compile_refuses_what_it_cannot_keep() -> None:
    with pytest.raises(TypeError, match=r"`metrics` must hold keras\.metrics\.Metric objects"):
        Line().compile("sgd", metrics=["accuracy"])
    model = Line()
    model.extra = keras.layers.Dense(1)
    with pytest.raises(ValueError, match="Networks must be built before `compile`"):
        model.compile("sgd")


def test_a_loss_is_the_methods_own() -> None:
    edsr, line = CASES["EDSR"].build(), Line()
    with pytest.raises(
        ValueError, match=r"own, set when it is made: EDSR\(\.\.\., loss=\.\.\.\)\. Received: loss='mse'$"
    ):
        edsr.compile("adam", "mse")
    with pytest.raises(
        ValueError, match=r"^`loss` must be left out of `compile`: what Line minimises is its own\. Rec"
    ):
        line.compile(optimizer="adam", loss="mse")
    with pytest.raises(ValueError, match=r"SRGAN\(\.\.\., content_loss=\.\.\.\)"):
        CASES["SRGAN"].build().compile({"generator": "adam", "discriminator": "adam"}, loss="mse")


def test_xla_is_left_off_on_cpu() -> None:
    assert CASES["EDSR"].make().jit_compile is False


class Small(Line):
    """Takes grey images of 2 by 2 pixels in three classes."""

    def inputs(self):
        return {"image": Image((2, 2, 1)), "label": Label(3)}


@pytest.mark.parametrize(
    ("image", "label", "message"),
    [
        (np.zeros((4, 3, 2, 1), np.uint8), [0, 1, 2, 0], r"`image` must have shape \(batch, 2, 2, 1\) for this Small"),
        (np.zeros((4, 2, 2, 3), np.uint8), [0, 1, 2, 0], "Received: a batch of shape"),
        (np.zeros((4, 2, 2), np.uint8), [0, 1, 2, 0], "Received: a batch of shape"),
        (
            np.zeros((4, 2, 2, 1), np.uint8),
            [0.0, 1.0, 2.0, 0.0],
            r"must hold integers of shape \(batch,\)\. Received: float32",
        ),
        (np.zeros((4, 2, 2, 1), np.uint8), [[0], [1], [2], [0]], r"`label` must have shape \(batch,\) for this Small"),
        (
            np.zeros((4, 2, 2, 1), np.uint8),
            [0, 1, 3, 0],
            r"must lie in \[0, 3\)\. Received: numbers from 0 to 3$",
        ),
        (
            np.zeros((4, 2, 2, 1), np.uint8),
            [0, -1, 2, 0],
            r"must lie in \[0, 3\)\. Received: numbers from -1 to 2$",
        ),
        (np.full((4, 2, 2, 1), 1.5, np.float32), [0, 1, 2, 0], "must lie in"),
        (np.full((4, 2, 2, 1), 200, np.int32), [0, 1, 2, 0], r"`image` must hold images as uint8, .* of int32"),
        (np.ones((4, 2, 2, 1), bool), [0, 1, 2, 0], r"`image` must hold images as uint8, .* of bool"),
    ],
)
def test_other_shapes_labels_and_ranges_are_refused(image, label, message) -> None:
    batch = {"image": keras.ops.convert_to_tensor(image), "label": keras.ops.convert_to_tensor(label)}
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        Small().batch(batch)


def test_a_compiled_step_refuses_wild_floats() -> None:
    model, batch = CASES["EDSR"].make(), CASES["EDSR"].batches(1)[0]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must lie in \[-1, 1\]"):
        model.train_on_batch({key: value.astype("float32") for key, value in batch.items()})


def test_a_batch_that_keeps_the_rules_is_taken() -> None:
    batch = Small().batch((np.full((2, 2, 2, 1), 255, np.uint8), np.array([0, 2], np.int64)))
    np.testing.assert_array_equal(batch["image"], np.ones((2, 2, 2, 1)))
    np.testing.assert_array_equal(batch["label"], [0, 2])


def test_images_out_of_range_are_nan_where_xla_drops_the_check() -> None:
    model = Small()
    batch = tf.function(lambda image: model.batch({"image": image}, training=False)["image"], jit_compile=True)
    images = np.zeros((2, 2, 2, 1), np.float32)
    images[1, 0, 0, 0] = 1.5
    np.testing.assert_array_equal(np.isnan(batch(tf.constant(images))), images > 1)


def test_labels_out_of_range_are_nan_where_xla_drops_the_check() -> None:
    model = Small()

    def vectors(image, label):
        return batches.one_hot(model.batch({"image": image, "label": label})["label"], 3)

    images, labels = np.zeros((4, 2, 2, 1), np.uint8), np.array([0, 3, 2, -1])
    found = tf.function(vectors, jit_compile=True)(tf.constant(images), tf.constant(labels))
    nan = [np.nan] * 3
    np.testing.assert_array_equal(found, [[1, 0, 0], nan, [0, 0, 1], nan])
