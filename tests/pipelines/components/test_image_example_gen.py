import os

import numpy as np
import pytest

from keras_genssl import data
from keras_genssl.pretext import decode_image
from pipelines.beam import records
from pipelines.beam.shards import hash64
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen.images import image_example_gen
from pipelines.errors import UserError
from tests.pipelines.components.image_files import bad_folder, noise, save

SPLIT = {"eval": ["good0"]}


def read(artifact):
    """name -> image of all records, checked against the manifest."""
    found = {}
    for split in artifact.manifest["splits"].values():
        for shard in split["shards"]:
            with open(artifact.path / shard["file"], "rb") as file:
                examples = [records.parse(record) for record in records.read(file)]
            assert len(examples) == shard["records"]
            found |= {example["name"].decode(): decode_image(example["image"])[0] for example in examples}
    return found


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    bad_folder(folder)
    return image_example_gen(folder, tmp_path_factory.mktemp("out"), SPLIT)


def test_every_odd_file_is_converted_rightly(bad):
    images = read(bad)
    assert sorted(images) == sorted(
        [
            "animated",
            "below/deep",
            "dot",
            "again",
            "good0",
            "good2",
            "good3",
            "grey",
            "ink",
            "palette",
            "sixteen",
        ]
    )
    for seed in (0, 2, 3):
        assert (images[f"good{seed}"] == noise(seed)).all()
    assert (images["again"] == noise(1)).all()  # first in order of its two paths
    for name, color in {"grey": 9, "sixteen": 156, "palette": 255, "animated": (10, 200, 30)}.items():
        assert (images[name] == color).all(), name
    np.testing.assert_allclose(images["ink"][20, 20], (0, 255, 255), atol=2)
    assert images["dot"].shape == (1, 1, 3)


def test_every_bad_file_is_a_dead_letter_with_its_reason(bad):
    assert {letter["path"]: (letter["stage"], letter["error"], letter["message"]) for letter in bad.dead_letters} == {
        "bomb.png": (
            "decode",
            "DecompressionBombError",
            "60000 x 60000 pixels, more than the limit of 89478485",
        ),
        "cut.jpg": ("decode", "OSError", "image file is truncated (77 bytes not processed)"),
        "empty.png": ("decode", "UnidentifiedImageError", "the file is empty"),
        "gone.jpg": ("read", "FileNotFoundError", "No such file or directory"),
        "good1.png": ("split", "Duplicate", "the same bytes as again.png"),
        "text.jpg": ("decode", "UnidentifiedImageError", "no decoder recognises the bytes"),
    }
    assert [letter["path"] for letter in bad.dead_letters] == sorted(letter["path"] for letter in bad.dead_letters)


def test_the_manifest_counts_everything(bad):
    manifest = bad.manifest
    assert manifest["counts"] == {"files": 17, "ignored": 1, "unreadable": 1, "duplicates": 1}
    assert manifest["dead_letters"]["records"] == 6
    assert {name: split["records"] for name, split in manifest["splits"].items()} == {"train": 10, "eval": 1}
    train = manifest["statistics"]["train"]
    assert train["width"] == {"min": 1, "median": 48, "max": 48}
    assert train["mode"] == {"CMYK": 1, "I;16": 1, "L": 1, "P": 2, "RGB": 5}


def test_keys_are_contents_sorted_by_hash_over_all_shards(bad):
    keys = []
    for shard in bad.manifest["splits"]["train"]["shards"]:
        with open(bad.path / shard["file"], "rb") as file:
            keys += [records.parse(record)["key"].decode() for record in records.read(file)]
    assert len(set(keys)) == 10
    assert keys == sorted(keys, key=lambda key: hash64(key, "train/1.0.0"))


def test_nothing_else_is_published_and_no_path_of_this_machine(bad):
    assert sorted(os.listdir(bad.path)) == sorted([*bad.manifest["files"], "manifest.json"])
    for name in ("manifest.json", "dataset_info.json", "dead_letters.jsonl"):
        assert str(bad.path.parent.parent) not in (bad.path / name).read_text()


def test_too_many_failures_end_the_job_and_publish_nothing(tmp_path):
    folder = tmp_path / "photos"
    save(folder / "good.png", 0)
    save(folder / "good2.png", 1)
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_text(f"no image {name}")
    split = {"train": 0.5, "eval": 0.5}
    with pytest.raises(UserError, match=r"2 of 4 inputs.*`max_failure_rate`=0.4(.|\n)*a.jpg: Unidentified"):
        image_example_gen(folder, tmp_path / "out", split, max_failure_rate=0.4)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_empty_folder_is_an_error_before_anything_starts(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(UserError, match="must hold image files"):
        image_example_gen(tmp_path / "photos", tmp_path / "out", SPLIT)
    assert not (tmp_path / "out").exists()


def test_a_split_of_dead_letters_only_is_an_error(tmp_path):
    save(tmp_path / "photos" / "a.png", 0)
    (tmp_path / "photos" / "b.png").write_text("no image")
    with pytest.raises(UserError, match="split 'eval' holds no record"):
        image_example_gen(tmp_path / "photos", tmp_path / "out", {"eval": ["b"]})


def test_times_and_places_of_files_do_not_count_and_contents_do(tmp_path):
    folder = tmp_path / "photos"
    for seed in range(3):
        save(folder / f"good{seed}.png", seed)
    first = image_example_gen(folder, tmp_path / "out", SPLIT)
    os.utime(folder / "good1.png", (1, 1))
    folder.rename(tmp_path / "moved")
    again = image_example_gen(tmp_path / "moved", tmp_path / "out", SPLIT)
    assert again.reused
    assert again.digest == first.digest
    save(tmp_path / "moved" / "good1.png", 77)
    assert not image_example_gen(tmp_path / "moved", tmp_path / "out", SPLIT).reused


def test_what_is_written_into_the_source_is_not_read_again(tmp_path):
    for seed in range(3):
        save(tmp_path / f"good{seed}.png", seed)
    runs = [tmp_path / "out" / "runs"]
    first = image_example_gen(tmp_path, tmp_path / "out" / "examples", SPLIT, exclude=runs)
    save(runs[0] / "evaluation" / "good0.png", 7)
    (tmp_path / "notes.txt").write_text("no image")
    again = image_example_gen(tmp_path, tmp_path / "out" / "examples", SPLIT, exclude=runs)
    assert again.reused
    assert again.digest == first.digest


def test_named_files_and_a_fixed_number_of_shards(tmp_path):
    for seed in range(3):
        save(tmp_path / f"{seed}.png", seed)
    source = {f"photo{seed}": tmp_path / f"{seed}.png" for seed in range(3)}
    artifact = image_example_gen(
        source, tmp_path / "out", {"eval": ["photo2"]}, name="three", shards={"train": 3, "eval": 1}
    )
    shards = artifact.manifest["splits"]["train"]["shards"]
    assert [shard["file"] for shard in shards] == [f"three-train.tfrecord-{i:05d}-of-00003" for i in range(3)]
    assert sum(shard["records"] for shard in shards) == 2
    assert sorted(read(artifact)) == sorted(source)


def labelled(artifact, split):
    found = data.load(artifact.path, split, shuffle=False).as_numpy_iterator()
    return {example["name"].decode(): int(example["label"]) for example in found}


def test_a_folder_with_splits_is_read_by_them_and_classes_have_one_number(tmp_path):
    for seed, name in enumerate(("train/ant/1", "train/bee/1", "val/bee/2", "test/cat/1", "test/cat/2")):
        save(tmp_path / "in" / f"{name}.png", seed, 8, 8)
    split = sources.FolderSplits({"train": "train", "eval": "val"})
    made = image_example_gen(tmp_path / "in", tmp_path / "out", split, labels=True)
    assert labelled(made, "train") == {"train/ant/1": 0, "train/bee/1": 1}
    assert labelled(made, "eval") == {"val/bee/2": 1}
    assert made.manifest["labels"] == ["ant", "bee", "cat"]  # of all splits, as `data.load` numbers them
    assert data.load(tmp_path / "in", "val").class_names == data.load(made.path, "eval").class_names
    assert made.manifest["counts"]["ignored"] == 2
    whole = image_example_gen(tmp_path / "in", tmp_path / "out", {"images": 1.0}, labels=True)
    assert labelled(whole, "images")["test/cat/2"] == 2


def test_class_names_number_the_folders(tmp_path):
    for seed, name in enumerate(("bee/1", "cat/1", "cat/2")):
        save(tmp_path / "in" / f"{name}.png", seed, 8, 8)
    options = {"split": {"all": 1.0}, "labels": True}
    names = ["ant", "bee", "cat"]
    made = image_example_gen(tmp_path / "in", tmp_path / "out", class_names=names, **options)
    assert labelled(made, "all") == {"bee/1": 1, "cat/1": 2, "cat/2": 2}
    assert data.load(made.path, "all").class_names == tuple(names)
    assert made.manifest["statistics"]["all"]["label"] == {"ant": 0, "bee": 1, "cat": 2}
    with pytest.raises(UserError, match=r"`class_names` must name every sub-folder .* the sub-folders bee$"):
        image_example_gen(tmp_path / "in", tmp_path / "out", class_names=["ant", "cat"], **options)
    with pytest.raises(UserError, match=r"`class_names` must name each class once"):
        image_example_gen(tmp_path / "in", tmp_path / "out", class_names=["ant", "ant"], **options)


def test_arguments_are_checked(tmp_path):
    save(tmp_path / "a.png", 0)
    save(tmp_path / "b.png", 1)
    split = {"eval": ["a"]}
    with pytest.raises(UserError, match="`name` must be lower-case"):
        image_example_gen(tmp_path, tmp_path / "out", split, name="My-Set")
    with pytest.raises(UserError, match=r"`max_failure_rate` must be in \[0, 1\]"):
        image_example_gen(tmp_path, tmp_path / "out", split, max_failure_rate=2)
    with pytest.raises(UserError, match="`shards` must give a positive number for 'eval'"):
        image_example_gen(tmp_path, tmp_path / "out", split, shards={"train": 1})


def test_records_are_the_same_however_a_file_system_spells_names(tmp_path):
    """macOS writes an accent apart. Of two folders that differ by that alone, the images are of one class."""
    one, apart = "Zo\u00eb", "Zoe\u0308"
    for spelling in (one, apart):
        for number in range(3):
            save(tmp_path / spelling / spelling / f"{spelling}{number}.png", number, 8, 8)
            save(tmp_path / spelling / "anna" / f"{number}.png", 10 + number, 8, 8)
    split = {"eval": [f"{one}/{apart}0", "anna/0"]}
    made = [
        image_example_gen(tmp_path / spelling, tmp_path / "out" / str(len(spelling)), split, labels=True)
        for spelling in (one, apart)
    ]
    assert made[0].content == made[1].content
    assert sorted(read(made[1])) == sorted(f"{folder}{n}" for folder in (f"{one}/{one}", "anna/") for n in range(3))
    save(tmp_path / apart / one / f"{apart}.png", 20, 8, 8)
    both = image_example_gen(tmp_path / apart, tmp_path / "both", split, labels=True)
    assert both.manifest["labels"] == [one, "anna"]
    assert len(read(both)) == 7
