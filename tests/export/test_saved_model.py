"""What an exported model answers, against the in-memory model on pixels that Pillow decoded."""

import io
import os

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
from skimage import data

from keras_genssl.engine import Image, Label, Serving, Vector
from keras_genssl.export import check, saved_model
from keras_genssl.pretext import decode_image
from tests import without_keras
from tests.export.image_files import SERVED

IMAGE = {"image": Image((None, None, 3))}
RNG = np.random.default_rng(0)
PHOTO = PIL.Image.fromarray(data.astronaut()[100:121, 200:233])  # 33 wide, 21 high


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_alpha(image):
    pixels = np.array(image.convert("RGBA"))
    pixels[..., 3] = RNG.integers(0, 256, pixels.shape[:2])
    return PIL.Image.fromarray(pixels)


FILES = {
    "png": encoded(PHOTO, "PNG"),
    "grey": encoded(PHOTO.convert("L"), "PNG"),
    "grey and alpha": encoded(with_alpha(PHOTO).convert("LA"), "PNG"),
    "alpha": encoded(with_alpha(PHOTO), "PNG"),
    "one bit": encoded(PHOTO.convert("1"), "PNG"),
    "palette": encoded(PHOTO.quantize(16), "PNG"),
    "palette with transparency": encoded(PHOTO.quantize(16), "PNG", transparency=3),
    "jpeg": encoded(PHOTO, "JPEG", quality=95),
    "progressive jpeg": encoded(PHOTO, "JPEG", quality=50, subsampling=2, progressive=True),
    "grey jpeg": encoded(PHOTO.convert("L"), "JPEG"),
    "cmyk jpeg": encoded(PHOTO.convert("CMYK"), "JPEG"),
    "gif": encoded(PHOTO, "GIF"),
    "animated gif": encoded(PHOTO, "GIF", save_all=True, append_images=[PHOTO.rotate(180)]),
    "bmp": encoded(PHOTO, "BMP"),
    "webp": encoded(PHOTO, "WEBP", lossless=True),
    "one pixel": encoded(PHOTO.crop((0, 0, 1, 1)), "PNG"),
    "column": encoded(PHOTO.crop((0, 0, 1, 21)), "PNG"),
}


def decoded(file):
    with PIL.Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("RGB"))


def to_float(pixels):
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)


class PixelShuffle(keras.layers.Layer):
    def call(self, x):
        return tf.nn.depth_to_space(x, 2)


class Method(keras.Model):
    """A stock convolution and x2 pixel shuffle, a descriptor, a generator, and a network nobody serves."""

    def __init__(self, servings=("upscale",)):
        super().__init__()
        keras.utils.set_random_seed(1)
        image = keras.Input((None, None, 3))
        wide = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(image)
        self.network = keras.Model(image, PixelShuffle()(keras.layers.Conv2D(12, 3, padding="same")(wide)))
        self.encoder = keras.Model(image, keras.layers.GlobalAveragePooling2D()(wide))
        latent = keras.Input((5,))
        hidden = keras.layers.Dense(4 * 6 * 3, activation="tanh")(latent)
        self.generator = keras.Model(latent, keras.layers.Reshape((4, 6, 3))(hidden))
        self.critic = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1000)])
        self.servings = servings

    def upscale(self, images):
        return 3 * self.network(images, training=False)  # leaves [-1, 1]: clipping shows

    def serving(self):
        known = {
            "upscale": Serving(self.upscale, IMAGE, IMAGE),
            "same": Serving(lambda images: images, IMAGE, IMAGE),
            "encode": Serving(lambda images: self.encoder(images, training=False), IMAGE, {"vector": Vector(8)}),
            "sample": Serving(lambda latents: self.generator(latents, training=False), {"latent": Vector(5)}, IMAGE),
            "classify": Serving(lambda images: keras.ops.argmax(self.encoder(images), -1), IMAGE, {"label": Label(8)}),
        }
        return {name: known[name] for name in self.servings}


@pytest.fixture(scope="module")
def method():
    return Method(("upscale", "same", "encode", "sample", "classify"))


@pytest.fixture(scope="module")
def loaded(method, tmp_path_factory):
    path = saved_model(method, tmp_path_factory.mktemp("models") / "photos" / "1")
    return tf.saved_model.load(str(path))  # owns the variables


@pytest.fixture
def signatures(loaded):
    return loaded.signatures


def test_names_and_keys_are_those_promised(signatures):
    keys = {
        name: (set(function.structured_input_signature[1]), set(function.structured_outputs))
        for name, function in signatures.items()
    }
    assert keys == {
        "serving_default": ({"image_bytes"}, {"image_bytes", "error"}),
        "serving_tensor": ({"image"}, {"image"}),
        "serving_examples": ({"examples"}, {"image_bytes", "error"}),
        "same": ({"image_bytes"}, {"image_bytes", "error"}),
        "same_tensor": ({"image"}, {"image"}),
        "same_examples": ({"examples"}, {"image_bytes", "error"}),
        "encode": ({"image_bytes"}, {"vector", "error"}),
        "encode_tensor": ({"image"}, {"vector"}),
        "encode_examples": ({"examples"}, {"vector", "error"}),
        "sample": ({"latent"}, {"image_bytes"}),
        "sample_tensor": ({"latent"}, {"image"}),
        "sample_examples": ({"examples"}, {"image_bytes", "error"}),
        "classify": ({"image_bytes"}, {"label", "error"}),
        "classify_tensor": ({"image"}, {"label"}),
        "classify_examples": ({"examples"}, {"label", "error"}),
    }


def test_bytes_are_read_as_preparation_reads_them(signatures):
    """Of every kind in `test_decoding.py`; here of some, in one batch."""
    files = [
        SERVED[name]
        for name in ("jpeg of orientation 6", "webp with alpha", "gif with transparent pixels", "bmp of 4 bits")
    ]
    answer = signatures["same"](image_bytes=tf.constant(files))
    assert list(answer["error"].numpy()) == [b""] * 4
    for served, file in zip(answer["image_bytes"].numpy(), files, strict=True):
        np.testing.assert_array_equal(decoded(served), decode_image(file)[0])


@pytest.mark.parametrize("kind", ["png", "jpeg", "one pixel", "column"])
def test_bytes_answer_as_the_model_in_memory(kind, method, signatures):
    answer = signatures["serving_default"](image_bytes=tf.constant([FILES[kind]]))["image_bytes"].numpy()
    pixels = decoded(FILES[kind])
    wanted = np.asarray(method.upscale(to_float(pixels)[np.newaxis]))[0]
    assert wanted.shape == (2 * pixels.shape[0], 2 * pixels.shape[1], 3)
    assert np.abs(wanted).max() > 1 or pixels.size < 100
    # Rounded, and nothing else: half a level, and the last bits in which graph and eager differ.
    unrounded = np.clip((wanted + 1) * 127.5, 0, 255)
    np.testing.assert_allclose(decoded(answer[0]), unrounded, rtol=0, atol=0.5 + 1e-4)


def test_a_batch_mixes_sizes_and_kinds(signatures):
    default = signatures["serving_default"]
    together = default(image_bytes=tf.constant(list(FILES.values())))["image_bytes"].numpy()
    alone = [default(image_bytes=tf.constant([f]))["image_bytes"].numpy()[0] for f in FILES.values()]
    assert list(together) == alone
    assert default(image_bytes=tf.constant([], tf.string))["image_bytes"].shape == (0,)


def test_examples_answer_as_bytes(signatures):
    files = [FILES["png"], FILES["jpeg"]]
    examples = [
        tf.train.Example(
            features=tf.train.Features(feature={"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[file]))})
        ).SerializeToString()
        for file in files
    ]
    by_example = signatures["serving_examples"](examples=tf.constant(examples))["image_bytes"]
    by_bytes = signatures["serving_default"](image_bytes=tf.constant(files))["image_bytes"]
    np.testing.assert_array_equal(by_example.numpy(), by_bytes.numpy())


def test_tensors_are_neither_clipped_nor_rounded(method, signatures):
    batch = RNG.uniform(-1, 1, (2, 5, 4, 3)).astype(np.float32)
    answer = signatures["serving_tensor"](image=tf.constant(batch))["image"]
    assert answer.shape == (2, 10, 8, 3)
    assert np.abs(answer).max() > 1
    np.testing.assert_allclose(answer, method.upscale(batch), atol=1e-6)


def test_vectors_and_labels(method, signatures):
    files = [FILES["png"], FILES["one pixel"]]
    wanted = np.concatenate([method.encoder(to_float(decoded(file))[np.newaxis]) for file in files])
    vectors = signatures["encode"](image_bytes=tf.constant(files))["vector"]
    assert vectors.shape == (2, 8)
    np.testing.assert_allclose(vectors, wanted, atol=1e-6)
    labels = signatures["classify"](image_bytes=tf.constant(files))["label"]
    np.testing.assert_array_equal(labels, wanted.argmax(-1))


def test_latents_become_images(method, signatures):
    latents = RNG.normal(size=(3, 5)).astype(np.float32)
    wanted = method.generator(latents)
    answer = signatures["sample"](latent=tf.constant(latents))["image_bytes"].numpy()
    for file, image in zip(answer, wanted, strict=True):
        np.testing.assert_allclose(decoded(file), (np.asarray(image) + 1) * 127.5, rtol=0, atol=0.5 + 1e-4)
    np.testing.assert_allclose(signatures["sample_tensor"](latent=tf.constant(latents))["image"], wanted, atol=1e-6)


def test_grey_levels_are_clipped_and_rounded_half_to_even(tmp_path):
    # An 8-bit level k is (k / 127.5 - 1); half a level up lies between k and k + 1.
    levels = np.array([0.5, 1.5, 2.5, 254.5, -40.0, 300.0, 7.49, 7.51])
    values = (levels / 127.5 - 1).astype(np.float32)
    exact = (values + np.float32(1)) * np.float32(127.5)  # what float32 makes of the halves
    constant = np.tile(values.reshape(1, 1, 8, 1), (1, 1, 1, 3))
    servings = {"constant": Serving(lambda images: tf.constant(constant), IMAGE, IMAGE)}
    path = saved_model(None, tmp_path / "constant", signatures=servings)
    answer = tf.saved_model.load(str(path)).signatures["serving_default"]
    pixels = decoded(answer(image_bytes=tf.constant([FILES["png"]]))["image_bytes"].numpy()[0])
    np.testing.assert_array_equal(pixels[0, :, 0], np.clip(np.rint(exact), 0, 255))
    np.testing.assert_array_equal(pixels[0, 3:, 0], [254, 0, 255, 7, 8])


def test_a_broken_image_is_refused_alone(signatures):
    broken = [b"", b"not an image", FILES["png"][:100], FILES["jpeg"][:200]]
    batch = [FILES["png"], *broken, FILES["jpeg"]]
    wanted = ["", "file is empty", "no image file", "PNG file is damaged", "JPEG file is damaged", ""]

    def check_reasons(answer):
        for reason, part in zip(answer["error"].numpy(), wanted, strict=True):
            assert bool(reason) == bool(part)
            assert part in reason.decode()

    images = signatures["same"](image_bytes=tf.constant(batch))
    check_reasons(images)
    assert [bool(file) for file in images["image_bytes"].numpy()] == [not part for part in wanted]
    np.testing.assert_array_equal(decoded(images["image_bytes"][5].numpy()), decoded(FILES["jpeg"]))
    vectors = signatures["encode"](image_bytes=tf.constant(batch))
    check_reasons(vectors)
    np.testing.assert_array_equal(np.isnan(vectors["vector"]).all(axis=1), [bool(part) for part in wanted])
    np.testing.assert_array_equal(np.isnan(vectors["vector"]).any(axis=1), [bool(part) for part in wanted])
    labels = signatures["classify"](image_bytes=tf.constant(batch))
    check_reasons(labels)
    np.testing.assert_array_equal(labels["label"] == -1, [bool(part) for part in wanted])


def test_a_broken_example_is_refused_alone(signatures):
    def example(**features):
        listed = {name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[it])) for name, it in features.items()}
        return tf.train.Example(features=tf.train.Features(feature=listed)).SerializeToString()

    batch = [example(image=FILES["png"]), b"garbage", example(picture=FILES["png"]), example(image=b"x")]
    answer = signatures["encode_examples"](examples=tf.constant(batch))
    reasons = [reason.decode() for reason in answer["error"].numpy()]
    assert reasons[0] == ""
    assert reasons[1] == reasons[2] == "not a serialized tf.train.Example with one string as its feature 'image'"
    assert "no image file" in reasons[3]
    np.testing.assert_array_equal(np.isnan(answer["vector"]).all(axis=1), [False, True, True, True])


def test_only_what_is_served_is_written(tmp_path):
    method = Method()
    path = saved_model(method, tmp_path / "small")
    served = sum(np.prod(w.shape) for w in method.network.weights)
    names = tf.train.list_variables(str(path / "variables" / "variables"))
    assert sum(np.prod(shape) for name, shape in names if name.startswith("read")) == served
    assert sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) < 1_000_000  # most of it the decoder


def test_weights_of_a_strategy_are_exported(tmp_path):
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        method = Method()
    path = saved_model(method, tmp_path / "mirrored")
    answer = tf.saved_model.load(str(path)).signatures["serving_tensor"]
    batch = RNG.uniform(-1, 1, (1, 3, 3, 3)).astype(np.float32)
    np.testing.assert_allclose(answer(image=tf.constant(batch))["image"], method.upscale(batch), atol=1e-6)


def test_mixed_precision_answers_in_float32(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        method = Method()
    finally:
        keras.config.set_dtype_policy("float32")
    answer = tf.saved_model.load(str(saved_model(method, tmp_path / "mixed"))).signatures["serving_tensor"]
    assert answer(image=tf.zeros((1, 3, 3, 3)))["image"].dtype == tf.float32


def test_what_says_nothing_of_what_it_serves_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"`model` must have a method `serving\(\)`.*Received: model=<Sequential"):
        saved_model(keras.Sequential(), tmp_path / "1")
    assert os.listdir(tmp_path) == []


def test_an_existing_path_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "1"
    path.mkdir()
    with pytest.raises(FileExistsError, match=r"`path` must not exist.*path='.*1'"):
        saved_model(Method(), path)
    assert os.listdir(tmp_path) == ["1"]
    assert os.listdir(path) == []


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, OSError])
def test_an_interrupted_export_leaves_nothing(interrupt, tmp_path, monkeypatch):
    save = tf.saved_model.save

    def interrupted(module, path, **arguments):
        save(module, path, **arguments)
        raise interrupt

    monkeypatch.setattr(tf.saved_model, "save", interrupted)
    with pytest.raises(interrupt):
        saved_model(Method(), tmp_path / "models" / "1")
    assert os.listdir(tmp_path / "models") == []


def test_what_a_killed_export_left_is_removed_by_the_next(tmp_path):
    (tmp_path / (".1.part-" + "0" * 32)).mkdir()
    (tmp_path / (".1.part-" + "0" * 32) / "saved_model.pb").write_bytes(b"half")
    (tmp_path / (".12.part-" + "0" * 32)).mkdir()  # another model's
    saved_model(Method(), tmp_path / "1")
    assert sorted(os.listdir(tmp_path)) == [".12.part-" + "0" * 32, "1"]


def test_two_entries_of_one_name_are_refused(tmp_path):
    entry = Serving(lambda images: images, IMAGE, IMAGE)
    with pytest.raises(ValueError, match=r"both be the signature 'serving_tensor'.*\['a', 'serving_tensor'\]"):
        saved_model(None, tmp_path / "1", signatures={"a": entry, "serving_tensor": entry})
    with pytest.raises(ValueError, match="at least one function"):
        saved_model(None, tmp_path / "1", signatures={})


def test_several_inputs_by_their_names(tmp_path) -> None:
    def paint(latent, label):
        level = latent[:, :1] + tf.cast(label, tf.float32)[:, tf.newaxis]
        return tf.tile(level[:, tf.newaxis, tf.newaxis], (1, 2, 3, 1))

    kinds = {"latent": Vector(1), "label": Label(2)}
    path = saved_model(
        None, tmp_path / "both", signatures={"paint": Serving(paint, kinds, {"image": Image((2, 3, 1))})}
    )
    inputs = {"latent": np.array([[0.5], [-1.0]], np.float32), "label": np.array([0, 1])}
    levels = np.array([0.5, 0.0], np.float32).reshape(2, 1, 1, 1) * np.ones((1, 2, 3, 1), np.float32)
    grey = [np.full((2, 3, 1), level, np.uint8) for level in (191, 128)]  # (x + 1) * 127.5, half to even
    process = without_keras.process()
    assert check(path, inputs, levels, signature="serving_tensor", process=process).max_error == 0
    assert check(path, inputs, grey, atol=0, process=process).max_error == 0
    with pytest.raises(ValueError, match="same length"):
        check(path, {**inputs, "label": np.array([0])}, grey)


def test_grey_images_of_one_size(tmp_path) -> None:
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (4, 5, 3), np.uint8)
    luma = np.asarray(PIL.Image.fromarray(colour).convert("L"))[..., np.newaxis]
    grey = {"image": Image((4, 5, 1))}
    serving = Serving(lambda images: images, grey, grey)
    path = saved_model(None, tmp_path / "grey", signatures={"same": serving})
    answers = tf.saved_model.load(str(path)).signatures["serving_default"]
    for image, expected in ((colour, luma), (luma.repeat(3, -1), luma), (luma, luma)):
        encoded = tf.io.encode_png(image).numpy()
        answer = answers(image_bytes=tf.constant([encoded]))["image_bytes"]
        np.testing.assert_array_equal(tf.io.decode_png(answer[0]), expected)
    turned = tf.io.encode_png(colour.transpose(1, 0, 2)).numpy()
    answer = answers(image_bytes=tf.constant([turned, tf.io.encode_png(luma).numpy()]))
    assert answer["error"].numpy().tolist() == [
        b"the model takes images of 5 x 4 pixels (width x height). Received: 4 x 5",
        b"",
    ]
    np.testing.assert_array_equal(tf.io.decode_png(answer["image_bytes"][1]), luma)


def test_vectors_whose_length_is_unknown_cannot_be_served(tmp_path) -> None:
    serving = Serving(lambda images: tf.reshape(images, (tf.shape(images)[0], -1)), IMAGE, {"vector": Vector()})
    with pytest.raises(ValueError, match=r"`function` must give 'vector' of one shape .* Received: shape"):
        saved_model(None, tmp_path / "1", signatures={"flat": serving})
