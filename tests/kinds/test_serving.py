"""What goes in and out of an exported model, of every kind, and nothing in."""

import io

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from keras_genssl.engine import Anything, Image, Label, LabelMap, Mask, Serving, Spectrogram, Stack, Tokens, Vector
from keras_genssl.export import CheckFailed, check, saved_model
from keras_genssl.kinds.records import serialized
from keras_genssl.kinds.seeds import GivenSeed
from tests import without_keras

RNG = np.random.default_rng(0)
NUM = 3

MIXED = {
    "image": Image((4, 5, 3)),
    "vector": Vector(3),
    "layout": LabelMap(20, (2, 3)),
    "mask": Mask((2, 2)),
    "frames": Stack(Image((4, 4, 1)), 2),
    "label": Label(4),
}


def mix(image, vector, layout, mask, frames, label):
    return {
        "vector": vector + tf.reduce_mean(image, (1, 2)),
        "layout": layout,
        "mask": 1 - mask,
        "reversed": frames[:, ::-1],
        "label": label,
    }


def draw(num, seed):
    """Noise, and words drawn one after another in a loop of TensorFlow's."""

    def word(turn, words):
        return words.write(turn, keras.random.randint((num,), 0, 9, dtype="int64", seed=seed.at(turn)))

    words = tf.TensorArray(tf.int64, 6, element_shape=(None,))
    _, words = tf.while_loop(lambda turn, _: turn < 6, lambda turn, w: (turn + 1, word(turn, w)), (0, words))
    return {
        "image": keras.ops.tanh(keras.random.normal((num, 4, 5, 1), seed=seed)),
        "text": tf.transpose(words.stack()),
    }


SERVINGS = {
    "mix": Serving(
        mix,
        MIXED,
        {
            "vector": Vector(3),
            "layout": LabelMap(20, (2, 3)),
            "mask": Mask((2, 2)),
            "reversed": Stack(Image((4, 4, 1)), 2),
            "label": Label(4),
        },
    ),
    "draw": Serving(draw, {}, {"image": Image((4, 5, 1)), "text": Tokens(9, 6)}),
    "listen": Serving(
        lambda sound, words: (
            tf.reduce_mean(sound, (1, 2)) + tf.cast(tf.reduce_sum(words, 1, keepdims=True), tf.float32)
        ),
        {"sound": Spectrogram(2, None), "words": Tokens(9, None)},
        {"score": Vector(1)},
    ),
}


def png(pixels):
    file = io.BytesIO()
    PIL.Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0]).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return saved_model(None, tmp_path_factory.mktemp("models") / "1", signatures=SERVINGS)


@pytest.fixture(scope="module")
def signatures(path):
    loaded = tf.saved_model.load(str(path))
    yield loaded.signatures
    del loaded


@pytest.fixture(scope="module")
def batch():
    return {
        "image": RNG.integers(0, 256, (NUM, 4, 5, 3), np.uint8),
        "vector": RNG.normal(size=(NUM, 3)).astype(np.float32),
        "layout": RNG.permutation(20)[: NUM * 6].reshape(NUM, 2, 3, 1).astype(np.uint8),
        "mask": RNG.integers(0, 2, (NUM, 2, 2, 1), np.uint8),
        "frames": RNG.integers(0, 256, (NUM, 2, 4, 4, 1), np.uint8),
        "label": np.arange(NUM),
    }


@pytest.fixture(scope="module")
def by_bytes(batch):
    return {
        "image_bytes": [png(image) for image in batch["image"]],
        "vector": batch["vector"],
        "layout_bytes": [png(layout) for layout in batch["layout"]],
        "mask_bytes": [png(255 * mask) for mask in batch["mask"]],
        "frames_bytes": [[png(frame) for frame in film] for film in batch["frames"]],
        "label": batch["label"],
    }


def expected(batch):
    return {
        "vector": batch["vector"] + (batch["image"] / 127.5 - 1).mean((1, 2)),
        "layout_bytes": batch["layout"],
        "mask_bytes": 255 * (1 - batch["mask"]),
        "label": batch["label"],
    }


def test_names_are_those_of_the_kinds(signatures):
    keys = {
        name: (set(function.structured_input_signature[1]), set(function.structured_outputs))
        for name, function in signatures.items()
    }
    answers = {"vector", "layout_bytes", "mask_bytes", "reversed_bytes", "label", "error"}
    bytes_in = {"image_bytes", "vector", "layout_bytes", "mask_bytes", "frames_bytes", "label"}
    assert keys == {
        "serving_default": (bytes_in, answers),
        "serving_tensor": (set(MIXED), {"vector", "layout", "mask", "reversed", "label"}),
        "serving_examples": ({"examples"}, answers),
        "draw": ({"num", "seed"}, {"image_bytes", "text"}),
        "draw_tensor": ({"num", "seed"}, {"image", "text"}),
        "listen": ({"sound", "words"}, {"score"}),
        "listen_tensor": ({"sound", "words"}, {"score"}),
        "listen_examples": ({"examples"}, {"score", "error"}),
    }


def test_it_answers_where_only_tensorflow_is(path, batch, by_bytes):
    levels = batch["frames"][:, ::-1]
    clean = without_keras.process()
    wanted = {**expected(batch), "reversed_bytes": levels}
    records = [serialized(MIXED, {name: values[i] for name, values in batch.items()}) for i in range(NUM)]
    assert check(path, by_bytes, wanted, atol=1e-5, process=clean).max_error < 1e-5
    assert check(path, records, wanted, signature="serving_examples", atol=1e-5, process=clean).max_error < 1e-5
    sound = RNG.normal(-80, 9, (2, 2, 7, 1)).astype(np.float32)
    words = np.array([[1, 2, 3], [8, 8, 8]])
    scores = sound.mean((1, 2)) + words.sum(1, keepdims=True)
    check(path, {"sound": sound, "words": words}, scores, signature="listen", process=clean)
    kinds = SERVINGS["listen"].inputs
    records = [serialized(kinds, {"sound": sound[i], "words": words[i]}) for i in range(2)]
    check(path, records, scores, signature="listen_examples", process=clean)
    seen = draw(2, GivenSeed(7))
    drawn = {"image": np.asarray(seen["image"]), "text": np.asarray(seen["text"])}
    check(path, {"num": 2, "seed": 7}, drawn, signature="draw_tensor", atol=1e-5, process=clean)
    with pytest.raises(CheckFailed, match=r"answers \['image', 'text'\]; expected is \['image'\]"):
        check(path, {"num": 2, "seed": 7}, {"image": drawn["image"]}, signature="draw_tensor", process=clean)


def test_a_seed_gives_the_same_and_a_negative_one_another_each_time(signatures):
    def texts(seed):
        answer = signatures["draw"](num=tf.constant(5), seed=tf.constant(seed, tf.int64))
        assert all(file.startswith(b"\x89PNG") for file in answer["image_bytes"].numpy())
        return answer["text"].numpy()

    np.testing.assert_array_equal(texts(3), texts(3))
    assert (texts(3) != texts(4)).any()
    assert (texts(-1) != texts(-1)).any()
    assert len({tuple(column) for column in texts(3).T}) == 6  # no turn of a loop draws what another one drew


def test_what_cannot_be_read_is_refused_alone(signatures, batch, by_bytes):
    grey = np.zeros((2, 3), np.uint8)
    palette = io.BytesIO()
    PIL.Image.fromarray(grey).convert("P").save(palette, "PNG")
    faults = {
        "image_bytes": (b"no file", "no image file of a kind that is read"),
        "layout_bytes": (png(np.full((2, 3, 1), 20, np.uint8)), "'layout' must lie in [0, 20). Received: numbers from"),
        "mask_bytes": (
            png(np.zeros((3, 3, 1), np.uint8)),
            "takes maps of 2 x 2 pixels (width x height). Received: 3 x 3",
        ),
        "frames_bytes": ([by_bytes["frames_bytes"][0][0], b""], "the file is empty"),
        "label": (4, "'label' must lie in [0, 4). Received: numbers from 4 to 4"),
    }
    others = {
        "layout_bytes": [(palette.getvalue(), "must be a PNG of greys of 8 or 16 bits"), (b"\x89PNG", "of greys")]
    }
    for name, fault in [*faults.items(), *((name, one) for name, many in others.items() for one in many)]:
        asked = {**by_bytes, name: [by_bytes[name][0], fault[0], by_bytes[name][2]]}
        specs = signatures["serving_default"].structured_input_signature[1]
        inputs = {each: tf.constant(values, specs[each].dtype) for each, values in asked.items()}
        answer = signatures["serving_default"](**inputs)
        reasons = [reason.decode() for reason in answer["error"].numpy()]
        assert [bool(reason) for reason in reasons] == [False, True, False]
        assert fault[1] in reasons[1]
        np.testing.assert_array_equal(np.isnan(answer["vector"]).any(axis=1), [False, True, False])
        np.testing.assert_array_equal(answer["label"], [0, -1, 2])
        assert [bool(file) for file in answer["layout_bytes"].numpy()] == [True, False, True]
        assert answer["reversed_bytes"].numpy()[1].tolist() == [b"", b""]
    tensors = {name: tf.zeros((1, *kind.example_shape), kind.element.dtype) for name, kind in MIXED.items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`label` must lie in \[0, 4\)"):
        signatures["serving_tensor"](**{**tensors, "label": tf.constant([4], tf.int64)})


def test_label_maps_of_many_classes_are_of_16_bits():
    ids = np.array([[0, 255, 256, 65535]], np.uint16)[..., np.newaxis]
    record = tf.train.Example.FromString(serialized({"it": LabelMap(2**16)}, {"it": ids}))
    (file,) = record.features.feature["it"].bytes_list.value
    np.testing.assert_array_equal(np.asarray(PIL.Image.open(io.BytesIO(file))), ids[..., 0])


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({"image": "image"}, {"vector": Vector(3)}, r"`inputs` must map names to kinds.*Received: inputs={'image'"),
        (Image((1, 1, 3)), {"vector": Vector(3)}, "`inputs` must map names to kinds"),
        ({"it": Anything()}, {"vector": Vector(3)}, "Anything cannot travel"),
        ({}, {}, "`outputs` must name at least one output"),
        ({}, {"error": Vector(1)}, "none 'error', which tells why an input was refused"),
        (
            {"image": Image((1, 1, 2))},
            {"vector": Vector(3)},
            r"1 or 3 channels.*Received: 'image' of shape \(1, 1, 2\)",
        ),
        ({"it": Stack(Image((1, 1, 3)))}, {"vector": Vector(3)}, "stack of files that goes in must say its `num`"),
    ],
)
def test_entries_that_cannot_travel_are_refused(inputs, outputs, message):
    with pytest.raises(ValueError, match=message):
        Serving(lambda *given: given[0], inputs, outputs)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda latent: latent, r"`function` must give 'vector' of shape \(None, 3\). Received: \(None, 2\)"),
        (lambda latent: {"latent": latent}, r"`function` must give the outputs \['vector'\]. Received: \['latent'\]"),
    ],
)
def test_a_function_must_give_what_its_entry_says(made, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        saved_model(
            None, tmp_path / "1", signatures={"it": Serving(made, {"latent": Vector(2)}, {"vector": Vector(3)})}
        )
