import json

import numpy as np
import pytest

from pipelines.console import Console
from pipelines.data.validation import example_validator
from pipelines.errors import UserError
from pipelines.report import data
from pipelines.run import data_checks, data_steps
from pipelines.run import loading as recipe
from pipelines.runtime import code
from tests.pipelines.data.statistics import examples as tiny


class Steps:
    def __init__(self):
        self.done = []

    def run(self, spec, reads, component, summary):
        assert set(reads) == set(spec.reads)
        made = component()
        self.done.append((spec.name, made.reused, summary(made)))
        return made


def _check(examples, output, *changes, steps=None):
    loaded = recipe.load("fashion_mnist/autoencoder", list(changes))
    return data_checks.check(loaded, examples, output, 1, steps or Steps(), Console())


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    home = tmp_path_factory.mktemp("first")
    planted = tiny.noise(1)
    splits = {
        "train": [[tiny.record("a", tiny.constant(100, 16, 16)), tiny.record("b", planted, 1)]],
        "eval": [[tiny.record("g", planted, 1), tiny.record("h", tiny.constant(60, 16, 16))]],
    }
    return tiny.write(home, splits)


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """Smaller images, of one class only."""
    splits = {"train": [[tiny.record(n, tiny.noise(n_, 8)) for n, n_ in (("a", 3), ("b", 4))]]}
    splits["eval"] = [[tiny.record("c", tiny.noise(5, 8))]]
    return tiny.write(tmp_path_factory.mktemp("second"), splits)


def test_later_data_is_held_against_the_schema_of_the_first_run(first, second, tmp_path):
    steps = Steps()
    checked = _check(first, tmp_path, steps=steps)
    assert steps.done == [
        ("StatisticsGen", False, "4 examples, 0 near-duplicates in a split, 1 across splits"),
        ("SchemaGen", False, "4 features, image 16 to 16 x 16 to 16, 2 labels"),
        ("ExampleValidator", False, "0 errors, 1 warning: leak"),
    ]
    for made in tmp_path.glob("*/**/manifest.json"):  # a change of a package makes all three anew
        assert json.loads(made.read_text())["versions"] == code.versions(), made
    assert len(list(tmp_path.glob("*/**/manifest.json"))) == 3
    assert checked.schema is None
    (kept,) = (tmp_path / "schemas" / "accepted" / "fashion_mnist" / "autoencoder").iterdir()
    text = kept.read_text()
    later = _check(second, tmp_path)
    assert later.schema == str(kept)
    assert kept.read_text() == text
    found = [(anomaly["rule"], anomaly["split"], anomaly["received"]) for anomaly in later.anomalies]
    assert ("size", "train", "8") in found
    assert ("label_drift", "train", "1.000 of 'cat' instead of 0.500") in found
    with pytest.raises(
        UserError, match=r"is not as .*\.yaml says; nothing was trained\.\n  size: `image` of split train"
    ):
        _check(second, tmp_path, "data.validate.size=error")
    kept.unlink()
    assert "size" not in [anomaly["rule"] for anomaly in _check(second, tmp_path).anomalies]
    steps = Steps()
    _check(second, tmp_path, steps=steps)
    assert [reused for _, reused, _ in steps.done] == [True, True, True]


def test_other_data_of_the_same_recipe_has_a_schema_of_its_own(first, second, tmp_path):
    _check(first, tmp_path)
    assert _check(second, tmp_path, "data.eval_split=other").schema is None


def test_an_error_keeps_no_schema_and_publishes_the_anomalies(first, tmp_path):
    with pytest.raises(UserError, match=r"The data cannot be used; nothing was trained\.\n  leak: .*\(b = g\)"):
        _check(first, tmp_path, "data.validate={leak: error}")
    assert not (tmp_path / "schemas" / "accepted").exists()
    (anomalies,) = tmp_path.glob(f"validation/*/{example_validator.FILE}")
    assert [anomaly["severity"] for anomaly in json.loads(anomalies.read_text())] == ["error"]


def test_a_schema_of_the_user_is_held_against_and_nothing_else(first, tmp_path):
    _check(first, tmp_path)
    (kept,) = (tmp_path / "schemas").glob("accepted/*/*/*.yaml")
    mine = tmp_path / "mine.yaml"
    mine.write_text(kept.read_text().replace("labels: [cat, dog]", "labels: [cat]"))
    with pytest.raises(UserError, match=r"unseen_label: `label` of split train must have one of the 1 labels"):
        _check(first, tmp_path, f"data.schema={mine}")
    with pytest.raises(UserError, match=r"The schema .*none.yaml cannot be read"):
        _check(first, tmp_path, f"data.schema={tmp_path}/none.yaml")


def test_a_schema_that_cannot_be_used_is_told_before_any_image_is_read(tmp_path):
    loaded = recipe.load("fashion_mnist/autoencoder", [f"data.schema={tmp_path}/none.yaml"], folder=tmp_path / "none")
    steps = Steps()
    with pytest.raises(UserError, match=r"The schema .*none.yaml cannot be read: No such file"):
        data_steps.run(loaded, tmp_path, 1, steps, Console())
    assert steps.done == []


def test_recipes_name_schema_and_validate_and_their_faults():
    loaded = recipe.load("super_resolution", ["data.validate.leak=error", "data.schema=mine.yaml"])
    assert (loaded.data.validation.leak, loaded.data.schema_file) == ("error", "mine.yaml")
    assert loaded.model_dump(by_alias=True)["data"]["schema"] == "mine.yaml"
    with pytest.raises(UserError, match=r"`data.validate.leek` is not a known key. Did you mean `leak`\?"):
        recipe.load("super_resolution", ["data.validate.leek=error"])
    with pytest.raises(UserError, match=r"`data.validate.leak` must be one of 'error', 'warning' or 'ignore'"):
        recipe.load("super_resolution", ["data.validate.leak=stop"])
    with pytest.raises(UserError, match=r"`data.schem` is not a known key. Did you mean `schema`\?"):
        recipe.load("super_resolution", ["data.schem=x"])


def test_the_report_draws_what_was_counted(first, tmp_path):
    view = data.view(_check(first, tmp_path).statistics)
    level = np.mean(tiny.noise(1))
    assert view["rows"][0] == ["train", "image", 2, "16", "16", "2 of 1", f"100 to {level:.0f}"]
    assert view["near"] == [{"splits": "train and eval", "pairs": 1, "names": "b = g"}]
    labels = view["charts"]["train: examples by label"]
    assert labels.startswith('<svg aria-label="train: examples by label" role="img"')
    assert labels.count('height="64.00"') == 2  # one of each
    assert "<title>dog: 1</title>" in labels
    grey = data.lines({"grey": [0, 4, 1, 0]})
    assert 'points="32.00,64.00 96.00,0.00 160.00,48.00 224.00,64.00"' in grey
