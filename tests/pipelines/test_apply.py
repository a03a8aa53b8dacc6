import contextlib
import io
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl import engine
from keras_genssl.export import saved_model
from pipelines.batch import apply
from pipelines.console import Console, Terminal
from pipelines.errors import UserError
from tests import processes
from tests.export.image_files import png


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A SavedModel that repeats each pixel twice each way."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def double(image_bytes):
        image = tf.io.decode_png(image_bytes[0], 3)
        large = tf.repeat(tf.repeat(image, 2, 0), 2, 1)
        return {"image_bytes": tf.io.encode_png(large)[None]}

    path = tmp_path_factory.mktemp("model")
    module = tf.Module()
    module.double = double
    tf.saved_model.save(module, str(path), signatures={"serving_default": double})
    return path


def doubling(path, tile):
    """A SavedModel that repeats each pixel twice each way, in tiles."""

    def double(images):
        return tf.repeat(tf.repeat(images, 2, 1), 2, 2)

    image = {"image": engine.Image((None, None, 3))}
    function = engine.in_tiles(double, 1, tile)
    return saved_model(None, path, signatures={"double": engine.Serving(function, image, image)})


@pytest.fixture(scope="module")
def tiled_model(tmp_path_factory):
    """In tiles of at most 8 pixels."""
    return doubling(tmp_path_factory.mktemp("tiled") / "1", 8)


def test_tiles_give_what_the_whole_gives_and_tell_their_number(tiled_model, tmp_path):
    small = np.random.default_rng(3).integers(0, 256, (20, 13, 3)).astype(np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(small).save(path)
    told = []
    (png, whole) = (tmp_path / "out" / "a_x2.png", tf.saved_model.load(str(tiled_model)).signatures["serving_default"])
    console = Console(Terminal(file=io.StringIO()))
    console.tiles = lambda name: contextlib.nullcontext(Told(name, told))
    assert dict(apply.files(tiled_model, [path], tmp_path / "out", console)) == {path: png}
    large = small.repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(Image.open(png), large)
    answer = whole(image_bytes=tf.constant([path.read_bytes()]))["image_bytes"].numpy()[0]
    np.testing.assert_array_equal(Image.open(io.BytesIO(answer)), large)
    assert told == [("a.png", done, 6) for done in range(1, 7)]  # 3 x 2


PEAKS = """
import pathlib, resource, sys
from pipelines.batch import apply
model, output, *images = map(pathlib.Path, sys.argv[1:])
for path, result in apply.files(model, images, output):
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_large_picture_is_never_held_as_floats(tmp_path):
    """Of 2000 x 1500 pixels: 9 MB, and 9 MB in TensorFlow; of the result 12 MB a strip, 36 MB all, as floats 144."""
    images = [tmp_path / f"{side}.png" for side in (600, 2000)]
    for path, height in zip(images, (500, 1500), strict=True):
        Image.new("RGB", (int(path.stem), height), (10, 20, 30)).save(path)
    process = processes.start(["-c", PEAKS, doubling(tmp_path / "model" / "1", 512), tmp_path / "out", *images])
    assert process.wait(60) == 0, process.errors
    small, large = (int(line) * 1024 for line in process.output.split())
    assert large - small < 100e6
    with Image.open(tmp_path / "out" / "2000_x2.png") as enlarged:
        assert enlarged.size == (4000, 3000)


def test_too_many_pixels_are_refused_by_the_header_and_the_model_is_not_asked(tmp_path, tiled_model, monkeypatch):
    (tmp_path / "huge.png").write_bytes(png(60_000, 60_000, 8, 2, [b""]))
    _save(tmp_path / "small.png")
    asked = []
    monkeypatch.setattr(apply, "_enlarged", lambda function, tile, image, *_: asked.append(image.shape) or tmp_path)
    results = _results(tiled_model, [tmp_path / "huge.png", tmp_path / "small.png"], tmp_path / "out")
    assert results[tmp_path / "huge.png"] == "60000 x 60000 pixels, more than the limit of 89478485"
    assert asked == [(2, 3, 3)]


class Told:
    """Records what progress is told of a file."""

    def __init__(self, name, told):
        self.name, self.told = name, told

    def update(self, done, total):
        self.told.append((self.name, done, total))


def test_a_result_that_is_there_already_costs_one_tile_and_leaves_no_part(tiled_model, tmp_path):
    path = _save(tmp_path / "a.png", (20, 20))
    (tmp_path / "a_x2.png").write_text("mine")
    assert "a_x2.png is there already" in _results(tiled_model, [path], tmp_path)[path]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "a_x2.png"]


def _results(model, images, output):
    return dict(apply.files(model, images, output))


def _save(path, size=(3, 2), **options):
    width, height = size
    image = Image.fromarray(np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3) * 3)
    image.save(path, **options)
    return path


def test_originals_are_kept_when_the_output_is_their_folder(model, tmp_path):
    path = _save(tmp_path / "a.png")
    before = path.read_bytes()
    assert _results(model, [path], tmp_path) == {path: tmp_path / "a_x2.png"}
    assert path.read_bytes() == before
    with Image.open(tmp_path / "a_x2.png") as large, Image.open(path) as small:
        np.testing.assert_array_equal(np.asarray(large)[::2, 1::2], np.asarray(small))
    large = (tmp_path / "a_x2.png").read_bytes()
    (tmp_path / "a_x2.png").write_text("mine")
    assert "a_x2.png is there already" in _results(model, [path], tmp_path)[path]
    assert (tmp_path / "a_x2.png").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "a_x2.png"]
    assert Image.open(io.BytesIO(large)).format == "PNG"


def test_portrait_of_a_phone_comes_out_upright(model, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    path = _save(tmp_path / "phone.png", (4, 2), exif=exif)
    _results(model, [path], tmp_path / "out")
    with Image.open(tmp_path / "out" / "phone_x2.png") as large, Image.open(path) as small:
        assert large.size == (4, 8)
        np.testing.assert_array_equal(np.asarray(large)[::2, ::2], np.rot90(np.asarray(small), -1))


def test_sixteen_bits_are_scaled_and_cmyk_and_webp_are_read(model, tmp_path):
    Image.fromarray(np.full((2, 2), 257 * 90, np.uint16)).save(tmp_path / "deep.png")
    Image.new("CMYK", (2, 2), (255, 0, 0, 0)).save(tmp_path / "ink.jpg", quality=100)
    Image.new("RGB", (2, 2), (10, 20, 30)).save(tmp_path / "web.webp", lossless=True)
    expected = {"deep.png": (90, 90, 90), "ink.jpg": (0, 255, 255), "web.webp": (10, 20, 30)}
    images = [tmp_path / name for name in expected]
    results = _results(model, images, tmp_path / "out")
    for path in images:
        with Image.open(results[path]) as large:
            np.testing.assert_allclose(np.asarray(large), np.broadcast_to(expected[path.name], (4, 4, 3)), atol=2)


def test_bad_file_has_a_real_reason_and_the_others_are_enlarged(model, tmp_path):
    good = _save(tmp_path / "good.png")
    texts, empty, cut, folder = (tmp_path / name for name in ("notes.jpg", "empty.png", "cut.png", "folder"))
    texts.write_text("not an image")
    empty.touch()
    _save(cut, (64, 64))
    cut.write_bytes(cut.read_bytes()[:100])
    folder.mkdir()
    results = _results(model, [texts, empty, cut, folder, tmp_path / "none.png", good], tmp_path / "out")
    assert results[texts] == "no decoder recognises the bytes"
    assert results[empty] == "the file is empty"
    assert "truncated" in results[cut]
    assert results[folder] == "Is a directory"
    assert results[tmp_path / "none.png"] == "No such file or directory"
    assert results[good] == tmp_path / "out" / "good_x2.png"


def test_what_cannot_be_used_at_all_is_an_error_of_the_user(model, tmp_path):
    images = [_save(tmp_path / "a.png"), _save(tmp_path / "a.jpg")]
    with pytest.raises(UserError, match="is no SavedModel"):
        _results(tmp_path, images[:1], tmp_path / "out")
    shutil.copytree(model, tmp_path / "damaged")
    with open(tmp_path / "damaged" / "saved_model.pb", "r+b") as file:
        file.truncate(100)
    with pytest.raises(UserError, match=r"damaged: the SavedModel cannot be loaded, .*OSError: Cannot parse file"):
        _results(tmp_path / "damaged", images[:1], tmp_path / "out")
    with pytest.raises(UserError, match="the same file"):
        _results(model, images, tmp_path / "out")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--output .*file: must be a directory"):
        _results(model, images[:1], tmp_path / "file")
    with pytest.raises(UserError, match=r"--output .*: must be a directory"):
        _results(model, images[:1], tmp_path / "file" / "penultimate")
    with pytest.raises(UserError, match=r"--output /proc/none: cannot be written to"):
        _results(model, images[:1], tmp_path.__class__("/proc/none"))
