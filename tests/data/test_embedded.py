import subprocess
import sys

from PIL import Image

from keras_genssl import data

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
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
