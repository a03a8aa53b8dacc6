import functools
import hashlib
import json
import os
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl import data, pretext
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen.frames import frame_example_gen
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


def test_a_folder_may_be_partly_labelled(split):
    partly = data.load(split, shuffle=False, unlabelled="bee")
    assert labels(partly) == {"train/ant/1.png": 0, "train/bee/1.png": -1, "train/cat/1.png": 1}
    assert partly.class_names == ("ant", "cat")
    assert partly.order.config["source"] != data.load(split).order.config["source"]
    few = data.load(split, batch_size=2, unlabelled="bee", few_labels=data.FewLabels(None, per_batch=1))
    (batch,) = few
    assert sorted(batch["label"].numpy() >= 0) == [False, True]
    with pytest.raises(ValueError, match="`unlabelled` names a sub-folder of a folder of images"):
        data.load({"image": np.zeros((1, 2, 2, 3), np.uint8)}, unlabelled="others")


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


RNG = np.random.default_rng(0)
FILMS = {
    "cooking/first": RNG.integers(0, 256, (12, 5, 6, 3), dtype=np.uint8),
    "second": RNG.integers(0, 256, (9, 4, 4, 3), dtype=np.uint8),
}


@pytest.fixture
def folder(tmp_path):
    for name, film in FILMS.items():
        (tmp_path / name).mkdir(parents=True)
        for number, frame in enumerate(film):
            Image.fromarray(frame).save(tmp_path / name / f"{number:06d}.png")
    (tmp_path / "second" / "notes.txt").write_text("no frame")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_films_are_read_in_the_order_of_names(folder):
    read = list(data.load(data.FrameFolders(folder), shuffle=False))
    assert [film["key"].numpy().decode() for film in read] == list(FILMS)
    for film, expected in zip(read, FILMS.values(), strict=True):
        np.testing.assert_array_equal(film["frames"], expected)


def test_a_film_that_a_transform_refuses_is_named(folder):
    tuples = functools.partial(pretext.frame_order, size=4, min_distance=8)
    message = rf"Cannot transform the film {folder}/second: .* = 11 frames"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        list(data.load(data.FrameFolders(folder), transform=tuples, shuffle=False))


def test_numbers_without_leading_zeros_are_read_as_numbers(tmp_path):
    film = np.repeat(np.arange(11, dtype=np.uint8), 3).reshape(11, 1, 1, 3)
    (tmp_path / "film").mkdir()
    for number, frame in enumerate(film):
        Image.fromarray(frame).save(tmp_path / "film" / f"f{number + 1}.png")
    (read,) = data.load(data.FrameFolders(tmp_path))
    assert read["frames"][:, 0, 0, 0].numpy().tolist() == list(range(11))  # 1, 10, 11, 2 ... by text
    made = frame_example_gen(tmp_path, tmp_path / "out", {"train": 1.0})
    on_disk = list(data.load(made.path, shuffle=False).as_numpy_iterator())
    np.testing.assert_array_equal([one["image"] for one in on_disk], film)


def test_films_of_several_splits_are_told_of(folder):
    (folder / "cooking").rename(folder / "train")
    (folder / "second").rename(folder / "val")
    with pytest.warns(UserWarning, match=r"the films of train, val, which are called like splits, are read together"):
        assert len(data.FrameFolders(folder)) == 2
    assert len(data.FrameFolders(folder / "train")) == 1


def test_every_second_frame_of_long_films(folder):
    films = data.FrameFolders(folder, every=2, least=6)
    assert len(films) == 1
    film = next(iter(data.load(films)))
    np.testing.assert_array_equal(film["frames"], FILMS["cooking/first"][::2])


def test_batches_of_tuples_continue_where_they_were_left(folder):
    def batches(position):
        dataset = data.load(data.FrameFolders(folder), batch_size=1, seed=3, transform=tuple_of_films)
        dataset.order.position = position
        return [{name: value.numpy().tolist() for name, value in batch.items()} for batch in dataset]

    whole = batches((1, 0))
    assert np.shape(whole[0]["frames"]) == (1, 3, 4, 4, 3)
    assert batches((1, 1)) == whole[1:]
    assert batches((0, 0)) != whole


def tuple_of_films(example, seed):
    return pretext.frame_order(example, seed, max_span=4, min_distance=2, size=4)


def test_content_tells_datasets_apart(folder):
    identity = data.FrameFolders(folder).identity
    assert data.FrameFolders(folder).identity == identity
    assert data.FrameFolders(folder, every=2).identity != identity


def test_bad_films_are_refused_by_name(folder):
    with pytest.raises(ValueError, match=r"`every` must be an integer of at least 1. Received: every=0"):
        data.FrameFolders(folder, every=0)
    with pytest.raises(FileNotFoundError, match="`folder` must hold folders of at least 13 frames"):
        data.FrameFolders(folder, least=13)
    with pytest.raises(ValueError, match=r"have one split, .train.*split=.test."):
        data.load(data.FrameFolders(folder), split="test")
    with pytest.raises(ValueError, match="Folders of frames have no labels"):
        data.FrameFolders(folder).labels("label")
    Image.fromarray(FILMS["second"][0, :2]).save(folder / "second" / "000004.png")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must have one size.*000004.png of \(2, 4, 3\)"):
        list(data.load(data.FrameFolders(folder)))
    (folder / "second" / "000004.png").write_bytes(b"nothing")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Cannot decode the frame .*000004.png"):
        list(data.load(data.FrameFolders(folder)))
