import json
import re
import time

import numpy as np
import pytest
from PIL import Image

from tests.pipelines import genssl
from tests.pipelines.test_report import Tables

TINY = {
    "model.filters": 4,
    "model.blocks": 1,
    "prepare.patch_size": 24,
    "prepare.stride": 12,
    "train.batch_size": 4,
    "train.epochs": 100,
    "train.steps": 40,
    "train.checkpoint_steps": 20,
    "evaluate.bless": "{gain_db: {min: -20}, least_gain_db: {min: -20}}",
}

COMPONENTS = [
    *("ImageExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "Prepare"),
    *("Trainer", "Evaluator", "Exporter", "InfraValidator", "Pusher"),
]
SLOW = {"train.checkpoint_steps": 1}  # a state at each step: time to be killed, and the same run
INSIDE = "{}/state-*[1-9]"  # a state inside an epoch

SRGAN = {
    "model.discriminator_filters": 2,
    "train.steps": 12,
    "train.warm_start.steps": 12,
    "evaluate.bless": "{gain_db: {min: -60}, least_gain_db: {min: -60}}",
}


def _arguments(output, recipe="super_resolution", **changes):
    sets = [part for key, value in {**TINY, **changes}.items() for part in ("--set", f"{key}={value}")]
    return ["run", recipe, "--data", ".", "--output", output, *sets]


def _only(directory):
    (found,) = directory.iterdir()
    return found


def _names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A directory with four images, a bad one, and a folder that is also called `pipelines`.

    It is what runs are given as their data and where they write their output.
    """
    home = tmp_path_factory.mktemp("home")
    (home / "photos").mkdir()
    rng = np.random.default_rng(0)
    for index in range(4):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        coarse.resize((64, 48), Image.Resampling.BICUBIC).save(home / "photos" / f"image{index}.png")
    (home / "photos" / "notes.jpg").write_text("not an image")
    (home / "pipelines").mkdir()
    (home / "pipelines" / "__init__.py").write_text("raise RuntimeError('the wrong pipelines')\n")
    return home


@pytest.fixture(scope="module")
def first(home):
    """The outcome of a first run."""
    process = genssl.start(home, *_arguments("out"), "--workers", "2")
    return process.wait(400), process.output, process.errors


def test_first_run_trains_judges_exports_and_pushes(home, first):
    status, output, errors = first
    assert status == 0, output + errors
    assert "3 photographs, 1 held out, 1 dead letter" in output
    assert "step 40/40" in output
    whole = re.findall(r"^ *shard (\d+)/\1, (.*)$", output, re.MULTILINE)
    assert len(whole) == 3  # of the images, of their statistics, and of what is made of them
    assert re.fullmatch(r"4 records, [\d.]+/s, 1 dead letter", whole[0][1])
    run = _only(home / "out" / "runs" / "super_resolution")
    assert _names(run) == ["evaluation", "export", "metrics.json", "report.html", "train", "validation"]
    pushed = home / "out" / "saved_models" / "super_resolution_x2"
    assert _names(pushed) == ["1"]
    card = json.loads((pushed / "1" / "assets.extra" / "card.json").read_text())
    metrics = json.loads((run / "metrics.json").read_text())
    assert card["evaluation"]["numbers"] == metrics["evaluation"]["numbers"]
    assert metrics["export"]["max_error"] <= 1
    assert output.splitlines()[-1].split()[-1] == "out/saved_models/super_resolution_x2/1"


def test_report_shows_what_was_measured(home, first):
    run = _only(home / "out" / "runs" / "super_resolution")
    evaluation = json.loads((run / "evaluation" / "evaluation.json").read_text())
    tables = Tables((run / "report.html").read_text()).rows
    (row,) = evaluation["images"]
    assert [cell.replace("\N{MINUS SIGN}", "-") for cell in tables["images"][1][:5]] == [
        row["name"],
        f"{row['gain_db']:+.2f}",
        f"{row['psnr_ours']:.2f}",
        f"{row['psnr_bicubic']:.2f}",
        f"{row['ssim_ours']:.4f}",
    ]
    assert tables["dead-letters"][1][0] == "photos/notes.jpg"


def test_second_run_reuses_everything_and_says_so(home, first):
    status, output, _ = genssl.call(home, *_arguments("out"))
    assert status == 0
    for component in COMPONENTS:
        assert any(line.split()[:2] == [component, "reused"] for line in output.splitlines())
    assert "unchanged, not pushed again" in output
    assert _names(home / "out" / "saved_models" / "super_resolution_x2") == ["1"]


def test_stricter_threshold_judges_again_without_training_again(home, first):
    status, output, _ = genssl.call(home, *_arguments("out", **{"evaluate.bless.gain_db.min": 50}))
    assert status == 1
    assert any(line.split()[:2] == ["Trainer", "reused"] for line in output.splitlines())
    assert "is below its min of 50" in output
    assert "Pusher" not in output


def _kill_in(home, output, arguments, state):
    """Starts a run and kills it as soon as it has left a state in a directory named by a pattern."""
    process = genssl.start(home, *arguments)
    deadline = time.monotonic() + 300
    while not list(home.glob(f"{output}/runs/*/*/train.resume/{state}")):
        assert process.poll() is None, process.output + process.errors
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait(60)
    assert not list(home.glob(f"{output}/runs/*/*/train"))


def _states(home, output):
    status, text, errors = genssl.call(home, "runs", "--output", output, "--format", "json")
    assert status == 0, errors
    return [run["state"] for run in reversed(json.loads(text))]


def _assert_same_training(whole, continued):
    assert whole.name == continued.name
    assert _names(continued) == ["evaluation", "export", "metrics.json", "report.html", "train", "validation"]
    first, second = (json.loads((run / "train" / "manifest.json").read_text())["result"] for run in (whole, continued))
    assert (first.pop("interrupted"), second.pop("interrupted")) == (False, True)
    assert first == second
    histories = [(run / "train" / "history.json").read_text() for run in (whole, continued)]
    assert histories[0] == histories[1]


def test_killed_training_is_continued_to_the_same_weights(home, first):
    _kill_in(home, "killed", _arguments("killed", **SLOW), INSIDE.format("training"))
    assert _states(home, "killed") == ["interrupted"]
    status, output, errors = genssl.call(home, *_arguments("killed"))
    assert status == 0, output + errors
    assert _states(home, "killed") == ["interrupted", "complete"]
    _assert_same_training(*(_only(home / output / "runs" / "super_resolution") for output in ("out", "killed")))


def test_srgan_killed_in_its_warm_start_and_against_the_discriminator_ends_with_the_same_weights(home):
    def arguments(output, **changes):
        return _arguments(output, "srgan", **SRGAN, **changes)

    status, output, errors = genssl.call(home, *arguments("gan"))
    assert status == 0, output + errors
    assert "warm start: 12 steps" in output
    _kill_in(home, "killed_gan", arguments("killed_gan", **SLOW), INSIDE.format("warm_start"))
    assert not list(home.glob("killed_gan/runs/*/*/train.resume/adversarial_training"))
    _kill_in(home, "killed_gan", arguments("killed_gan", **SLOW), INSIDE.format("adversarial_training"))
    status, output, errors = genssl.call(home, *arguments("killed_gan"))
    assert status == 0, output + errors
    whole, continued = (_only(home / output / "runs" / "srgan") for output in ("gan", "killed_gan"))
    _assert_same_training(whole, continued)
    history = json.loads((continued / "train" / "history.json").read_text())
    assert {phase: sorted(metrics) for phase, metrics in history.items()} == {
        "warm start": ["loss"],
        "adversarial training": ["discriminator_loss", "generator_loss"],
    }
    assert "<h3>Warm start</h3>" in (continued / "report.html").read_text()


def test_upscale_runs_the_pushed_model_on_files(home, first):
    model = "out/saved_models/super_resolution_x2/1"
    status, output, errors = genssl.call(
        home, "upscale", model, "photos/image0.png", "photos/notes.jpg", "--output", "large"
    )
    assert status == 1, output + errors
    with Image.open(home / "large" / "image0_x2.png") as image:
        assert image.size == (128, 96)
    assert _names(home / "large") == ["image0_x2.png"]
    assert output.splitlines()[-1].split(maxsplit=1) == ["notes.jpg", "no decoder recognises the bytes"]
    status, _, errors = genssl.call(home, "upscale", "photos", "photos/image0.png")
    assert status == 2
    assert "is no SavedModel" in errors
