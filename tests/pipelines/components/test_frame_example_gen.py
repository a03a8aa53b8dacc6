import numpy as np
import pytest

from keras_genssl import data
from pipelines.data.example_gen.frames import frame_example_gen
from pipelines.data.example_gen.image_files import FolderSplits
from pipelines.errors import UserError
from tests.pipelines.components.image_files import noise, save

HALF = {"train": 0.5, "eval": 0.5}


def _sequence(folder, first, count):
    for number in range(count):
        save(folder / f"frame{number + 8}.png", first + number, 8, 8)


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(["run", "walk", "jump/high"]):
        _sequence(tmp_path / "in" / name, 10 * number, 4)
    return tmp_path / "in"


def _read(artifact, split):
    examples = data.load(artifact.path, split, shuffle=False).as_numpy_iterator()
    return [(bytes(x["sequence"]).decode(), int(x["frame"]), x["image"]) for x in examples]


def test_frames_stand_in_the_order_of_their_numbers_and_a_sequence_in_one_split(folder, tmp_path):
    made = frame_example_gen(folder, tmp_path / "out", {"eval": ["walk"]})
    held_out = _read(made, "eval")
    assert [(sequence, frame) for sequence, frame, _ in held_out] == [("walk", frame) for frame in range(4)]
    for _, frame, image in held_out:  # frame8 and frame9 before frame10 and frame11
        np.testing.assert_array_equal(image, noise(10 + frame, 8, 8))
    train = [(sequence, frame) for sequence, frame, _ in _read(made, "train")]
    assert sorted(train) == [(name, frame) for name in ("jump/high", "run") for frame in range(4)]
    assert [frame for _, frame in train] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert frame_example_gen(folder, tmp_path / "out", {"eval": ["walk"]}).reused
    halves = frame_example_gen(folder, tmp_path / "out", HALF)
    names = [{sequence for sequence, *_ in _read(halves, split)} for split in HALF]
    assert names[0] | names[1] == {"run", "walk", "jump/high"}
    assert not names[0] & names[1]


def test_what_is_no_sequence_or_no_frame_is_a_dead_letter(folder, tmp_path):
    save(folder / "alone.png", 1)
    _sequence(folder / "short", 50, 2)
    _sequence(folder / "twin", 10, 4)
    (folder / "run" / "frame9.png").write_text("no image")
    made = frame_example_gen(folder, tmp_path / "out", {"eval": ["twin"]})
    assert [(letter["path"], letter["error"]) for letter in made.dead_letters] == [
        ("alone.png", "NoSequence"),
        ("run/frame9.png", "UnidentifiedImageError"),
        *((f"short/frame{number}.png", "TooShort") for number in (8, 9)),
        *((f"walk/frame{number}.png", "Duplicate") for number in (10, 11, 8, 9)),
    ]
    assert [frame for name, frame, _ in _read(made, "train") if name == "run"] == [0, 2, 3]


def test_a_folder_with_splits_is_read_by_them(tmp_path):
    for number, name in enumerate(("train/run/a", "train/walk/a", "val/walk/b", "test/walk/c")):
        _sequence(tmp_path / "in" / name, 10 * number, 3)
    _sequence(tmp_path / "in" / "train" / "walk" / "b", 20, 3)  # which is held out
    split = FolderSplits({"train": "train", "eval": "val"})
    made = frame_example_gen(tmp_path / "in", tmp_path / "out", split, labels=True)
    found = {name: sorted({sequence for sequence, *_ in _read(made, name)}) for name in ("train", "eval")}
    assert found == {"train": ["train/run/a", "train/walk/a"], "eval": ["val/walk/b"]}
    assert {(letter["path"].rpartition("/")[0], letter["error"]) for letter in made.dead_letters} == {
        ("train/walk/b", "Duplicate")
    }
    assert made.manifest["labels"] == ["run", "walk"]
    assert {int(example["label"]) for example in data.load(made.path, "eval")} == {1}


def test_folders_and_splits_that_cannot_be_used_are_errors(folder, tmp_path):
    save(tmp_path / "flat" / "a.png", 1)
    with pytest.raises(
        UserError, match=r"a folder of at least 3 frames for each sequence. a.png: it lies in no folder"
    ):
        frame_example_gen(tmp_path / "flat", tmp_path / "out", HALF)
    with pytest.raises(UserError, match=r"`split` names 'swim' in 'eval', which is none of: jump/high, run, walk"):
        frame_example_gen(folder, tmp_path / "out", {"eval": ["swim"]})
    with pytest.raises(UserError, match="must name a sequence once"):
        frame_example_gen(folder, tmp_path / "out", {"eval": ["run"], "test": ["run"]})
    with pytest.raises(UserError, match=r"Received: 3 different sequences, fewer than splits"):
        frame_example_gen(folder, tmp_path / "out", dict.fromkeys("abcd", 0.25))
    assert not (tmp_path / "out").exists()


def test_a_sequence_is_named_in_any_spelling(tmp_path):
    one, apart = "pav\u00e9", "pave\u0301"  # one letter, and, as macOS writes it, two
    _sequence(tmp_path / "in" / apart, 0, 4)
    _sequence(tmp_path / "in" / "run", 10, 4)
    for name in (one, apart):
        made = frame_example_gen(tmp_path / "in", tmp_path / "out", {"eval": [name]})
        assert {sequence for sequence, *_ in _read(made, "eval")} == {one}
    # Both on one disk are two, and whoever holds out the one holds out the other.
    _sequence(tmp_path / "in" / one, 20, 4)
    made = frame_example_gen(tmp_path / "in", tmp_path / "out", {"eval": [one]})
    assert [frame for _, frame, _ in _read(made, "eval")] == [*range(4), *range(4)]
    assert {sequence for sequence, *_ in _read(made, "train")} == {"run"}
