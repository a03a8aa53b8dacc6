import numpy as np
import pytest
from PIL import Image

from keras_genssl import data
from tests import processes

GRAY = ["brick", "camera", "cell", "clock_motion", "coins", "grass", "gravel", "moon", "page", "text"]
COLOUR = [
    *["astronaut", "chelsea", "china", "coffee", "flower", "hubble_deep_field", "ihc"],
    *["motorcycle_left", "motorcycle_right", "retina", "rocket"],
]


def test_colour_photographs():
    found = data.embedded_photographs()
    assert list(found) == COLOUR
    for path in found.values():
        with Image.open(path) as image:
            assert image.mode == "RGB"
            assert min(image.size) >= 300


def test_gray_photographs_on_request():
    found = data.embedded_photographs(colour_only=False)
    assert sorted(found) == sorted(COLOUR + GRAY)
    assert all(path.is_file() for path in found.values())


def test_packages_are_not_imported():
    code = (
        "import sys; from keras_genssl.data import embedded_photographs as find; before = set(sys.modules);"
        "find(); assert not {'skimage', 'sklearn'} & (set(sys.modules) - before);"
        "assert not {'skimage', 'tensorflow_datasets', 'apache_beam'} & set(sys.modules)"
    )
    done = processes.run(["-c", code])
    assert done.returncode == 0, done.errors


def test_patches_are_tiles_of_the_photographs():
    split = {name: data.embedded_patches(name) for name in ("train", "test")}
    counts = {name: np.bincount(part["label"]).tolist() for name, part in split.items()}
    # Of 512 x 512 pixels there are 64 tiles, of 300 x 451 28, of 427 x 640 60, of 400 x 600 54, of 500 x 741 77.
    tiles = [64, 28, 60, 54, 60, 100, 64, 77, 100, 60]
    assert counts["test"] == [count // 5 for count in tiles]
    assert np.add(counts["train"], counts["test"]).tolist() == tiles
    with Image.open(data.embedded_photographs()["chelsea"]) as image:
        chelsea = np.asarray(image)
    of_chelsea = split["train"]["image"][split["train"]["label"] == 1]
    np.testing.assert_array_equal(of_chelsea[3], chelsea[:64, 192:256])
    np.testing.assert_array_equal(of_chelsea[4], chelsea[:64, 320:384])  # the fifth is held out
    held_out = split["test"]["image"][split["test"]["label"] == 1]
    np.testing.assert_array_equal(held_out[0], chelsea[:64, 256:320])


def test_patches_are_loaded_by_name():
    batch = next(iter(data.load("embedded_patches", split="test", batch_size=130, shuffle=False)))
    expected = data.embedded_patches("test")
    np.testing.assert_array_equal(batch["image"], expected["image"])
    np.testing.assert_array_equal(batch["label"], expected["label"])
    with pytest.raises(ValueError, match='`split` must be "train" or "test"'):
        data.load("embedded_patches", split="validation")
