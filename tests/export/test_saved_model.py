"""What an exported model answers, against the in-memory model on pixels that Pillow decoded."""

import io
import os

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
from skimage import data

from keras_genssl.engine.serving import Serving
from keras_genssl.export import CleanProcess, check, saved_model

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
            "upscale": Serving(self.upscale, "image", "image"),
            "same": Serving(lambda images: images, "image", "image"),
            "encode": Serving(lambda images: self.encoder(images, training=False), "image", "vector"),
            "sample": Serving(lambda latents: self.generator(latents, training=False), "latent", "image"),
            "classify": Serving(lambda images: keras.ops.argmax(self.encoder(images), -1), "image", "label"),
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
        "serving_default": ({"image_bytes"}, {"image_bytes"}),
        "serving_tensor": ({"image"}, {"image"}),
        "serving_examples": ({"examples"}, {"image_bytes"}),
        "same": ({"image_bytes"}, {"image_bytes"}),
        "same_tensor": ({"image"}, {"image"}),
        "same_examples": ({"examples"}, {"image_bytes"}),
        "encode": ({"image_bytes"}, {"vector"}),
        "encode_tensor": ({"image"}, {"vector"}),
        "encode_examples": ({"examples"}, {"vector"}),
        "sample": ({"latent"}, {"image_bytes"}),
        "sample_tensor": ({"latent"}, {"image"}),
        "classify": ({"image_bytes"}, {"label"}),
        "classify_tensor": ({"image"}, {"label"}),
        "classify_examples": ({"examples"}, {"label"}),
    }


@pytest.mark.parametrize("kind", FILES)
def test_bytes_of_every_kind_are_read_as_pillow_reads_them(kind, signatures):
    answer = signatures["same"](image_bytes=tf.constant([FILES[kind]]))["image_bytes"].numpy()
    np.testing.assert_array_equal(decoded(answer[0]), decoded(FILES[kind]))


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


def test_sixteen_bits_keep_the_high_byte(signatures):
    levels = RNG.integers(0, 65536, (9, 7), dtype=np.uint16)
    file = encoded(PIL.Image.fromarray(levels), "PNG")
    answer = signatures["same"](image_bytes=tf.constant([file]))["image_bytes"].numpy()
    np.testing.assert_array_equal(decoded(answer[0]), np.repeat((levels >> 8)[..., np.newaxis], 3, axis=-1))


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
    servings = {"constant": Serving(lambda images: tf.constant(constant), "image", "image")}
    path = saved_model(None, tmp_path / "constant", signatures=servings)
    answer = tf.saved_model.load(str(path)).signatures["serving_default"]
    pixels = decoded(answer(image_bytes=tf.constant([FILES["png"]]))["image_bytes"].numpy()[0])
    np.testing.assert_array_equal(pixels[0, :, 0], np.clip(np.rint(exact), 0, 255))
    np.testing.assert_array_equal(pixels[0, 3:, 0], [254, 0, 255, 7, 8])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (b"", "Input is empty"),
        (b"not an image", "Unknown image file format"),
        (FILES["png"][:100], "Invalid PNG data"),
        (FILES["jpeg"][:200], "Invalid JPEG data"),
    ],
)
def test_one_broken_image_fails_its_batch(broken, message, signatures):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures["serving_default"](image_bytes=tf.constant([FILES["png"], broken]))


def test_only_what_is_served_is_written(tmp_path):
    method = Method()
    path = saved_model(method, tmp_path / "small")
    served = sum(np.prod(w.shape) for w in method.network.weights)
    names = tf.train.list_variables(str(path / "variables" / "variables"))
    assert sum(np.prod(shape) for name, shape in names if name.startswith("read")) == served
    assert sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) < 400_000


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
    entry = Serving(lambda images: images, "image", "image")
    with pytest.raises(ValueError, match=r"both be the signature 'serving_tensor'.*\['a', 'serving_tensor'\]"):
        saved_model(None, tmp_path / "1", signatures={"a": entry, "serving_tensor": entry})
    with pytest.raises(ValueError, match="at least one function"):
        saved_model(None, tmp_path / "1", signatures={})


def test_several_inputs_by_their_names(tmp_path) -> None:
    def paint(latent, label):
        level = latent[:, :1] + tf.cast(label, tf.float32)[:, tf.newaxis]
        return tf.tile(level[:, tf.newaxis, tf.newaxis], (1, 2, 3, 1))

    path = saved_model(None, tmp_path / "both", signatures={"paint": Serving(paint, ("latent", "label"))})
    inputs = {"latent": np.array([[0.5], [-1.0]], np.float32), "label": np.array([0, 1])}
    levels = np.array([0.5, 0.0], np.float32).reshape(2, 1, 1, 1) * np.ones((1, 2, 3, 1), np.float32)
    grey = [np.full((2, 3, 1), level, np.uint8) for level in (191, 128)]  # (x + 1) * 127.5, half to even
    with CleanProcess() as clean:
        assert check(path, inputs, levels, signature="serving_tensor", process=clean).max_error == 0
        assert check(path, inputs, grey, atol=0, process=clean).max_error == 0
    with pytest.raises(ValueError, match="same length"):
        check(path, {**inputs, "label": np.array([0])}, grey)


def test_grey_images_of_one_size(tmp_path) -> None:
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (4, 5, 3), np.uint8)
    luma = np.asarray(PIL.Image.fromarray(colour).convert("L"))[..., np.newaxis]
    serving = Serving(lambda images: images, image_shape=(4, 5, 1))
    path = saved_model(None, tmp_path / "grey", signatures={"same": serving})
    answers = tf.saved_model.load(str(path)).signatures["serving_default"]
    for image, expected in ((colour, luma), (luma.repeat(3, -1), luma), (luma, luma)):
        encoded = tf.io.encode_png(image).numpy()
        answer = answers(image_bytes=tf.constant([encoded]))["image_bytes"]
        np.testing.assert_array_equal(tf.io.decode_png(answer[0]), expected)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"not compatible with expected shape \[4,5,1\]"):
        answers(image_bytes=tf.constant([tf.io.encode_png(colour.transpose(1, 0, 2)).numpy()]))
