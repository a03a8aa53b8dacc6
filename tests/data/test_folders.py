"""Folders of images: where the walk and the numbers of classes meet `data.load` and the pipelines."""

import hashlib
import json
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl import data
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen.images import image_example_gen


def save(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 4, 3), value, np.uint8)).save(path)


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """`val` lacks the first class, and `test` has no classes."""
    root = tmp_path_factory.mktemp("split")
    for value, name in enumerate(["train/ant/1", "train/bee/1", "train/cat/1", "val/bee/1", "val/cat/1", "test/1"]):
        save(root / f"{name}.png", value)
    return root


def labels(dataset):
    return {example["key"].decode(): int(example["label"]) for example in dataset.as_numpy_iterator()}


def test_a_class_has_one_number_in_every_split(split):
    train, held_out, test = (data.load(split, name, shuffle=False) for name in ("train", "validation", "test"))
    assert labels(train) == {"train/ant/1.png": 0, "train/bee/1.png": 1, "train/cat/1.png": 2}
    assert labels(held_out) == {"val/bee/1.png": 1, "val/cat/1.png": 2}
    assert train.class_names == held_out.class_names == ("ant", "bee", "cat")
    assert "label" not in test.element_spec
    assert test.class_names is None
    with pytest.raises(ValueError, match=r"`split` must be one of \['test', 'train', 'val'\] in .*split='dev_2'"):
        data.load(split, "dev_2")


def test_class_names_of_one_folder_number_another(split):
    alone = data.load(split / "val", shuffle=False)
    assert labels(alone) == {"bee/1.png": 0, "cat/1.png": 1}  # the fault that `class_names` mends
    names = data.load(split).class_names
    named = data.load(split / "val", shuffle=False, class_names=names)
    assert labels(named) == {"bee/1.png": 1, "cat/1.png": 2}
    assert named.class_names == names
    assert named.order.config["source"] != alone.order.config["source"]
    same = data.load(split / "val", class_names=["bee", "cat"])
    assert same.order.config["source"] == alone.order.config["source"]
    with pytest.raises(ValueError, match=r"`class_names` must name every sub-folder .* the sub-folders bee$"):
        data.load(split / "val", class_names=["cat", "dog"])
    with pytest.raises(ValueError, match=r"`class_names` numbers the sub-folders of a folder of images"):
        data.load({"image": np.zeros((1, 2, 2, 3), np.uint8)}, class_names=["a"])


def test_a_folder_is_known_by_paths_and_sizes(tmp_path):
    for name in ("b/2.png", "a/1.png"):
        save(tmp_path / name, 0)
    sizes = [[name, (tmp_path / name).stat().st_size] for name in ("a/1.png", "b/2.png")]
    expected = hashlib.sha256(json.dumps(sizes).encode()).hexdigest()
    assert data.load(tmp_path).order.config["source"] == expected
    assert data.load(tmp_path, class_names=["a", "b"]).order.config["source"] == expected
    assert data.load(tmp_path, class_names=["b", "a"]).order.config["source"] != expected


def test_folders_called_like_splits_are_told_of(tmp_path):
    for name in ("train", "plane"):
        save(tmp_path / name / "1.png", 0)
    with pytest.warns(UserWarning, match=r"The sub-folder train is called like a split and is read as a class"):
        assert data.load(tmp_path).class_names == ("plane", "train")
    data.load(tmp_path, class_names=["train", "plane"])  # a warning would be an error


def test_the_library_and_the_pipelines_read_the_same_files(tmp_path):
    root = tmp_path / "root"
    for name in ("a/1.png", "b/2.PNG", "b/deep/3.png", ".hidden/4.png", "b/.5.png", "made/6.png", "e\u0301/7.png"):
        save(root / name, 1)
    save(pathlib.Path(os.fsdecode(os.fsencode(root) + b"/a/caf\xe9.png")), 2)
    (root / "made" / "dataset_info.json").write_text("{}")
    (root / "b" / "round").symlink_to(root)
    (root / "notes.txt").write_text("")
    expected = ["a/1.png", "a/caf\\xe9.png", "b/2.PNG", "b/deep/3.png", "\u00e9/7.png"]
    dataset = data.load(root, shuffle=False)
    assert list(labels(dataset)) == expected
    assert [file.label for file in sources.find(root)[0]] == expected
    made = image_example_gen(root, tmp_path / "out", {"train": 1.0}, labels=True)
    assert made.manifest["labels"] == list(dataset.class_names) == ["a", "b", "\u00e9"]
    films = data.load(data.FrameFolders(root), shuffle=False)
    assert [film["key"].decode() for film in films.as_numpy_iterator()] == ["a", "b", "b/deep", "\u00e9"]


def test_a_remote_folder_is_walked_alike(tmp_path):
    save(tmp_path / "1.png", 7)
    for name in ("train/cat/1.png", "val/cat/2.png", "val/dog/.3.png", "val/dog/4.png", "val/made/5.png"):
        tf.io.gfile.makedirs(f"ram://folders/{os.path.dirname(name)}")
        tf.io.gfile.copy(str(tmp_path / "1.png"), f"ram://folders/{name}")
    with tf.io.gfile.GFile("ram://folders/val/made/saved_model.pb", "wb") as file:
        file.write(b"")
    dataset = data.load("ram://folders", "val", shuffle=False)
    assert labels(dataset) == {"val/cat/2.png": 0, "val/dog/4.png": 1}
    assert [int(example["image"].mean()) for example in dataset.as_numpy_iterator()] == [7, 7]


def test_files_that_cannot_be_read_are_named_before_training(tmp_path):
    save(tmp_path / "a.png", 0)
    os.mkfifo(tmp_path / "b.png")
    with pytest.raises(ValueError, match=rf"^Cannot read the image {tmp_path}/b\.png: is no regular file$"):
        data.load(tmp_path)
    (tmp_path / "b.png").unlink()
    (tmp_path / "b.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"b\.png: No such file or directory$"):
        data.load(tmp_path)


def test_class_names_of_sources_that_have_them():
    assert data.load("embedded_patches", "test").class_names[:2] == ("astronaut", "chelsea")
    assert data.load({"image": np.zeros((1, 2, 2, 3), np.uint8), "label": np.zeros(1, int)}).class_names is None
