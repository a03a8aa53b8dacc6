import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import main as cli
from pipelines.errors import UserError
from tests.pipelines.runtime.test_metadata import record_run


def _genssl(*arguments):
    result = CliRunner().invoke(cli.app, list(map(str, arguments)), env={"COLUMNS": "160"})
    if result.exception is not None:
        raise result.exception
    return result.stdout


@pytest.fixture
def output(tmp_path):
    record_run(tmp_path, "w1", "c1")
    record_run(tmp_path, "w2", "c2")
    (tmp_path / "runs" / "r").mkdir()
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "manifest.json").write_text('{"content": "card of w1"}')
    return tmp_path


def test_runs_are_listed_the_last_one_first(output):
    lines = [line.split() for line in _genssl("runs", "--output", output).splitlines()]
    assert lines[0] == ["run", "state", "recipe", "started", "seconds", "blessed", "numbers"]
    assert [(line[0], line[1], line[2], *line[6:]) for line in lines[1:]] == [
        (number, "complete", "r", "yes", "fid", "2") for number in ("2", "1")
    ]
    listed = json.loads(_genssl("runs", "--output", output, "--format", "json"))
    assert [(run["id"], run["numbers"]) for run in listed] == [(2, {"fid": 2.0}), (1, {"fid": 2.0})]


def test_run_is_told_with_its_components(output):
    text = _genssl("runs", 2, "--output", output)
    assert "genssl run r" in text
    components = [line.split()[:2] for line in text.splitlines() if line.strip().endswith(("made e1", "made w2"))]
    assert components == [["Read", "complete"], ["Learn", "complete"]]
    told = json.loads(_genssl("runs", 2, "--output", output, "--format", "json"))
    assert [it["code"] for it in told["executions"]] == ["c2", "c2", "code"]


def test_lineage_is_a_tree_down_to_the_images(output):
    lines = [line.lstrip("│├└─ ") for line in _genssl("lineage", output / "served").splitlines()]
    assert [
        line.split()[0] for line in lines if line.startswith(("Pushed", "Push:", "Model", "Learn", "Ex", "Read", "Im"))
    ] == [
        "PushedModel",
        "Push:",
        "ModelWeights",
        "Learn:",
        "Examples",
        "Read:",
        "Images",
        "Examples",  # which it reads too: above
    ]
    assert lines[-1].endswith("(above)")
    assert "steps=3" in lines
    told = json.loads(_genssl("lineage", output / "served", "--format", "json"))
    assert [it["component"] for it in told["executions"]] == ["Read", "Learn", "Push"]
    whole = _genssl("lineage", output / "runs" / "r")  # the last run that worked there
    assert "card of w2" in whole
    assert "card of w1" not in whole


def test_what_is_not_there_is_told(output, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    for arguments, message in {
        ("runs", "--output", empty / "none"): "must be the output of a run, and is no directory",
        ("runs", "--output", empty): "no `genssl run` wrote to this --output yet",
        ("runs", "7", "--output", output): "there is no run 7",
        ("lineage", empty, "--output", output): "must be a pushed model",
    }.items():
        with pytest.raises(UserError, match=message):
            _genssl(*arguments)
