import os
import tempfile
from pathlib import Path

import pytest

from keras_genssl.pretext.class_folders import ClassFolders
from pipelines.batch import faces
from pipelines.batch import jobs as batch_jobs
from pipelines.data.example_gen.image_files import File, FolderSplits, divide, find, fingerprint, own_splits, taken
from pipelines.errors import UserError


def files(*names, twins=()):
    made = [File(f"/{name}.png", name, f"{name}.png", key=f"key of {name}", size=1) for name in names]
    return made + [File(f"/{b}.png", b, f"{b}.png", key=f"key of {a}", size=1) for a, b in twins]


def named(parts):
    return {split: sorted(file.name for file in part) for split, part in parts.items()}


def test_an_empty_folder_is_an_error_that_says_what_is_there(tmp_path):
    with pytest.raises(UserError, match=r"must hold image files.*holds nothing"):
        find(tmp_path)
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(UserError, match=r"holds 1 \.txt"):
        find(tmp_path)
    with pytest.raises(UserError, match="is no folder"):
        find(tmp_path / "missing")


def test_files_are_found_below_and_in_order(tmp_path):
    for name in ("b/z.JPG", "a.png", "b/a.tiff", ".git/c.png", "d.txt", "._a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    found, ignored = find(tmp_path)
    assert [(file.name, file.label) for file in found] == [
        ("a", "a.png"),
        ("b/a", "b/a.tiff"),
        ("b/z", "b/z.JPG"),
    ]
    assert ignored == 1
    assert [file.size for file in fingerprint(found)[0]] == [5, 8, 7]


def test_files_that_differ_by_their_extension_alone_are_told_apart(tmp_path):
    for name in ("same.png", "same.jpg", "other.png"):
        (tmp_path / name).write_bytes(name.encode())
    found, _ = find(tmp_path)
    assert [file.name for file in found] == ["other", "same.jpg", "same.png"]
    for held_out, names in (("same", ["same.jpg", "same.png"]), ("same.jpg", ["same.jpg"])):
        parts, _ = divide(fingerprint(found)[0], {"eval": [held_out]})
        assert named(parts)["eval"] == names


ONE, APART = "Zo\u00eb", "Zoe\u0308"  # one letter, and, as macOS writes it, two


def test_a_name_is_one_in_any_spelling(tmp_path):
    for number, name in enumerate((f"{APART}/{APART}.png", f"{ONE}2.png", "x.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes([number]))
    found, _ = find(tmp_path)
    assert [(file.name, file.label) for file in found] == [
        (f"{ONE}/{ONE}", f"{ONE}/{ONE}.png"),
        (f"{ONE}2", f"{ONE}2.png"),
        ("x", "x.png"),
    ]
    readable, letters = fingerprint(found)  # by the paths that are on the disk
    assert (len(readable), letters) == (3, [])
    for held_out in ([f"{ONE}/{ONE}", f"{APART}2"], [f"{APART}/{APART}.png", f"{ONE}2.png"]):
        assert named(divide(readable, {"eval": held_out})[0]) == {"train": ["x"], "eval": [f"{ONE}/{ONE}", f"{ONE}2"]}
    given, _ = find({APART: tmp_path / "x.png", "a": tmp_path / f"{ONE}2.png"})
    assert [file.name for file in given] == sorted([ONE, "a"])


def test_files_that_differ_by_their_spelling_alone_are_told_apart(tmp_path):
    for name in (f"{ONE}.png", f"{APART}.png", "x.png"):
        (tmp_path / name).write_bytes(name.encode())
    found = fingerprint(find(tmp_path)[0])[0]
    assert sorted(file.name for file in found) == sorted([ONE, APART, "x"])
    assert len({file.key for file in found}) == 3
    parts, _ = divide(found, {"eval": [ONE]})  # who names one cannot see that there are two
    assert named(parts) == {"train": ["x"], "eval": sorted([ONE, APART])}


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path):
    (tmp_path / "elsewhere" / "below").mkdir(parents=True)
    (tmp_path / "elsewhere" / "a.png").write_bytes(b"a")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "class").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "below" / "up").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "source" / "itself").symlink_to(tmp_path / "source")
    found, _ = find(tmp_path / "source")
    assert [file.label for file in found] == ["class/a.png"]


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a.png").write_bytes(b"a")
    readable, letters = fingerprint(find(tmp_path)[0])
    assert [file.name for file in readable] == ["a"]
    assert [(letter.path, letter.message) for letter in letters] == [
        ("gone.png", "No such file or directory"),
        ("pipe.png", "is no regular file"),
    ]


@pytest.fixture
def guarded():
    """A folder where mode bits count: root, who reads whatever they say, is nobody meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for name in ("a.png", "below/b.png"):
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            (Path(folder) / name).write_bytes(b"")
        user = os.geteuid()
        try:
            yield Path(folder)
        finally:
            if user == 0:
                os.seteuid(0)
            os.chmod(folder, 0o755)
            os.chmod(Path(folder) / "below", 0o755)


@pytest.mark.parametrize(("name", "mode"), [("", 0), ("below", 0), ("below", 0o444)])
def test_a_folder_that_cannot_be_read_is_named_and_never_passed_over(guarded, name, mode):
    assert len(find(guarded)[0]) == 2
    os.chmod(guarded / name, mode)
    if os.geteuid() == 0:
        os.seteuid(65534)
    message = f"^{guarded / name}: the folder cannot be read: Permission denied$"
    with pytest.raises(UserError, match=message):
        find(guarded)
    with pytest.raises(UserError, match=message):
        batch_jobs.records(guarded / name)


def test_what_programs_made_is_no_photograph(tmp_path):
    for folder in ("below", "out", "data", "tfds", "model/1", "run/evaluation", "other"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.png").write_bytes(b"")
    (tmp_path / "data" / "manifest.json").write_text('{"format": 1, "splits": {}}')
    (tmp_path / "tfds" / "dataset_info.json").write_text("{}")
    (tmp_path / "model" / "1" / "saved_model.pb").write_bytes(b"")
    (tmp_path / "run" / "evaluation" / "manifest.json").write_text('{"digest": "", "inputs": {}, "result": {}}')
    (tmp_path / "other" / "manifest.json").write_text('["of something else"]')
    found, ignored = find(tmp_path, [tmp_path / "below" / ".." / "out", tmp_path / "missing", tmp_path])
    assert [file.label for file in found] == ["below/a.png", "other/a.png"]
    assert ignored == 6  # out, data, tfds, model/1, run/evaluation, and a manifest.json


def test_named_splits():
    parts, _ = divide(files("coffee", "china", "cat"), {"eval": ["coffee", "china.png"]})
    assert named(parts) == {"train": ["cat"], "eval": ["china", "coffee"]}


def test_what_lies_in_two_splits_of_a_folder_is_held_out():
    made = files("extra/d", "train/a", "train/b", "val/c", twins=[("train/a", "val/a")])
    split = FolderSplits({"train": "train", "eval": "val"})
    read = taken(made, split)
    assert [file.name for file in read] == ["train/a", "train/b", "val/c", "val/a"]
    parts, duplicates = divide(read, split)
    assert named(parts) == {"train": ["train/b"], "eval": ["val/a", "val/c"]}
    assert [(letter.path, letter.message) for letter in duplicates] == [("train/a.png", "the same bytes as val/a.png")]


@pytest.mark.parametrize(
    ("folders", "asked", "found"),
    [
        ("train val", ("train", "test"), ("train", "val")),
        ("Training Val Test", ("train", "test"), ("Training", "Test")),
        ("Training Val Test", ("train", "val"), ("Training", "Val")),
        ("cat dog", ("train", "test"), None),
    ],
)
def test_the_splits_of_a_folder_are_those_that_are_asked_for(folders, asked, found):
    split = own_splits(ClassFolders([f"{folder}/a.png" for folder in folders.split()]), *asked)
    assert split == (found and FolderSplits(dict(zip(("train", "eval"), found, strict=True))))


@pytest.mark.parametrize("asked", [("train", "extra"), ("half", "test"), ("train", "train")])
def test_splits_that_a_folder_has_not_are_an_error_that_names_them(asked):
    folders = ClassFolders([f"{folder}/a.png" for folder in ("train", "dev", "val")])
    with pytest.raises(
        UserError, match=r"data\.train_split=.*: must be two of the folder's own splits, dev, train, val"
    ):
        own_splits(folders, *asked)


def test_people_are_known_by_their_folders_below_splits_or_by_the_names_of_files(tmp_path):
    for name in ("train/anna/1", "train/ben_2", "val/anna/3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.png").write_bytes(b"")
    assert [person for person, _ in faces.photographs(tmp_path)] == ["anna", "ben", "anna"]
    assert [person for person, _ in faces.photographs(tmp_path / "train")] == ["anna", "ben"]


def test_a_name_is_found_in_any_spelling():
    parts, _ = divide(files("caf\u00e9", "cat"), {"eval": ["cafe\u0301"]})
    assert named(parts) == {"train": ["cat"], "eval": ["caf\u00e9"]}


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(UserError, match=r"'cofee' in 'eval'.*coffee"):
        divide(files("coffee", "china"), {"eval": ["cofee"]})


def test_a_duplicate_of_a_held_out_file_does_not_train():
    parts, duplicates = divide(files("a", "b", twins=[("a", "copy")]), {"eval": ["copy"]})
    assert named(parts) == {"train": ["b"], "eval": ["a"]}
    assert [(letter.path, letter.error, letter.message) for letter in duplicates] == [
        ("copy.png", "Duplicate", "the same bytes as a.png")
    ]
    with pytest.raises(UserError, match="two splits"):
        divide(files("a", "b", twins=[("a", "copy")]), {"eval": ["copy"], "test": ["a"]})


def test_fractions_are_kept_and_a_file_stays_in_its_split():
    many = files(*(f"f{i}" for i in range(2000)))
    split = {"train": 0.9, "eval": 0.1}
    parts = named(divide(many, split)[0])
    assert 160 <= len(parts["eval"]) <= 240  # 200, deviation 13
    fewer = named(divide(many[:1000], split)[0])
    assert set(fewer["eval"]) == {name for name in parts["eval"] if int(name[1:]) < 1000}


@pytest.mark.parametrize("count", [2, 3, 5])
def test_no_split_is_empty_where_there_are_files_enough(count):
    parts, _ = divide(files(*(f"f{i}" for i in range(count))), {"train": 0.98, "eval": 0.02})
    assert len(parts["eval"]) == 1
    assert len(parts["train"]) == count - 1


def test_splits_that_cannot_be_made():
    with pytest.raises(UserError, match="sum to 1"):
        divide(files("a", "b"), {"train": 0.9, "eval": 0.2})
    with pytest.raises(UserError, match="fewer than splits"):
        divide(files("a"), {"train": 0.9, "eval": 0.1})
    with pytest.raises(UserError, match="`split` must be fractions"):
        divide(files("a"), {"train": 0.9, "eval": ["a"]})
