"""Pairs of images of the user's: two folders that are matched by name, and files that hold two side by side."""

import numpy as np
import pytest
from PIL import Image

from keras_genssl import data
from pipelines.data.example_gen import looks, side_by_side
from pipelines.data.example_gen.image_files import FolderSplits
from pipelines.data.example_gen.matched_folders import matched_example_gen
from pipelines.data.sources import Reading, SideBySide
from pipelines.errors import UserError


def flat(path, level, size=(6, 4)):
    """An image of one level, as wide and high as said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size[1], size[0], 3), level, np.uint8)).save(path)


@pytest.fixture
def folders(tmp_path):
    """Four pairs, whose second image is 100 levels lighter; a lonely one and a corrupt one in each folder."""
    for number in range(4):
        flat(tmp_path / "a" / f"{number}.png", number)
        flat(tmp_path / "b" / f"{number}.bmp", 100 + number, (5, 7))
    flat(tmp_path / "a" / "lonely.png", 50)
    flat(tmp_path / "b" / "other.png", 60)
    for side, name in (("a", "bad_first.png"), ("b", "bad_second.png")):
        (tmp_path / side / name).write_bytes(b"no image")
    flat(tmp_path / "b" / "bad_first.png", 70)
    flat(tmp_path / "a" / "bad_second.png", 80)
    return {"first": tmp_path / "a", "second": tmp_path / "b"}


def levels(made, split):
    """(level of first, level of second) of each record."""
    read = data.load(made.path, split, shuffle=False, features=["first", "second"]).as_numpy_iterator()
    return {(int(one["first"].max()), int(one["second"].max())) for one in read}


def test_images_of_one_name_are_a_pair_and_all_others_are_dead_letters_by_folder(folders, tmp_path):
    made = matched_example_gen(folders, tmp_path / "out", {"train": 0.5, "eval": 0.5})
    assert levels(made, "train") | levels(made, "eval") == {(number, 100 + number) for number in range(4)}
    letters = {(letter["path"], letter["error"]): letter["message"] for letter in made.dead_letters}
    assert letters["first/lonely.png", "Unmatched"] == letters["second/other.png", "Unmatched"]
    (first, second) = (message for (path, _), message in sorted(letters.items()) if path.startswith("bad"))
    assert (first.startswith("first/bad_first.png: "), second.startswith("second/bad_second.png: ")) == (True, True)
    assert len(letters) == 4
    with pytest.raises(UserError, match=r"4 of 8 inputs could not be used, more than `max_failure_rate`=0.2 allows"):
        matched_example_gen(folders, tmp_path / "out", {"train": 0.5, "eval": 0.5}, max_failure_rate=0.2)


def test_pairs_are_divided_as_their_folders_are(tmp_path):
    for number, split in enumerate(["train", "train", "val"]):
        for side, level in (("a", 0), ("b", 100)):
            flat(tmp_path / side / split / f"{number}.png", level + number)
    folders = {"first": tmp_path / "a", "second": tmp_path / "b"}
    made = matched_example_gen(folders, tmp_path / "out", FolderSplits({"train": "train", "eval": "val"}))
    assert levels(made, "train") == {(0, 100), (1, 101)}
    assert levels(made, "eval") == {(2, 102)}


def test_folders_without_a_common_name_are_refused(tmp_path):
    flat(tmp_path / "a" / "x.png", 1)
    flat(tmp_path / "b" / "y.png", 1)
    with pytest.raises(UserError, match="no image of one has the name of an image of the other"):
        matched_example_gen({"first": tmp_path / "a", "second": tmp_path / "b"}, tmp_path / "out", {"train": 1.0})


def test_halves_of_an_image_are_a_pair_and_the_middle_of_an_odd_width_is_left_out(tmp_path):
    for number in range(3):
        image = np.full((4, 7, 3), 255, np.uint8)
        image[:, :3], image[:, 4:] = number, 100 + number
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / "in" / f"{number}.png")
    Image.fromarray(np.zeros((4, 1, 3), np.uint8)).save(tmp_path / "in" / "narrow.png")
    source = SideBySide(source="side_by_side", folder=str(tmp_path / "in"), eval_fraction=0.5)
    made = side_by_side.read(source, Reading(tmp_path / "out"))
    assert levels(made, "train") | levels(made, "eval") == {(number, 100 + number) for number in range(3)}
    ((path, error),) = [(letter["path"], letter["message"]) for letter in made.dead_letters]
    assert (path, error) == ("narrow.png", "an image that holds two side by side must be at least 2 pixels wide")
    one = next(data.load(made.path, "train", features=["first", "second"]).as_numpy_iterator())
    assert {name: image.shape for name, image in one.items()} == {"first": (4, 3, 3), "second": (4, 3, 3)}


def test_dusk_mixes_the_channels():
    grey = np.full((1, 1, 3), 100, np.uint8)
    expected = [round(255 * (100 * share / 255) ** 1.2) for share in (1.2, 0.7, 0.6)]  # the sums of the rows
    assert looks.sunset(grey)[0, 0].tolist() == expected
