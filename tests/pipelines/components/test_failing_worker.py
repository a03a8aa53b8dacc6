"""A worker that raises: one message, the traceback in a file, no debris, and what was whole is kept.

On Dask: `tests/pipelines/beam/test_same_bytes.py`.
"""

import os

import pytest

from keras_genssl.pretext import codec
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen.images import image_example_gen
from pipelines.errors import UnfinishedError, UserError
from tests.pipelines import genssl
from tests.pipelines.colour_encoder import export
from tests.pipelines.components.image_files import save

SHARDS = {"train": 2, "eval": 1}
FAILING = """
import os, sys
if any(word.endswith("worker.py") for word in sys.orig_argv):
    import keras_genssl.pretext.codec as codec

    def fail(image):
        raise RuntimeError("boom in\\nthe worker")

    codec.encode_png = fail
"""


def _fail(image):
    raise RuntimeError("boom in\nthe worker")


@pytest.fixture
def photos(tmp_path):
    for seed in range(4):
        save(tmp_path / "photos" / f"p{seed}.png", seed, 8, 8)
    return tmp_path / "photos"


def _made(photos, out, workers):
    return image_example_gen(photos, out, {"eval": ["p0"]}, shards=SHARDS, workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_is_told_in_a_line_and_the_next_run_goes_on(photos, tmp_path, monkeypatch, workers):
    with monkeypatch.context() as failing:
        failing.setattr(codec, "encode_png", _fail)
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "sitecustomize.py").write_text(FAILING)
        failing.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
        with pytest.raises(
            UnfinishedError, match=r"^a worker failed: RuntimeError: boom in the worker, while writing photographs-"
        ) as told:
            _made(photos, tmp_path / "out", workers)
    assert 'raise RuntimeError("boom in' in str(told.value.__cause__)
    (building,) = (tmp_path / "out").iterdir()
    left = [path.name for path in building.rglob("*") if path.is_file()]
    # Beam ends the other worker as it is: its open file stays, under a temporary name, until the next run.
    assert [name for name in left if workers == 1 or ".part-" not in name] == []
    if workers == 2:
        (building / "photographs-train.tfrecord-00000-of-00002.part-0123").write_bytes(b"what an ended worker left")
    made = _made(photos, tmp_path / "out", 1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [made.digest]
    assert not list(made.path.rglob("*.part-*"))


def test_what_was_whole_is_kept(photos, tmp_path, monkeypatch):
    encode, first = codec.encode_png, []

    def third_fails(image):
        first.append(None)
        return _fail(image) if len(first) == 3 else encode(image)

    monkeypatch.setattr(codec, "encode_png", third_fails)
    with pytest.raises(UnfinishedError):
        image_example_gen(photos, tmp_path / "out", {"all": 1.0}, shards={"all": 4})
    (building,) = (tmp_path / "out").iterdir()
    (report, *_) = kept = list((building / ".reports").iterdir())
    assert 1 <= len(kept) < 4
    before = (building / report.stem).stat().st_ino
    made = image_example_gen(photos, tmp_path / "out", {"all": 1.0}, shards={"all": 4})
    assert (made.path / report.stem).stat().st_ino == before


def test_a_file_that_changes_while_it_is_read_is_the_users_error(photos, tmp_path, monkeypatch):
    read = sources.fingerprint

    def then_changed(found):
        files = read(found)
        save(photos / "p3.png", 9, 8, 8)
        return files

    monkeypatch.setattr(sources, "fingerprint", then_changed)
    with pytest.raises(UserError, match=r"^p3.png changed while it was being read; run again$") as told:
        _made(photos, tmp_path / "out", 1)
    assert not isinstance(told.value, UnfinishedError)
    assert not list((tmp_path / "out").iterdir())


def test_the_command_line_names_the_file_of_the_traceback(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(codec, "encode_png", _fail)
    status, output, errors = genssl.call(tmp_path, "embed", export(tmp_path / "model"), photos)
    assert (status, len(errors.splitlines()), "Traceback" in output + errors) == (2, 1, False), errors
    assert "error: ImageExampleGen: a worker failed: RuntimeError: boom in the worker, while writing " in errors
    log = tmp_path / "out" / "logs" / "1-ImageExampleGen.log"
    assert f"its traceback is in {log}" in errors
    assert 'raise RuntimeError("boom in' in log.read_text()
