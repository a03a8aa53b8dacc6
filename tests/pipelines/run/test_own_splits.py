"""What a run does with a folder that has splits of its own."""

import numpy as np
import pytest
from PIL import Image

from keras_genssl import data
from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.run import data_steps
from pipelines.run import loading as recipe
from pipelines.run.steps import Steps
from pipelines.runtime import recording
from pipelines.runtime.metadata import Metadata

NAMES = ("train/ant", "train/bee", "train/cat", "val/bee", "val/cat")


@pytest.fixture
def folder(tmp_path):
    """Three images of each class; `val` lacks the first."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        (tmp_path / "in" / name).mkdir(parents=True)
        for number in range(3):
            image = Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8))
            image.save(tmp_path / "in" / name / f"{number}.png")
    return tmp_path / "in"


def read(folder, output, *changes):
    loaded = recipe.load("fashion_mnist/siamese", [*changes, "prepare.copies=1"], folder=folder)
    output.mkdir(exist_ok=True)
    with recording.begin(Metadata(output), "name", "command") as record:
        return data_steps.run(loaded, output, 1, Steps(Console(), record), Console())


def test_they_are_read_and_classes_have_one_number(folder, tmp_path, capsys):
    found = read(folder, tmp_path / "out")
    assert "splits of the folder itself: train/ to train on, val/ held out" in capsys.readouterr().out
    assert found.inputs[""].examples.manifest["labels"] == ["ant", "bee", "cat"]
    for split, expected in (("train", {0, 1, 2}), ("eval", {1, 2})):
        examples = list(data.load(found.inputs[""].examples.path, split).as_numpy_iterator())
        assert {int(example["label"]) for example in examples} == expected
        assert len(examples) == 3 * len(expected)
        assert {example["name"].decode().partition("/")[0] for example in examples} == {
            {"train": "train", "eval": "val"}[split]
        }


def test_what_does_not_fit_them_is_refused_before_any_work(folder, tmp_path):
    for change, message in (
        ("data.held_out=[train/ant/0]", r"data\.held_out: must be left out, for .* has splits of its own, train, val"),
        ("data.train_split=dev_2", r"data\.train_split=dev_2 .*must be two of the folder's own splits, train, val"),
        ("data.class_names=[ant, bee]", r"`class_names` must name every sub-folder .* the sub-folders cat"),
    ):
        with pytest.raises(UserError, match=message):
            read(folder, tmp_path / "out", change)
    assert not (tmp_path / "out" / "examples" / "photographs").exists()


def test_class_names_belong_to_folders():
    with pytest.raises(
        UserError, match=r"`data.class_names` is read only with `source: folder or frames or side_by_side`"
    ):
        recipe.load("fashion_mnist/siamese", ["data.class_names=[a, b]"])
