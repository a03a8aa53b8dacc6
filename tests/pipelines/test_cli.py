import errno
import os
import subprocess
import sys

import pytest

from keras_genssl import __version__
from pipelines.cli import main as cli
from pipelines.run import finding
from pipelines.run import loading as recipe
from tests.pipelines import genssl


def test_recipes_lists_name_method_and_description(tmp_path):
    status, output, _ = genssl.run(tmp_path, "recipes")
    lines = [line.split() for line in output.splitlines()]
    assert status == 0
    assert lines[0] == ["recipe", "method", "description"]
    assert [line[0] for line in lines[1:]] == finding.names()
    assert ["super_resolution", "EDSR", "Doubles"] in [line[:3] for line in lines]


def test_version(tmp_path):
    assert genssl.run(tmp_path, "--version")[:2] == (0, f"genssl {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["super_resolutoin"], "error: Unknown recipe: super_resolutoin. Did you mean `super_resolution`?"),
        (
            ["super_resolution", "--set", "train.epoch=3"],
            "error: --set train.epoch=3: `train.epoch` is not a known key. Did you mean `epochs`?",
        ),
        (["super_resolution", "--set", "trane.epochs=3"], "error: --set trane.epochs=3: `trane` is not a known key."),
        (
            ["fashion_mnist/cpc", "--set", "model.steps=[9]"],
            "error: --set model.steps=[9]: `model.steps` must be different",
        ),
        (["super_resolution", "--data", "[none]"], "error: --data [none]: must be a folder of images"),
        (["super_resolution", "--strategy", "many"], "--set train.strategy=many: `train.strategy` must be one of"),
        (["super_resolution", "--strategy", "multi_worker"], "error: --strategy multi_worker: a run trains in one"),
        (["super_resolution", "--workers", "0"], "Invalid value for '--workers'"),
    ],
)
def test_what_the_user_can_mend_is_one_message_and_status_two(tmp_path, arguments, message):
    status, output, errors = genssl.call(tmp_path, "run", *arguments)
    assert status == 2
    assert message in errors
    assert "Traceback" not in output + errors
    assert not (tmp_path / "out").exists()


def test_output_that_cannot_be_written_is_told_at_once(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "saved_models" / "sr" / "1").mkdir(parents=True)
    (tmp_path / "saved_models" / "sr" / "1" / "saved_model.pb").touch()
    messages = {
        ("--output", "file"): "file: must be a directory, and a file is in its place",
        ("--output", "file/below"): "file/below: must be a directory, and a file is in its place",
        ("--output", "/proc/none"): "error: --output /proc/none: cannot be written to: No such file or directory",
        ("--output", "."): "saved_models holds models that no run with this --output pushed, such as sr",
        ("--push-to", "file"): "file: must be a directory, and a file is in its place",
    }
    for options, message in messages.items():
        status, output, errors = genssl.call(tmp_path, "run", "super_resolution", *options)
        assert (status, len(errors.splitlines())) == (2, 1), output + errors
        assert message in errors


def test_cluster_is_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}}')
    status, _, errors = genssl.call(tmp_path, "run", "super_resolution", "--strategy", "auto")
    assert status == 2
    assert 'keras_genssl.engine.strategy("multi_worker") in a program of your own' in errors
    assert not (tmp_path / "out").exists()


def test_data_of_ones_own_must_beat_bicubic_unless_more_is_asked(tmp_path):
    own = recipe.load("super_resolution", folder=tmp_path)
    assert (own.data.source, own.data.folder, own.data.held_out) == ("folder", str(tmp_path), None)
    assert own.evaluate.bless["gain_db"].min == 0.0
    assert own.evaluate.bless["least_gain_db"].min == -0.2
    asked = recipe.load("super_resolution", ["evaluate.bless.gain_db.min=1"], folder=tmp_path).evaluate.bless
    assert asked["gain_db"].min == 1


def test_full_disk_is_one_message_and_status_two(monkeypatch, capsys):
    def fill(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out/x")

    monkeypatch.setattr(cli, "app", fill)
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    assert capsys.readouterr().err == "error: out/x: No space left on device\n"


def test_interrupting_is_one_line_and_status_130(tmp_path, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(finding, "listed", interrupt)
    assert genssl.call(tmp_path, "recipes") == (130, "", "interrupted; the same command continues from here\n")


def test_empty_folder_is_a_clear_error(tmp_path):
    (tmp_path / "photos").mkdir()
    status, _, errors = genssl.call(tmp_path, "run", "super_resolution", "--data", "photos")
    assert status == 2
    assert errors.startswith("error: ")
    assert "image" in errors
    assert "Traceback" not in errors


def test_starting_is_quick():
    code = (
        "import sys; from pipelines.cli import main as cli\n"
        "try: cli.app(['recipes'])\nexcept SystemExit as end: assert not end.code\n"
        "assert not {'tensorflow', 'keras', 'apache_beam', 'matplotlib', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
