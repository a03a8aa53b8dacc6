"""`genssl embed` and `genssl cluster`, from a folder and from records, and VGG16 from a weights file."""

import shutil
import sys

import keras
import numpy as np
import pytest

import keras_genssl as kg
from keras_genssl.layers import CaffePreprocessing
from keras_genssl.pretext import codec
from pipelines.batch import vgg16
from pipelines.cli import main as cli
from pipelines.components.vector_function import VectorFunction
from pipelines.errors import UserError
from pipelines.runtime import history
from pipelines.runtime.metadata import Metadata
from tests.pipelines.colour_encoder import PHOTOS, export, photos


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return export(tmp_path_factory.mktemp("models") / "colour")


@pytest.fixture
def genssl(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty directory: exit status, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["genssl", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, *capsys.readouterr()

    return run


def test_embed_and_cluster(genssl, model, tmp_path):
    folder = photos(tmp_path / "photos")
    (folder / "red" / "<b>broken&.png").write_text("no image")
    (folder / "red" / "twin.png").write_bytes((folder / "red" / "a.png").read_bytes())
    status, output, _ = genssl("embed", model, folder, "--output", folder / "out")
    assert status == 0
    assert "6 images, 2 dead letters" in output
    assert "6 vectors of 3 numbers, 0 dead letters" in output
    assert output.splitlines()[-2].split(maxsplit=1) == ["Vectors", "6 vectors, 2 dead letters (1 duplicate)"]
    embeddings = output.split()[-1]
    assert set(kg.data.load_embeddings(embeddings, "images").names) == set(PHOTOS)

    status, output, _ = genssl("cluster", embeddings, "--clusters", 3, "--output", "clusters")
    assert status == 0
    assert "NMI with the labels 1.000" in output
    sheet = (tmp_path / output.split()[-1]).read_text()
    assert sheet.count("data:image/png;base64,") == 6  # the records were found beside the embeddings

    # From the images again: nothing that is there is made twice, and what the job wrote is not taken for images.
    status, output, _ = genssl("cluster", folder, "--model", model, "--clusters", 3, "--output", folder / "out")
    assert status == 0
    assert output.count("reused") == 2
    status, output, _ = genssl("embed", model, folder, "--output", folder / "out", "--no-cache")
    assert (status, "reused" in output) == (0, False)
    run = history.runs(Metadata(folder / "out"))[0]
    assert run.numbers == {"vectors": 6, "dead_letters": 2, "duplicates": 1}
    status, output, _ = genssl("runs", "--output", folder / "out")
    assert (status, "embed" in output, "cluster" in output) == (0, True, True)
    status, output, _ = genssl("lineage", embeddings, "--output", folder / "out")
    assert (status, "BulkInferrer" in output, "ImageExampleGen" in output) == (0, True, True)

    (tmp_path / "empty").mkdir()
    damaged = [shutil.copytree(model, tmp_path / name) for name in ("variables", "graph")]
    shutil.rmtree(damaged[0] / "variables")
    (damaged[1] / "saved_model.pb").write_bytes((model / "saved_model.pb").read_bytes()[:500])
    for arguments, message in (
        (("embed", model, "empty"), "`source` must hold image files"),
        (("embed", "empty", folder), "empty: is no SavedModel"),
        (("embed", model, model), "`source` must hold image files"),
        *((("embed", it, folder, "--output", "new"), f"{it}: the SavedModel cannot be loaded") for it in damaged),
        (
            ("embed", model, folder / "red" / "a.png"),
            "a.png: must be a folder of images or a directory of records, and",
        ),
        (("embed", model, embeddings), f"{embeddings}: must hold images, and holds vectors"),
        (("embed", model, folder, "--runner", "dusk"), "--runner must be one of fnapi, dask"),
        (("cluster", folder, "--clusters", 3, "stray"), "Options for Beam stand after `--` and begin with `--`"),
        (("cluster", folder, "--clusters", 3), "--model: is needed"),
        (("cluster", embeddings, "--clusters", 3, "--model", model), "must be left out"),
        (("cluster", embeddings, "--clusters", 7), "`clusters` must not exceed the 6 vectors"),
        (("cluster", embeddings, "--clusters", 3, "--examples", "empty"), "holds no manifest.json"),
        (("cluster", folder, "--clusters", 3, "--model", "vgg16"), "--weights: VGG16 needs a Keras weights file"),
        (("cluster", folder, "--clusters", 3, "--model", model, "--weights", "w"), "is for --model vgg16 only"),
    ):
        status, _, errors = genssl(*arguments)
        assert (status, message in errors) == (2, True), errors
    assert not (tmp_path / "new" / "examples").exists()  # no image was read


def test_names_are_escaped_on_the_contact_sheet(genssl, model, tmp_path):
    folder = photos(tmp_path / "photos")
    (folder / "red" / "a.png").rename(folder / "red" / "<script>.png")
    status, output, _ = genssl("cluster", folder, "--model", model, "--clusters", 1)
    assert status == 0
    sheet = (tmp_path / output.split()[-1]).read_text()
    assert "&lt;script&gt;" in sheet
    assert "<script" not in sheet


def test_vgg16_is_that_of_keras_behind_bytes(tmp_path):
    network = keras.applications.VGG16(include_top=False, weights=None, input_shape=(None, None, 3), pooling="avg")
    network.save_weights(tmp_path / "vgg16.weights.h5")
    path = vgg16.export(tmp_path / "vgg16.weights.h5", tmp_path, side=32)
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)  # of the side itself: not resized
    function = VectorFunction(path)
    (vector,) = function([function.input(codec.encode_png(image), image)])
    expected = network(CaffePreprocessing()(np.float32(image[None]) / 127.5 - 1))
    np.testing.assert_allclose(vector, expected[0], rtol=1e-4, atol=1e-6)
    assert vgg16.export(tmp_path / "vgg16.weights.h5", tmp_path, side=32) == path
    (tmp_path / "other.h5").write_text("no weights")
    with pytest.raises(UserError, match=r"other.h5: must be a Keras weights file of VGG16 .*, and cannot be read"):
        vgg16.export(tmp_path / "other.h5", tmp_path)
    with pytest.raises(UserError, match=r"none.h5: there is no such file; it must be a Keras weights file"):
        vgg16.export(tmp_path / "none.h5", tmp_path)
