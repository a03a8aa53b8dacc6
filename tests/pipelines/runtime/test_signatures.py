import tensorflow as tf

from pipelines.report import signatures as readers
from pipelines.runtime import saved_model


class Doubler(tf.Module):
    """Doubles numbers, of classes or of nothing."""

    @tf.function(input_signature=[tf.TensorSpec((None, 3), name="latent"), tf.TensorSpec((None,), tf.int64, "label")])
    def of_classes(self, latent, label):
        return {"double": 2 * latent + tf.cast(label, tf.float32)[:, None]}

    @tf.function(input_signature=[tf.TensorSpec((), tf.int32, "num"), tf.TensorSpec((), tf.int64, "seed")])
    def draw(self, num, seed):
        return {"double": tf.fill((num, 2), tf.cast(seed, tf.float32))}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")])
    def read(self, image_bytes):
        return {"size": tf.strings.length(image_bytes)}


def test_signatures_are_read_described_and_called_from_the_file(tmp_path):
    module = Doubler()
    served = {"read": module.read, "draw": module.draw, "serving_default": module.of_classes}
    tf.saved_model.save(module, str(tmp_path), signatures=served)
    found = saved_model.signatures(tmp_path)
    assert list(found) == ["serving_default", "draw", "read"]
    assert found["serving_default"] == {
        "inputs": {"label": {"dtype": "int64", "shape": [None]}, "latent": {"dtype": "float32", "shape": [None, 3]}},
        "outputs": {"double": {"dtype": "float32", "shape": [None, 3]}},
    }
    text = readers.described(found, "doubler/1")
    assert "| `draw` | `num` int32, `seed` int64 | `double` float32 (None, 2) |" in text
    assert "| `serving_default` | `label` int64 (None,), `latent` float32 (None, 3) |" in text
    assert "saved_model_cli show --dir doubler/1 --all" in text
    loaded = tf.saved_model.load(str(tmp_path)).signatures
    shapes = {}
    for name, signature in loaded.items():
        call = f"signature({readers.arguments(found[name]['inputs'], 5)})"
        answer = eval(call, {"tf": tf, "signature": signature, "image": tf.constant(b"four")})
        shapes[name] = {key: tuple(value.shape) for key, value in answer.items()}
    assert shapes == {"serving_default": {"double": (5, 3)}, "draw": {"double": (5, 2)}, "read": {"size": (1,)}}


def test_only_models_of_files_are_described_with_how_files_are_read(tmp_path):
    tensors = {"latent": {"dtype": "float32", "shape": [None, 3]}}
    files = {"image_bytes": {"dtype": "string", "shape": [None]}}
    for inputs, told in ((tensors, False), (files, True)):
        text = readers.described({"serving_default": {"inputs": inputs, "outputs": tensors}}, "a/1")
        assert ("upright as EXIF says" in text) == told
