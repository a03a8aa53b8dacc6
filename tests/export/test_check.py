"""The clean-process check: passes what stands alone, fails what does not."""

import io

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from keras_genssl.engine import Image, Serving, Vector
from keras_genssl.export import CheckFailed, CleanProcess, check, saved_model
from keras_genssl.export.verify import largest_difference
from tests import without_keras

IMAGE = {"image": Image((None, None, 3))}
PIXELS = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)


def png(pixels):
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Channels reversed and halved towards grey by a Keras layer; the mean colour as a vector."""
    layer = keras.layers.Conv2D(3, 1, use_bias=False)
    layer.build((None, None, None, 3))
    layer.kernel.assign(0.5 * np.eye(3)[::-1].reshape(1, 1, 3, 3))
    servings = {
        "halve": Serving(layer, IMAGE, IMAGE),
        "mean": Serving(lambda images: tf.reduce_mean(images, (1, 2)), IMAGE, {"vector": Vector(3)}),
    }
    return saved_model(None, tmp_path_factory.mktemp("models") / "1", signatures=servings)


@pytest.fixture(scope="module")
def clean():
    """One process for all: what fails in it must not harm what follows."""
    return without_keras.process()


def halved(pixels):
    return np.round((pixels[..., ::-1] / 127.5 - 1) * 0.5 * 127.5 + 127.5).astype(np.uint8)


def test_bytes_tensors_and_vectors_pass(exported, clean):
    small = PIXELS[:2, :3]
    result = check(exported, [png(PIXELS), png(small)], [halved(PIXELS), halved(small)])  # in a process of its own
    assert result.signature == "serving_default"
    assert result.max_error <= 1
    assert result.load_seconds > 0
    assert result.run_seconds > 0

    floats = (PIXELS / 127.5 - 1).astype(np.float32)[np.newaxis]
    result = check(exported, floats, 0.5 * floats[..., ::-1], signature="serving_tensor", atol=1e-6, process=clean)
    assert result.max_error <= 1e-6


def test_another_answer_fails(exported, clean):
    wanted = halved(PIXELS)
    wanted[3, 2, 1] ^= 64
    with pytest.raises(CheckFailed, match=r"'serving_default' of .* differs by 6\d .*at most 1 is allowed"):
        check(exported, [png(PIXELS)], [wanted], process=clean)


def test_shapes_and_nans_are_compared():
    with pytest.raises(CheckFailed, match=r"answer 1 has shape \(6, 5, 3\); expected \(5, 6, 3\)"):
        largest_difference([PIXELS, PIXELS], [PIXELS, PIXELS.transpose(1, 0, 2)])
    assert np.isnan(largest_difference([np.array([1.0]), np.array([np.nan])], [np.array([0.0]), np.array([0.0])]))
    assert np.isnan(largest_difference([np.array([np.nan]), np.array([1.0])], [np.array([0.0]), np.array([0.0])]))
    assert largest_difference([np.array([2, 250], np.uint8)], [np.array([4, 249], np.uint8)]) == 2


def test_damaged_weights_fail(exported, clean, tmp_path):
    broken = tmp_path / "broken"
    for source in exported.rglob("*"):
        if source.is_file():
            copy = broken / source.relative_to(exported)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes()[: 10 if "data" in source.name else None])
    with pytest.raises(CheckFailed, match=r"(?s)without Keras:.*(OutOfRange|DataLoss|checkpoint)"):
        check(broken, [png(PIXELS)], [halved(PIXELS)], process=clean)


def test_a_model_that_calls_back_into_python_fails(clean, tmp_path):
    def python(images):
        return tf.ensure_shape(tf.py_function(lambda x: x * 0.5, [images], tf.float32), (None, None, None, 3))

    path = saved_model(None, tmp_path / "1", signatures={"python": Serving(python, IMAGE, IMAGE)})
    with pytest.raises(CheckFailed, match=r"(?s)failed in a process without Keras.*pyfunc"):
        check(path, [png(PIXELS)], [halved(PIXELS)], process=clean)


def test_a_refused_input_fails_with_its_reason(exported, clean):
    with pytest.raises(CheckFailed, match=r"(?s)an input was refused: the PNG file is damaged or cut off"):
        check(exported, [png(PIXELS), png(PIXELS)[:-30]], [halved(PIXELS)] * 2, process=clean)


def test_a_missing_signature_is_named(exported, clean):
    with pytest.raises(CheckFailed, match=r"no signature 'encode' among \['mean', .*'serving_default'"):
        check(exported, [png(PIXELS)], [halved(PIXELS)], signature="encode", process=clean)


def test_a_process_that_is_late_or_gone_is_told(exported):
    with CleanProcess() as process:
        with pytest.raises(CheckFailed, match=r"gave no answer within 0\.01 s"):
            check(exported, [png(PIXELS)], [halved(PIXELS)], timeout=0.01, process=process)
        with pytest.raises(CheckFailed, match=r"failed in a process without Keras \(exit status -9\)"):
            check(exported, [png(PIXELS)], [halved(PIXELS)], process=process)


def test_inputs_and_answers_must_pair(exported, clean):
    with pytest.raises(ValueError, match="Received: 0 inputs, 0 expected"):
        check(exported, [], [])
    with pytest.raises(ValueError, match="Received: 1 inputs, 2 expected"):
        check(exported, [b""], [PIXELS, PIXELS])
