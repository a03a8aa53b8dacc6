import numpy as np
import pytest

from keras_genssl.pretext.class_folders import ClassFolders

SPLIT = ["train/cat/1.png", "train/dog/2.png", "val/dog/3.png", "val/dog/old/4.png"]


def test_a_class_has_one_number_in_all_splits():
    folders = ClassFolders(SPLIT)
    assert (folders.splits, folders.class_names, folders.doubt) == (("train", "val"), ("cat", "dog"), None)
    assert folders.numbers(SPLIT) == [0, 1, 1, 1]
    assert folders.numbers(SPLIT[2:]) == [1, 1]
    assert folders.held_out() == ["val"]
    assert ClassFolders([*SPLIT, "val/ant/5.png"]).numbers(SPLIT[:2]) == [1, 2]


@pytest.mark.parametrize(
    ("folders", "asked", "found"),
    [
        (("train", "val"), "val", "val"),
        (("Train", "VAL"), "val", "VAL"),
        (("training", "validation"), "train", "training"),
        (("train", "validation", "test"), "val", "validation"),
        (("train", "val", "valid"), "val", "val"),
        (("train", "dev", "valid"), "val", None),  # which of them?
        (("train", "val"), "test", None),
        (("train", "eval"), "test", "eval"),
        (("train", "val"), "Train", "train"),
        (("Train", "train", "val"), "train", "train"),
        (("Train", "TRAIN", "val"), "train", None),
    ],
)
def test_splits_are_known_by_name_or_kind(folders, asked, found):
    assert ClassFolders([f"{folder}/cat/1.png" for folder in folders]).split(asked) == found


@pytest.mark.parametrize(
    "folders", [("train", "plane"), ("val", "test"), ("test",), ("cat", "dog"), ("train", "training")]
)
def test_other_folders_are_classes_and_those_called_like_splits_are_told_of(folders):
    names = [f"{folder}/1.png" for folder in folders]
    found = ClassFolders(names)
    assert (found.splits, found.class_names) == ((), tuple(sorted(folders)))
    assert (found.doubt is None) == ("cat" in folders)
    assert ClassFolders(names, folders).doubt is None


def test_class_names_that_name_the_splits_make_them_classes():
    folders = ClassFolders(SPLIT, ["val", "train"])
    assert (folders.splits, folders.numbers(SPLIT)) == ((), [1, 1, 0, 0])


def test_images_beside_the_splits_are_told_of():
    folders = ClassFolders([*SPLIT, "cover.png", "extra/cat/1.png"])
    assert folders.class_names == ("cat", "dog")
    assert "2 images that lie in none of them are not read" in str(folders.doubt)


def test_class_names_give_the_numbers():
    names = ["cat/1.png", "dog/2.png"]
    assert ClassFolders(names, ["dog", "ant", "cat"]).numbers(names) == [2, 0]
    assert ClassFolders(names, np.array(["dog", "cat"])).numbers(names) == [1, 0]
    with pytest.raises(ValueError, match=r"`class_names` must name every sub-folder .*\['cat', 'ant'\].* dog$"):
        ClassFolders(names, ["cat", "ant"]).numbers(names)
    with pytest.raises(ValueError, match=r"each image must lie in one.*top\.png, in no sub-folder"):
        ClassFolders(["top.png"], ["cat"]).numbers(["top.png"])
    for wrong, message in (
        ("cat", "a sequence of names"),
        ([1], "a sequence"),
        ([], "a sequence"),
        (["a", "a"], "once"),
    ):
        with pytest.raises(ValueError, match=f"`class_names` must .*{message}"):
            ClassFolders(names, wrong)


def test_images_of_the_unlabelled_folder_have_the_number_minus_one():
    names = ["cat/1.png", "others/2.png", "dog/3.png"]
    folders = ClassFolders(names, unlabelled="others")
    assert folders.class_names == ("cat", "dog")
    assert folders.numbers(names) == [0, -1, 1]
    assert ClassFolders(names, ["dog", "cat"], "others").numbers(names) == [1, -1, 0]
    split = [f"{part}/{name}" for part in ("train", "val") for name in names]
    assert ClassFolders(split, unlabelled="others").numbers(split) == 2 * [0, -1, 1]
    with pytest.raises(ValueError, match=r"`unlabelled` must name a sub-folder .* cat, dog, others$"):
        ClassFolders(names, unlabelled="other")
    with pytest.raises(ValueError, match="`unlabelled` must name a sub-folder that holds images, and that is no class"):
        ClassFolders(names, ["cat", "dog"], "dog")
    with pytest.raises(ValueError, match=r"all images without a label. Received: .*top\.png, in no sub-folder$"):
        ClassFolders([*names, "top.png"], unlabelled="others").numbers([*names, "top.png"])


def test_spellings_of_one_name_are_one_class():
    nfc, nfd = "\u00e9", "e\u0301"
    folders = ClassFolders([f"{nfd}/1.png", f"{nfc}/2.png", "a/3.png"])
    assert folders.class_names == ("a", nfc)
    assert folders.numbers([f"{nfd}/1.png", f"{nfc}/2.png"]) == [1, 1]
    assert ClassFolders([f"{nfc}/1.png"], ["b", nfd]).numbers([f"{nfc}/1.png"]) == [1]


def test_images_outside_of_classes_have_no_numbers():
    names = ["train/cat/1.png", "test/1.png", "train/top.png"]
    folders = ClassFolders(names)
    assert folders.numbers(names[:1]) == [0]
    assert folders.numbers(names[1:2]) is folders.numbers(names) is None
