"""The same bytes from one process, from a Dask cluster, by a whole recipe there, and where a worker dies midway.

Two processes of FnApiRunner write them too: `tests/pipelines/components/test_prepare.py`.
"""

import hashlib
import os
import signal

import pytest
from distributed import Client, LocalCluster

from keras_genssl import export
from pipelines.beam import records, runner
from pipelines.console import Console
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare
from pipelines.errors import UnfinishedError, UserError
from pipelines.run import data_steps
from pipelines.run import loading as recipe
from pipelines.run.steps import Steps
from pipelines.runtime import recording
from pipelines.runtime.engines import Engine
from pipelines.runtime.metadata import Metadata
from tests.pipelines import genssl
from tests.pipelines.colour_encoder import export as export_encoder
from tests.pipelines.components.image_files import save

PARAMETERS = {"patch_size": 16, "stride": 8}  # nine patches of an image of 32 x 32


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(12):
        save(folder / f"p{seed}.png", seed, 32, 32)
    (folder / "bad.png").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def cluster():
    options = {"processes": True, "dashboard_address": None, "silence_logs": "CRITICAL"}
    with LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def dask(cluster):
    return Engine("dask", options=(f"--dask_client_address={cluster.scheduler_address}",))


def _digests(directory):
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file() and path.name[0] != "."
    }


def _prepared(photos, out, workers, before=lambda: None):
    shards = {"train": 6, "eval": 1}
    before()
    examples = image_example_gen(photos, out / "examples", {"eval": ["p0"]}, shards=shards, workers=workers)
    before()
    prepare(examples, out / "prepared", SuperResolution(**PARAMETERS), workers=workers)
    return _digests(out)


@pytest.fixture(scope="module")
def expected(photos, tmp_path_factory):
    found = _prepared(photos, tmp_path_factory.mktemp("one"), 1)
    assert len([name for name in found if ".tfrecord" in name]) == 2 * 7
    return found


@pytest.mark.timeout(300)
def test_dask(photos, expected, dask, tmp_path):
    assert _prepared(photos, tmp_path, dask) == expected


TINY = (
    *("data.max_failure_rate=0.2", "prepare.patch_size=16", "prepare.stride=8", "model.filters=2", "model.blocks=1"),
    *(
        "train.steps=2",
        "train.batch_size=4",
        "train.precision=float32",
        "evaluate.bless={gain_db: {min: -60}}",
    ),
)


@pytest.mark.timeout(300)
def test_whole_recipe_on_dask(photos, cluster, tmp_path, monkeypatch):
    # What a clean process answers is tested in test_run.
    monkeypatch.setattr(export, "check", lambda *_: export.CheckResult("serving_default", 0.0, 0.0, 0.0))
    sets = [part for change in TINY for part in ("--set", change)]
    arguments = ["run", "super_resolution", "--data", photos, "--output", "dask", *sets, "--runner", "dask"]
    status, output, errors = genssl.call(
        tmp_path, *arguments, "--", f"--dask_client_address={cluster.scheduler_address}"
    )
    assert status == 0, output + errors
    assert (tmp_path / "dask" / "saved_models" / "super_resolution_x2" / "1" / "saved_model.pb").is_file()
    console, here = Console(), tmp_path / "here"  # its data once more, by FnApiRunner
    here.mkdir()
    with recording.begin(Metadata(here), "super_resolution", "") as record:
        loaded = recipe.load("super_resolution", list(TINY), folder=photos)
        data_steps.run(loaded, here, 1, Steps(console, record), console)
    for made in ("examples", "statistics", "validation", "prepared"):
        found = _digests(here / made)
        assert found
        assert _digests(tmp_path / "dask" / made) == found


@pytest.mark.timeout(300)
def test_what_a_worker_of_dask_raises_is_told_as_elsewhere(photos, dask, tmp_path, monkeypatch):
    def fail(number):
        raise RuntimeError(f"boom\nat {number}")

    with pytest.raises(UnfinishedError, match=r"^a worker failed: RuntimeError: boom at 7\. What was whole") as told:
        runner.run_each([(7,)], fail, dask)
    assert 'raise RuntimeError(f"boom' in str(told.value.__cause__)
    read, changing = sources.fingerprint, tmp_path / "photos" / "p.png"
    save(changing, 1, 32, 32)

    def then_changed(found):
        files = read(found)
        save(changing, 2, 32, 32)
        return files

    monkeypatch.setattr(sources, "fingerprint", then_changed)
    with pytest.raises(UserError, match=r"^p.png changed while it was being read; run again$"):
        image_example_gen(tmp_path / "photos", tmp_path / "out", {"all": 1.0}, workers=dask)


@pytest.mark.timeout(300)
def test_embed_on_dask(photos, cluster, tmp_path):
    arguments = ["embed", export_encoder(tmp_path / "model"), photos, "--signature", "serving_tensor"]
    here = genssl.call(tmp_path, *arguments, "--output", "here")
    options = ["--runner", "dask", "--", f"--dask_client_address={cluster.scheduler_address}"]
    there = genssl.call(tmp_path, *arguments, "--output", "dask", *options)
    assert (here[0], there[0]) == (0, 0), here + there
    for made in ("examples", "embeddings"):
        found = _digests(tmp_path / "here" / made)
        assert len([name for name in found if ".tfrecord" in name]) == 8
        assert _digests(tmp_path / "dask" / made) == found


def _die_at_a_record():
    """On a worker: its process kills itself in the middle of the next shard that has records."""
    records.frame = lambda record: os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


@pytest.mark.timeout(300)
def test_dask_one_of_whose_workers_is_killed_while_it_writes(photos, expected, cluster, dask, tmp_path):
    doomed = []

    def condemn():
        with Client(cluster.scheduler_address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=100)
            worker = min(client.scheduler_info(n_workers=-1)["workers"])
            doomed.extend(client.run(_die_at_a_record, workers=[worker]).values())

    assert _prepared(photos, tmp_path, dask, condemn) == expected
    assert len(set(doomed)) == 2
    for process in doomed:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
