"""What methods are given for what batches hold, kind by kind."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine import Anything, Image, Label, LabelMap, Mask, Method, Spectrogram, Stack, Tokens, Vector
from keras_genssl.kinds.records import parsed, serialized

LABELS = 20


class Reader(Method):
    """Given the ids of a map, answers them; its loss is their mean, so that the logs tell what it was given."""

    def __init__(self):
        super().__init__()
        self.scale = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="scale")
        self.scale.build((None, 1))

    def inputs(self):
        return {"layout": LabelMap(LABELS, (4, 5)), "label": Anything(required=False)}

    def split_inputs(self, batch):
        assert batch["layout"].dtype == "int32"
        return batch["layout"], None

    def call(self, layout, training=False):
        return self.scale(keras.ops.cast(layout, "float32"))

    def example_losses(self, x, y, y_pred):
        return keras.ops.mean(y_pred, axis=(1, 2, 3))


def test_a_label_map_keeps_its_ids_through_fit_and_predict() -> None:
    """As bytes too, which without the declaration would be an image in [-1, 1]."""
    model = Reader()
    model.compile(keras.optimizers.SGD(0.0))
    ids = np.arange(LABELS).reshape(1, 4, 5, 1)
    for dtype in ("uint8", "int32", "int64"):
        batch = ids.astype(dtype)
        assert model.train_on_batch({"layout": batch, "key": ["a"]}, return_dict=True)["loss"] == np.mean(ids)
        np.testing.assert_array_equal(model.predict_on_batch(batch), ids)
        with pytest.raises(ValueError, match=r"^`layout` must lie in \[0, 20\)\. Received: numbers from 1 to 20$"):
            model.train_on_batch(batch + 1)
    with pytest.raises(
        ValueError, match=r"^`layout` must hold integers of shape \(batch, 4, 5, 1\)\. Received: float32"
    ):
        model.predict_on_batch(ids.astype("float32"))


INT8 = np.int8([[0, 1], [2, 0]])


@pytest.mark.parametrize(
    ("kind", "value", "given"),
    [
        (Image((1, 2, 1)), np.uint8([0, 255]).reshape(1, 1, 2, 1), np.float32([-1, 1]).reshape(1, 1, 2, 1)),
        (Image((None, None, 1)), np.float16([-1, 0.5]).reshape(1, 1, 2, 1), np.float32([-1, 0.5]).reshape(1, 1, 2, 1)),
        (Mask((1, 2)), np.uint8([0, 7]).reshape(1, 1, 2, 1), np.float32([0, 1]).reshape(1, 1, 2, 1)),
        (Mask(), np.array([True, False]).reshape(1, 1, 2, 1), np.float32([1, 0]).reshape(1, 1, 2, 1)),
        (Mask(), np.float32([-1, 0.1]).reshape(1, 1, 2, 1), np.float32([0, 1]).reshape(1, 1, 2, 1)),
        (LabelMap(300), np.uint16([[[[299]]]]), np.int32([[[[299]]]])),
        (Label(3), np.uint64([0, 2]), np.int32([0, 2])),
        (Label(3, unlabelled=True), np.int64([-1, 2]), np.int32([-1, 2])),
        (Label(3, unlabelled=True), np.uint8([0, 2]), np.int32([0, 2])),
        (Label(), np.int64([2**40]), np.int64([2**40])),
        (Tokens(3, 2), INT8, INT8.astype(np.int32)),
        (Vector(2), np.float64([[1e3, -1e3]]), np.float32([[1e3, -1e3]])),
        (Spectrogram(2, 1), np.float32([-80, 3]).reshape(1, 2, 1, 1), np.float32([-80, 3]).reshape(1, 2, 1, 1)),
        (Stack(Tokens(3), 1), INT8[:, None], INT8[:, None].astype(np.int32)),
        (Stack(Image((1, 1, 1)), 2), np.uint8([0, 255]).reshape(1, 2, 1, 1, 1), np.float32([[[[[-1]]], [[[1]]]]])),
        (Anything(), np.array([["a"]], object), np.array([["a"]], object)),
    ],
)
def test_what_is_given(kind, value, given) -> None:
    taken = np.asarray(kind.taken("Toy", "it", value) if not isinstance(kind, Anything) else value)
    assert taken.dtype == given.dtype
    np.testing.assert_array_equal(taken, given)


FRAMES = Stack(Image((2, 2, 1)), 3)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Image((None, None, 3)), np.zeros((2, 4, 4, 1), np.uint8), r"shape \(batch, any, any, 3\) for this Toy"),
        (Image((1, 1, 1)), np.zeros((1, 1, 1, 1), np.int32), r"hold images as uint8, or as float in \[-1, 1\]"),
        (LabelMap(20), np.zeros((2, 4, 4), np.uint8), r"shape \(batch, any, any, 1\) .* of shape \(2, 4, 4\)"),
        (Mask(), np.array([[[["a"]]]]), "hold numbers or booleans. Received: a batch of string"),
        (Label(10), np.int64([0, 2**32]), r"lie in \[0, 10\)\. Received: numbers from 0 to 4294967296"),
        (Label(10), np.int64([0, -1]), r"lie in \[0, 10\)\. Received: numbers from -1 to 0"),
        (
            Label(2, unlabelled=True),
            [-2, 1],
            r"lie in \[0, 2\), or be -1 for an example without a label\. .* from -2 to 1",
        ),
        (Label(2, unlabelled=True), np.uint8([255]), r"without a label\. Received: numbers from 255 to 255"),
        (Label(), np.float32([0.0]), r"hold integers of shape \(batch,\)\. Received: float32 of shape \(1,\)"),
        (Tokens(5, 3), np.zeros((2, 4), np.int32), r"shape \(batch, 3\)"),
        (Tokens(5), np.int32([[0, 5]]), r"lie in \[0, 5\)\. Received: numbers from 0 to 5"),
        (Vector(2), np.zeros((2, 3), np.float32), r"shape \(batch, 2\)"),
        (Vector(2), np.zeros((2, 2), np.int32), "hold floats. Received: a batch of int32"),
        (Spectrogram(), np.float32([[[[np.inf]]]]), "be finite. Received: NaN or infinity"),
        (FRAMES, np.zeros((2, 4, 2, 2, 1), np.uint8), r"shape \(batch, 3, 2, 2, 1\)"),
        (FRAMES, np.full((1, 3, 2, 2, 1), 3.0, np.float32), r"lie in \[-1, 1\]"),
    ],
)
def test_what_is_refused(kind, value, message) -> None:
    with pytest.raises(ValueError, match=f"^(`it` must |Float images must ).*{message}"):
        kind.taken("Toy", "it", value)


def test_a_stack_of_stacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`kind` must be a kind that is no Stack. Received: kind=Stack"):
        Stack(FRAMES, 2)


class Speaker(Method):
    """Says what it is given."""

    def inputs(self):
        return {
            "sound": Spectrogram(3, 2),
            "label": Anything(required=False),
            "frames": Stack(Image((2, 2, 1)), 2, required=False),
            "text": Tokens(9, None),
        }


def test_what_is_declared_is_looked_at_and_nothing_else() -> None:
    model = Speaker()
    sound = np.linspace(-80, 3, 6, dtype=np.float32).reshape(1, 3, 2, 1)
    text = np.int64([[8, 0, 3, 3]])
    as_image = np.full((1, 2, 2, 1), 200, np.uint8)
    batch = model.batch({"sound": sound, "text": text, "picture": as_image, "key": "a"})
    np.testing.assert_array_equal(batch["sound"], sound)
    np.testing.assert_array_equal(batch["text"], text)
    assert batch["picture"] is as_image
    assert batch["key"] == "a"
    assert list(model.batch(sound, training=False)) == ["sound"]
    with pytest.raises(ValueError, match=r"must hold \['sound', 'text'\], .*without \['text'\]"):
        model.batch((sound, None))
    assert model.batch((sound, "of no interest", None, text))["label"] == "of no interest"
    with pytest.raises(ValueError, match=r"`text` must hold as many examples as `sound`. Received: 2 and 1"):
        model.batch({"sound": sound, "text": text.repeat(2, axis=0)})


def test_a_method_that_says_nothing_of_its_batches_is_told() -> None:
    with pytest.raises(NotImplementedError, match="Method does not say what its batches hold"):
        Method().batch(np.zeros((1, 1)))


def test_under_xla_what_is_refused_elsewhere_shows() -> None:
    """XLA drops what raises: an id outside becomes -1, of which `batches.one_hot` makes NaN."""
    taken = tf.function(lambda ids: LabelMap(3).taken("Toy", "it", ids), jit_compile=True)
    np.testing.assert_array_equal(np.ravel(taken(tf.constant([[[[2], [3], [-5]]]]))), [2, -1, -1])
    labels = tf.function(lambda labels: Label(3, unlabelled=True).taken("Toy", "it", labels), jit_compile=True)
    np.testing.assert_array_equal(labels(tf.constant([2, 3, -1, -5])), [2, -2, -1, -2])  # -2 is no example without one


def test_without_a_number_of_classes_no_example_is_unlabelled() -> None:
    with pytest.raises(ValueError, match=r"^`num_classes` must be given if examples may be unlabelled"):
        Label(unlabelled=True)


def test_a_record_keeps_that_an_example_has_no_label() -> None:
    kinds = {"label": Label(3, unlabelled=True), "labels": Stack(Label(3, unlabelled=True), 2)}
    found = parsed(kinds, serialized(kinds, {"label": np.int64(-1), "labels": np.int64([-1, 2])}))
    assert found["label"] == -1
    np.testing.assert_array_equal(found["labels"], [-1, 2])
    with pytest.raises(ValueError, match=r"`label` must lie in \[0, 3\)\. Received: numbers from -1 to -1"):
        serialized({"label": Label(3)}, {"label": np.int64(-1)})
