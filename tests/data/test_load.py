import functools
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from keras_genssl import data, pretext
from pipelines.data.example_gen import image_files as sources
from tests.data.prepared import super_resolution, write_prepared


@pytest.fixture(scope="module")
def examples():
    return super_resolution(11)[0]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    examples, features = super_resolution(11)
    return write_prepared(tmp_path_factory.mktemp("data") / "tiny", {"train": examples, "eval": examples[:2]}, features)


def ids(batches):
    return [batch["low"][:, 0, 0, 0].tolist() for batch in batches.as_numpy_iterator()]


def test_prepared_directory_gives_what_was_written(directory, examples):
    dataset = data.load(directory, batch_size=4, shuffle=False, drop_remainder=False)
    batches = list(dataset.as_numpy_iterator())
    assert [len(batch["key"]) for batch in batches] == [4, 4, 3]
    assert dataset.element_spec["high"] == tf.TensorSpec((None, 8, 8, 3), tf.uint8)
    for name in ("low", "high"):
        stacked = np.concatenate([batch[name] for batch in batches])
        np.testing.assert_array_equal(stacked, [example[name] for example in examples])
    assert [key for batch in batches for key in batch["key"]] == [f"key{i}".encode() for i in range(11)]


def test_prepared_directory_is_a_tfds_directory(directory, examples):
    builder = tfds.builder_from_directory(directory)
    keys = [example["key"].decode() for example in tfds.as_numpy(builder.as_dataset("train"))]
    assert sorted(keys) == sorted(example["key"] for example in examples)


def test_shapes_are_static_for_xla(directory):
    dataset = data.load(directory, batch_size=4, features=("low", "high"))
    assert dataset.element_spec == {
        "low": tf.TensorSpec((4, 4, 4, 3), tf.uint8),
        "high": tf.TensorSpec((4, 8, 8, 3), tf.uint8),
    }


def test_each_iteration_is_the_next_epoch_in_the_documented_order(directory):
    dataset = data.load(directory, batch_size=3, seed=5)
    assert len(dataset) == dataset.order.steps_per_epoch == 3
    for epoch in range(3):
        assert dataset.order.position == (epoch, 0)
        assert ids(dataset) == [dataset.order.batch(epoch, step)[0].tolist() for step in range(3)]


def test_iteration_starts_at_the_position(directory):
    dataset = data.load(directory, batch_size=3, seed=5)
    dataset.order.position = (7, 2)
    assert ids(dataset) == [dataset.order.batch(7, 2)[0].tolist()]
    assert dataset.order.position == (8, 0)


def test_abandoned_iterations_do_not_move_the_position(directory):
    dataset = data.load(directory, batch_size=3, seed=5)
    first = ids(dataset.take(2))
    next(iter(dataset))
    assert ids(dataset)[:2] == first
    assert dataset.order.position == (1, 0)


def test_single_examples(directory):
    dataset = data.load(directory, seed=2)
    assert dataset.element_spec["low"].shape.as_list() == [None, None, 3]
    assert [int(e["low"][0, 0, 0]) for e in dataset] == dataset.order.epoch(0).tolist()


def test_transform_gets_its_seed_whatever_the_batch_size(directory):
    def transform(example, seed):
        assert isinstance(example["key"], bytes)
        return {"image": example["low"][:2, :2], "seed": np.int64(seed), "name": example["name"]}

    def seeds(batch_size):
        dataset = data.load(directory, "train", batch_size, seed=3, transform=transform)
        return [int(s) for batch in dataset for s in np.ravel(batch["seed"])], dataset

    single, _ = seeds(None)
    batched, dataset = seeds(5)
    assert single[:10] == batched
    assert batched[:5] == dataset.order.batch(0, 0)[1].tolist()
    assert dataset.element_spec["image"] == tf.TensorSpec((5, 2, 2, 3), tf.uint8)


def test_index_is_the_number_of_the_example_in_every_epoch(directory):
    dataset = data.load(directory, batch_size=3, seed=5, index=True, transform=lambda e, seed: {"low": e["low"][:1]})
    assert dataset.element_spec["index"] == tf.TensorSpec((3,), tf.int64)
    for epoch in range(2):
        for step, batch in enumerate(dataset.as_numpy_iterator()):
            assert batch["index"].tolist() == dataset.order.batch(epoch, step)[0].tolist()
            assert batch["index"].tolist() == batch["low"][:, 0, 0, 0].tolist()
    assert [int(e["index"]) for e in data.load(directory, shuffle=False, index=True)] == list(range(11))
    assert "index" not in data.load(directory, batch_size=3).element_spec
    with pytest.raises(ValueError, match=r"`index` must be False where the examples have a feature of that name"):
        data.load({"index": np.arange(4)}, batch_size=2, index=True)


def test_global_random_state_is_neither_read_nor_moved(directory):
    np.random.seed(1)
    tf.random.set_seed(1)
    state = np.random.get_state()[1].copy()
    first = ids(data.load(directory, batch_size=3, seed=4))
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    tf.random.set_seed(2)
    assert ids(data.load(directory, batch_size=3, seed=4)) == first


def uneven(example, seed):
    return {"image": np.zeros((2 + seed % 3, 2, 3), np.uint8)}


@pytest.mark.parametrize("batch_size", [3, None])
def test_unequal_shapes(directory, batch_size):
    dataset = data.load(directory, batch_size=batch_size, transform=uneven)
    if batch_size is None:
        assert len({e["image"].shape[0] for e in dataset}) > 1
        return
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"equal shapes: `image` of the first is \[\d, 2, 3\]"):
        list(dataset)


def test_transform_must_keep_names_and_dtypes(directory):
    def names(example, seed):
        return {f"image{example['low'][0, 0, 0] // 6}": example["low"]}

    def dtypes(example, seed):
        return {"image": example["low"].astype([np.uint8, np.float32][int(example["low"][0, 0, 0] > 5)])}

    for transform, message in ((names, "same names each time"), (dtypes, "`image` as float32")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            list(data.load(directory, transform=transform, batch_size=2))
    with pytest.raises(ValueError, match=r"must return a dict\. Received: ndarray"):
        data.load(directory, transform=lambda example, seed: example["low"])


def test_unpublished_directories_are_refused(directory, tmp_path):
    copy = shutil.copytree(directory, tmp_path / "copy")
    (copy / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"no manifest\.json"):
        data.load(copy)


def test_manifest_is_checked(directory, tmp_path):
    copy = shutil.copytree(directory, tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text())
    with pytest.raises(ValueError, match=r"`split` must be one of \['eval', 'train'\].*split='test'"):
        data.load(copy, "test")
    shard = copy / manifest["splits"]["train"]["shards"][1]["file"]
    content = shard.read_bytes()
    shard.write_bytes(content[:-1])
    with pytest.raises(ValueError, match=f"must hold {len(content)} bytes by its manifest. It holds"):
        data.load(copy)
    shard.unlink()
    with pytest.raises(ValueError, match="It is missing"):
        data.load(copy)
    manifest["format"] = 2
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="format=2"):
        data.load(copy)


def test_files_beside_the_manifest_are_not_opened(directory, tmp_path):
    copy = shutil.copytree(directory, tmp_path / "copy")
    (copy / "tiny-train.tfrecord-00003-of-00004").write_bytes(b"debris")
    assert len(data.load(copy)) == 11


def test_folder_of_images(tmp_path):
    pixels = {}
    for i, key in enumerate(["b/z.png", "a/y.PNG", "a/deep/x.png"]):
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels[key] = np.full((4 + i, 3, 3), i, np.uint8)
        Image.fromarray(pixels[key]).save(path)
    (tmp_path / "a" / "notes.txt").write_text("no image")
    elements = list(data.load(tmp_path, shuffle=False).as_numpy_iterator())
    assert [e["key"].decode() for e in elements] == ["a/deep/x.png", "a/y.PNG", "b/z.png"]
    assert [int(e["label"]) for e in elements] == [0, 0, 1]
    for element in elements:
        np.testing.assert_array_equal(element["image"], pixels[element["key"].decode()])
    Image.fromarray(pixels["b/z.png"]).save(tmp_path / "top.png")
    assert "label" not in data.load(tmp_path).element_spec
    with pytest.raises(ValueError, match=r"`features` must be .*'image', 'key'.*Received: features=\['label'\]"):
        data.load(tmp_path, features=["label"])
    with pytest.raises(ValueError, match='one split, "train"'):
        data.load(tmp_path, "test")


def test_bad_image_is_named(tmp_path):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_text("text")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Cannot decode the image .*b\.jpg"):
        list(data.load(tmp_path))


@pytest.mark.parametrize(("grey", "error"), [("a", ValueError), ("d", tf.errors.InvalidArgumentError)])
def test_an_image_that_a_transform_refuses_is_named(tmp_path, grey, error):
    """The first image already when the dataset is made, any other in the iteration."""
    colour = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    for name in "abcd":
        Image.fromarray(colour[..., 0] if name == grey else colour).save(tmp_path / f"{name}.png")
    crops = functools.partial(pretext.coloured_crop, size=4)
    with pytest.raises(error, match=rf'{tmp_path}/{grey}\.png: `example\["image"\]` must hold colour: a or b beyond 5'):
        list(data.load(tmp_path, batch_size=2, transform=crops, features=["image"]))
    (tmp_path / f"{grey}.png").unlink()
    assert len(list(data.load(tmp_path, transform=crops))) == 3


def refuse(example, seed):
    """Refuses what holds a 3, or images of which the second does."""
    image = example.get("low", example.get("second", example.get("image")))
    if image.ravel()[0] == 3:
        raise ValueError("`three` must be another number")
    return {"image": image}


def test_refused_records_groups_and_rows_are_named_too(directory, tmp_path):
    images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1) * np.ones((1, 2, 2, 3), np.uint8)
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    groups = data.Groups({"first": [0, 1], "second": [2, 3]})
    group = rf"group 1 \(first: the image {tmp_path}/1\.png, second: the image {tmp_path}/3\.png\)"
    for source, options, title in (
        (directory, {"features": ["low"]}, r"example 3 \(name3\)"),
        ({"image": images}, {}, "example 3"),
        (tmp_path, {"groups": groups}, group),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"Cannot transform {title}: `three` must be another"):
            list(data.load(source, transform=refuse, **options))


def test_what_breaks_in_a_transform_keeps_its_kind(directory):
    with pytest.raises(ValueError, match=r"Cannot transform example 0 \(name0\): KeyError: 'image'") as caught:
        data.load(directory, transform=lambda example, seed: {"image": example["image"]})
    assert isinstance(caught.value.__cause__, KeyError)


def test_folders_and_ingestion_know_the_same_extensions(tmp_path):
    for name in (".jfif", ".tga", ".pgm"):
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / f"a{name}", {".jfif": "JPEG"}.get(name))
    assert len(data.load(tmp_path)) == len(sources.find(tmp_path)[0]) == 3


def test_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`source` must be .*with 0 other entries"):
        data.load(tmp_path)


class Squares(tfds.core.GeneratorBasedBuilder):
    """Twelve images of one pixel, which is their label."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(1, 1, 3)),
            "label": tfds.features.ClassLabel(num_classes=12),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for i in range(12):
            yield i, {"image": np.full((1, 1, 3), i, np.uint8), "label": i}


def test_tfds_name_is_prepared_and_sliced(tmp_path):
    dataset = data.load("squares", batch_size=2, data_dir=str(tmp_path))
    assert dataset.element_spec["image"].shape == (2, 1, 1, 3)
    for batch in dataset:
        np.testing.assert_array_equal(batch["image"][:, 0, 0, 0], batch["label"])
    stored = [int(e["label"]) for e in data.load("squares", shuffle=False, data_dir=str(tmp_path))]
    assert sorted(stored) == list(range(12))
    tail = data.load("squares", "train[75%:]", shuffle=False, data_dir=str(tmp_path))
    assert [int(e["label"]) for e in tail] == stored[9:]
    assert dataset.order.config == {
        "num_examples": 12,
        "batch_size": 2,
        "seed": 0,
        "shuffle": True,
        "drop_remainder": True,
        "source": "squares/1.0.0",
        "split": "train",
        "features": None,
        "transform": None,
    }
    assert tail.order.config["split"] == "train[75%:]"


@pytest.mark.parametrize("source", ["no_such_dataset_anywhere", "/no/such/folder"])
def test_unknown_source(source):
    with pytest.raises(ValueError, match="neither a directory nor a dataset of TFDS"):
        data.load(source)
