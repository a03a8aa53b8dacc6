"""BulkInferrer: an encoder whose vectors are known, images that it or nobody can take, kills and workers."""

import hashlib
import json
import pathlib
import signal

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

import keras_genssl as kg
import pipelines
from pipelines.beam import records
from pipelines.components import served, vector_function
from pipelines.components.bulk_inferrer import bulk_inferrer
from pipelines.data.example_gen.images import image_example_gen
from pipelines.errors import UserError
from tests import processes
from tests.pipelines.colour_encoder import PHOTOS, WIDEST, export, photos

SHARDS = {"images": 3}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("bulk")


@pytest.fixture(scope="module")
def model(home):
    return export(home / "model")


@pytest.fixture(scope="module")
def examples(home):
    folder = photos(home / "photos")
    Image.new("RGB", (WIDEST + 1, 2)).save(folder / "red" / "wide.png")
    return image_example_gen(folder, home / "examples", {"images": 1.0}, shards=SHARDS, labels=True)


@pytest.fixture(scope="module")
def corrupt(examples, home):
    """The same, of which the image of green/b does not decode, and the record of blue/b has none."""
    for shard in examples.manifest["splits"]["images"]["shards"]:
        path = examples.path / shard["file"]
        with open(path, "rb") as file:
            found = [records.parse(record) for record in records.read(file)]
        for record in found:
            if record["name"] == b"green/b":
                record["image"] = record["image"][:45]
            if record["name"] == b"blue/b":
                del record["image"]
        damaged = b"".join(records.frame(records.serialize(record)) for record in found)
        path.write_bytes(damaged)
        shard["sha256"] = hashlib.sha256(damaged).hexdigest()
    return examples


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_vectors_are_the_closed_form_and_what_fails_takes_nothing_with_it(home, model, corrupt):
    made = bulk_inferrer(corrupt, model, home / "bytes")
    letters = {letter["path"]: (letter["stage"], letter["error"], letter["message"]) for letter in made.dead_letters}
    assert letters.pop("green/b")[:1] == ("decode",)
    assert letters == {
        "blue/b": ("infer", "MissingFeature", "the record has no `image`"),
        "red/wide": ("infer", "InvalidArgumentError", "the model cannot take its 9 x 2 pixels"),
    }
    found = kg.data.load_embeddings(made.path)
    good = sorted(set(PHOTOS) - {"green/b", "blue/b"})
    assert sorted(found.names) == good
    for name, vector, label in zip(found.names, found.vectors, found.labels, strict=True):
        np.testing.assert_array_equal(vector, PHOTOS[name])
        assert found.label_names[label] == name.partition("/")[0]
    assert (found.model, len(found), found.vectors.dtype) == (served.digest(model), 4, np.float32)
    # TFDS reads the vectors as such.
    read = tfds.as_numpy(tfds.builder_from_directory(made.path).as_dataset("images"))
    assert {one["name"].decode(): one["vector"].tolist() for one in read} == {
        name: list(map(float, PHOTOS[name])) for name in good
    }
    # By floats in [-1, 1]; the wide image is another batch, and welcome.
    by_floats = kg.data.load_embeddings(bulk_inferrer(corrupt, model, home / "floats", signature="serving_tensor").path)
    expected = {name: np.float32(PHOTOS[name]) / np.float32(127.5) - 1 for name in good}
    expected["red/wide"] = np.float32([-1, -1, -1])
    assert sorted(by_floats.names) == sorted(expected)
    for name, vector in zip(by_floats.names, by_floats.vectors, strict=True):
        np.testing.assert_allclose(vector, expected[name], rtol=0, atol=1e-6)
    # Grey levels are the luma of BT.601: 0.299 * 200 for red, as an integer.
    by_grey = bulk_inferrer(corrupt, model, home / "grey", signature="grey")
    found = kg.data.load_embeddings(by_grey.path, "images")
    (red,) = found.vectors[found.names == "red/a"]
    assert red == pytest.approx(60 / 127.5 - 1, abs=1e-6)
    assert {letter["path"]: letter["error"] for letter in by_grey.dead_letters}["red/wide"] == "OtherSize"
    # A model that answers for the first image alone is asked one by one.
    by_first = kg.data.load_embeddings(bulk_inferrer(corrupt, model, home / "first", signature="first").path)
    np.testing.assert_array_equal(by_first.vectors, by_floats.vectors)


def test_two_workers_write_the_same_bytes_and_what_is_there_is_reused(home, model, corrupt):
    one = bulk_inferrer(corrupt, model, home / "one", batch_size=2)
    two = bulk_inferrer(corrupt, model, home / "two", batch_size=2, workers=2)
    assert contents(one.path) == contents(two.path)
    vector_function._loaded.cache_clear()
    assert bulk_inferrer(corrupt, model, home / "one", batch_size=2).reused
    assert vector_function._loaded.cache_info().misses == 0


ROOT = pathlib.Path(pipelines.__file__).parents[1]
RUN = f"""
import json, os, pathlib, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from pipelines.components import bulk_inferrer
from pipelines.runtime.artifact import Artifact
examples, model, output = map(pathlib.Path, sys.argv[1:4])
manifest = json.loads(sys.argv[4])
answers, calls = bulk_inferrer._answers, []

def killed(batch, function):
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return answers(batch, function)

bulk_inferrer._answers = killed
bulk_inferrer.bulk_inferrer(Artifact(examples, "", True, manifest), model, output)
"""


def test_sigkill_then_the_next_run_goes_on_shard_by_shard(home, model, corrupt):
    out = home / "killed"
    process = processes.run(["-P", "-c", RUN, corrupt.path, model, out, json.dumps(corrupt.manifest)])
    assert process.returncode == -signal.SIGKILL, process.errors
    (building,) = out.iterdir()
    reports = list((building / ".reports").iterdir())
    assert 1 <= len(reports) < 3  # a shard of dead letters alone asks the model nothing, and may come at any time
    assert not (building / "manifest.json").exists()
    written = {report.stem: (building / report.stem).stat() for report in reports}
    resumed = bulk_inferrer(corrupt, model, out)
    for name, before in written.items():
        kept = (resumed.path / name).stat()
        assert (kept.st_ino, kept.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert contents(resumed.path) == contents(bulk_inferrer(corrupt, model, home / "whole").path)


def test_bad_input(home, model, corrupt, tmp_path):
    for arguments, message in (
        ({"model": tmp_path}, "is no SavedModel"),
        ({"signature": "none"}, "there is no signature 'none'. Its signatures: draw, first, grey"),
        (
            {"signature": "label"},
            "'label' gives no vectors. It must have one output of floats .* Received: label: string",
        ),
        ({"signature": "draw"}, "'draw' takes no images. .* Received: latent: float32"),
        ({"signature": "rows"}, r"all vectors of 'rows' must be of one length. Received: \[2, 3\]"),
        ({"signature": "infinite"}, "NotFinite: the model gives it numbers that are not finite"),
        ({"feature": "name"}, "`feature` must be an image of the examples: image. Received: 'name'"),
        ({"splits": ["train"]}, "`splits` must be of images. Received: train"),
        ({"batch_size": 0}, "`batch_size` must be positive. Received: batch_size=0"),
        ({"max_failure_rate": 1.5}, r"`max_failure_rate` must be in \[0, 1\]. Received: 1.5"),
        ({"max_failure_rate": 0.1}, "3 of 7 inputs could not be used, more than `max_failure_rate`=0.1 allows"),
    ):
        with pytest.raises(UserError, match=message):
            bulk_inferrer(corrupt, output_dir=tmp_path / "out", **{"model": model, **arguments})
    assert not list((tmp_path / "out").glob("*"))
    with pytest.raises(ValueError, match=r"`directory` must hold embeddings with their manifest.json"):
        kg.data.load_embeddings(corrupt.path)
    with pytest.raises(ValueError, match=r"`split` must be one of images. Received: split='eval'"):
        kg.data.load_embeddings(bulk_inferrer(corrupt, model, home / "bytes").path, "eval")
