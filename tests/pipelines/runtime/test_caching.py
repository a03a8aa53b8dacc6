"""What a second run executes again: exactly what depends on what changed. Real code, data, training and pushing."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import keras_genssl
import pipelines
from keras_genssl import export
from pipelines.batch import jobs as batch_jobs
from pipelines.console import Console
from pipelines.data import listed
from pipelines.errors import UserError
from pipelines.run import loading as recipe
from pipelines.run import run
from pipelines.runtime import code, history, lineage
from pipelines.runtime.metadata import Metadata
from tests.pipelines import digits, genssl
from tests.pipelines.test_report import Tables

CHAIN = [
    *("ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "Prepare", "Trainer"),
    *("Evaluator", "Exporter", "InfraValidator", "Pusher"),
]
CHECKS = ("StatisticsGen", "SchemaGen", "ExampleValidator")  # of the data; no model is made of what they say
NARROW = [
    "model.networks=dense",
    "model.units=[4]",
    "model.code_dim=2",
    "train.steps=2",
    "train.batch_size=4",
    "evaluate.images=6",
    "evaluate.bless={mse: {max: 4}}",
]


def _run(home, *changes, **options):
    loaded = recipe.load("fashion_mnist/denoising_autoencoder", [*NARROW, *changes], folder=home / "photos")
    return run.run(loaded, home / "out", **options)


def _graph(home):
    metadata = Metadata(home / "out")
    return lineage.of_run(metadata, history.runs(metadata)[0].id)


def _executed(home):
    """The components that the last run executed."""
    states = {it.component: it.state for it in _graph(home).executions.values()}
    assert set(states.values()) <= {"complete", "cached"}
    return [name for name in CHAIN if states.get(name) == "complete"]


def _contents(home):
    graph = _graph(home)
    return {it.component: graph.artifacts[it.wrote].content for it in graph.executions.values()}


def _files(directory):
    return {
        path: path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != "metadata.sqlite" and ".running" not in path.name
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A first run's output, beside its images and a copy of both packages, whose digests count from here on."""
    home = tmp_path_factory.mktemp("home")
    digits.write_folder(home / "photos", count=24, classes=2)
    for package in (keras_genssl, pipelines):
        source = pathlib.Path(package.__file__).parent
        shutil.copytree(source, home / "code" / source.name, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code, "ROOT", home / "code")
        # What a clean process answers is tested in test_run; here starting it would be most of the time.
        patch.setattr(export, "check", lambda *_: export.CheckResult("serving_default", 0.0, 0.0, 0.0))
        assert _run(home).pushed.version == 1
        yield home


@pytest.fixture
def edit(home):
    """Changes a copied source file, until the test has ended."""
    before = {}

    def change(name, old, new):
        path = home / "code" / name
        before[path] = text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        code.tree.cache_clear()

    yield change
    for path, text in before.items():
        path.write_text(text)
    code.tree.cache_clear()


def test_first_run_executes_all_and_an_unchanged_second_one_nothing_nor_one_with_touched_files(home, edit):
    assert _executed_of(home, 1) == CHAIN
    first = _files(home / "out" / "prepared")
    for path in (home / "photos").rglob("*.png"):
        os.utime(path, (1, 1))
    edit("pipelines/data/preparations/images.py", '"""Whole images of one size', '# why\n"""Another docstring')
    edit("pipelines/training/trainer.py", "import hashlib\n", "import   hashlib  # a comment\n")
    outcome = _run(home)
    assert _executed(home) == []
    assert not outcome.pushed.new
    assert _files(home / "out" / "prepared") == first


def _executed_of(home, number):
    graph = lineage.of_run(Metadata(home / "out"), number)
    return [it.component for it in graph.executions.values() if it.state == "complete"]


@pytest.mark.parametrize(
    ("file", "old", "new", "executed"),
    [
        # The bytes that it makes are the same, so that nothing after it is due.
        ("pipelines/data/preparations/images.py", "2 * side <", "side * 2 <", ["Prepare"]),
        ("pipelines/data/preparations/super_resolution.py", "        pair =", "        os = pair =", []),
        ("pipelines/data/preparations/edge_drawings.py", "        square =", "        os = square =", []),
        ("pipelines/components/pusher.py", "import dataclasses", "import dataclasses, time", []),
    ],
)
def test_changed_line_of_code_executes_again_what_depends_on_it(home, edit, file, old, new, executed):
    edit(file, old, new)
    _run(home)
    assert _executed(home) == executed


def test_changed_parameter_executes_again_what_depends_on_it(home):
    _run(home, "evaluate.bless={mse: {max: 3.9}}", "export.name=other")
    assert _executed(home) == ["Evaluator", "Pusher"]


def test_no_cache_executes_everything_again_to_the_same_results(home):
    _run(home)
    before, files = _contents(home), _files(home / "out" / "prepared")
    outcome = _run(home, cache=False)
    assert _executed(home) == CHAIN[:-1]  # the same model is not pushed twice
    assert (outcome.pushed.version, outcome.pushed.new) == (1, False)
    assert _files(home / "out" / "prepared") == files
    after = _contents(home)
    assert {name for name in CHAIN if before[name] != after[name]} <= {"Exporter"}  # TensorFlow numbers its graphs
    assert not [path for path in (home / "out").rglob("*") if path.name.endswith((".part", ".building", ".resume"))]
    _run(home)
    assert _executed(home) == []


def test_change_against_the_last_blessed_model_blesses_or_not(home):
    asked = "evaluate.bless={mse: {max: 4, change: {min: -4, max: %s}}}"
    numbers = [_run(home).evaluation["numbers"]["mse"]]
    outcome = _run(home, "train.steps=3", asked % -3)
    assert _executed(home) == ["Trainer", "Evaluator", "Exporter", "InfraValidator"]
    numbers.append(outcome.evaluation["numbers"]["mse"])
    change = f"mse changed by {numbers[1] - numbers[0]:+.4g} from the {numbers[0]:.4g} of version 1"
    assert outcome.evaluation["reasons"] == [f"{change}, above its max change of -3"]
    assert (outcome.evaluation["blessed"], outcome.pushed) == (False, None)
    for new in (True, False):  # then it is version 2 itself, and still held against version 1
        outcome = _run(home, "train.steps=3", asked % 3)
        assert outcome.evaluation["notes"] == [change]
        assert (outcome.pushed.version, outcome.pushed.new) == (2, new)
        assert _executed(home) == (["Evaluator", "Pusher"] if new else [])
    assert f'<p class="quiet">{change}.</p>' in outcome.report.read_text()
    assert json.loads((outcome.pushed.path / "assets.extra" / "card.json").read_text())["evaluation"]["notes"] == [
        change
    ]
    outcome = _run(home, "train.steps=3", asked % 3, "export.name=fresh")
    assert outcome.evaluation["notes"] == ["no other model was pushed as fresh yet: the change of mse was not asked"]
    assert outcome.pushed.version == 1


def test_pushed_model_and_its_copy_tell_images_code_and_parameters(home, tmp_path):
    pushed = _run(home).pushed.path
    shutil.copytree(pushed, tmp_path / "copy")
    for path in (pushed, tmp_path / "copy"):
        graph = lineage.of_path(Metadata(home / "out"), path)
        assert [it.component for it in graph.executions.values()] == [name for name in CHAIN if name not in CHECKS]
        (images,) = [it for it in graph.artifacts.values() if it.type == "Images"]
        assert images.path == str(home / "photos")
        trainer = next(it for it in graph.executions.values() if it.component == "Trainer")
        assert trainer.parameters["train"]["steps"] == 2
        assert len(trainer.code) == 64
    found = list(listed.images(graph))
    assert {image["name"] for image in found} == {
        str(path.relative_to(home / "photos").with_suffix("")) for path in (home / "photos").rglob("*.png")
    }
    assert {image["split"] for image in found} == {"train", "eval"}


def test_vectors_tell_the_run_that_made_the_model(home, tmp_path):
    shutil.copytree(_run(home).pushed.path, tmp_path / "copy")  # its graph and weights tell, not where it lies
    how = batch_jobs.Inference("serving_tensor")
    embeddings = batch_jobs.embed(tmp_path / "copy", home / "photos", home / "out", how, Console())
    before = [name for name in CHAIN[: CHAIN.index("Exporter") + 1] if name not in {*CHECKS, "Evaluator"}]
    clusters = batch_jobs.cluster(embeddings.path, None, home / "out", how, 2, {}, None, Console())
    for path, after in ((embeddings.path, ["BulkInferrer"]), (clusters.path, ["BulkInferrer", "Clusterer"])):
        graph = lineage.of_path(Metadata(home / "out"), path)
        assert [it.component for it in graph.executions.values()] == [*before, "ImageExampleGen", *after]
        (model,) = [it for it in graph.artifacts.values() if it.type == "SavedModel"]
        assert pathlib.Path(model.path).is_relative_to(home / "out" / "runs")
    status, text, _ = genssl.call(home, "lineage", clusters.path)
    assert (status, "Trainer: " in text, "SavedModel out/runs/" in text) == (0, True, True)
    status, drawn, _ = genssl.call(home, "lineage", clusters.path, "--format", "svg")
    heads = [text.text for text in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert set(heads) >= {*before, "BulkInferrer", "Clusterer"}
    status, _, errors = genssl.call(home, "lineage", clusters.path, "--format", "svg", "--images")
    assert (status, errors) == (2, "error: --images: is for the forms text and json; it cannot be drawn\n")


def test_report_draws_every_component(home):
    page = _run(home).report.read_text()
    drawn = page[page.index('<svg class="graph"') :].partition("</svg>")[0]
    for component in CHAIN:
        assert f">{component}</text>" in drawn
    assert drawn.count(">reused</text>") == len(CHAIN)
    assert all(link.startswith(("data:image/png;base64,", "#")) for link in Tables(page).links)


FULL = """
import resource, sys
from pipelines.cli import main as cli
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))  # more than the metadata, less than a shard
sys.argv = ["genssl", *sys.argv[1:]]
cli.main()
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_full_disk_is_one_message_and_earlier_results_are_untouched(home, workers):
    (home / "large").mkdir(exist_ok=True)
    for index in range(12):
        noise = np.random.default_rng(index).integers(0, 256, (400, 400, 3), dtype=np.uint8)
        Image.fromarray(noise).save(home / "large" / f"{index}.png")
    before = _files(home / "out")
    done = subprocess.run(
        [sys.executable, "-c", FULL, "run", "super_resolution", "--data", "large", "--workers", str(workers)],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(genssl.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr == (
        "error: ImageExampleGen: File too large; nothing of it was published, and earlier results are as they were\n"
    )
    after = _files(home / "out")
    assert {path: after.get(path) for path in before} == before
    assert not [path for path in after if path not in before and ".building" not in str(path)]
    last = history.runs(Metadata(home / "out"))[0]
    assert (last.state, last.error) == ("failed", done.stderr.strip().removeprefix("error: "))


def test_a_check_that_failed_is_made_again(home, monkeypatch):
    changed = "train.steps=4"

    def died(*_):
        raise export.CheckFailed("exit status -9")

    with monkeypatch.context() as patch:
        patch.setattr(export, "check", died)
        assert _run(home, changed).pushed is None
    assert _run(home, changed).pushed.new
    assert _executed(home) == ["InfraValidator", "Pusher"]


def test_fewer_images_than_a_batch_are_told(home):
    with pytest.raises(UserError, match=r"there are fewer .* than one batch of 1000"):
        _run(home, "train.batch_size=1000")
