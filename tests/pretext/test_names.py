"""Names in two spellings: `Zoë` with one letter, and with an e and a mark, as macOS writes it."""

import os

import numpy as np

from keras_genssl import analysis, data
from keras_genssl.pretext.names import canonical, canonical_labels, canonical_paths, on_disk

ONE, APART = "Zo\u00eb", "Zoe\u0308"


def test_names_that_mean_the_same_are_one_and_others_stay():
    assert canonical(APART) == canonical(ONE) == ONE
    assert canonical("\u1112\u1161\u11ab") == "\ud55c"  # Hangul
    assert canonical("\u212bke") == "\u00c5ke"  # the Angstrom sign
    for name in ("anna", "\ufb01", "Anna", "x\u00b2", os.fsdecode(b"caf\xe9")):  # alike alone, or of no UTF-8
        assert canonical(name) == name
    labels = canonical_labels([[ONE, "a"], [APART, "b"]])
    assert (labels.shape, labels.tolist()) == ((2, 2), [[ONE, "a"], [ONE, "b"]])
    assert canonical_labels(np.array([3, 1], np.uint8)).dtype == np.uint8


def test_paths_are_canonical_but_for_names_that_stand_side_by_side():
    given = [f"{APART}/{APART}.png", f"x/{APART}/1.png", f"x/{ONE}/1.png", f"y/{ONE}/{APART}", "plain"]
    expected = [f"{ONE}/{ONE}.png", f"x/{APART}/1.png", f"x/{ONE}/1.png", f"y/{ONE}/{ONE}", "plain"]
    assert canonical_paths(given) == expected
    assert canonical_paths(given[::-1]) == expected[::-1]


def test_a_file_is_found_by_another_spelling(tmp_path, monkeypatch):
    (tmp_path / APART / "below").mkdir(parents=True)
    for name in (f"{APART}/below/{APART}.png", f"{APART}/both {ONE}", f"{APART}/both {APART}"):
        (tmp_path / name).touch()
    looked_into, listdir = [], os.listdir
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "listdir", lambda folder: looked_into.append(folder) or listdir(folder))
    found = {
        f"{ONE}/below/{ONE}.png": f"{APART}/below/{APART}.png",
        f"{APART}/below/{ONE}.png": f"{APART}/below/{APART}.png",
        f"{ONE}/both {ONE}": f"{APART}/both {ONE}",  # each its own, where both are there
        f"{ONE}/both {APART}": f"{APART}/both {APART}",
        f"{ONE}/none": f"{ONE}/none",
        "plain": "plain",
        str(tmp_path / ONE / "below"): str(tmp_path / APART / "below"),
    }
    assert on_disk(found) == found
    assert len(looked_into) == len(set(looked_into))


def test_labels_in_two_spellings_are_one_class():
    labels = [ONE, APART, "anna", "anna"]
    drawn = data.pairs(labels, num=40, seed=0)
    for first, second, differ in zip(drawn.members["first"], drawn.members["second"], drawn.labels, strict=True):
        assert (canonical(labels[first]) != canonical(labels[second])) == bool(differ)
    mined = analysis.mine_triplets([[0.0], [1.0], [2.0], [3.0]], labels)
    assert mined[:, :2].tolist() == [[0, 1], [1, 0], [2, 3], [3, 2]]
