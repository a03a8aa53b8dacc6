"""scikit-learn's digits as images of 28 pixels: real images that come with an installed wheel."""

import functools

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

SIZE = 28


@functools.cache
def digits():
    """All 1,797: uint8 (1797, 28, 28), and their labels."""
    found = load_digits()
    small = (found.images * (255 / 16)).round().astype(np.uint8)
    large = [np.asarray(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC)) for image in small]
    return np.stack(large), found.target


def write_folder(folder, count=60, classes=3):
    """Some of the first classes as PNG files, a folder for each class."""
    images, labels = digits()
    for number in np.flatnonzero(labels < classes)[:count]:
        path = folder / f"digit_{labels[number]}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images[number]).save(path)


def write_idx(folder, train=400, test=100):
    """The first ones as IDX files, as MNIST comes."""
    images, labels = digits()
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {"train": slice(0, train), "t10k": slice(train, train + test)}.items():
        for kind, values in {"images-idx3": images[rows], "labels-idx1": labels[rows]}.items():
            header = np.array([0x800 | values.ndim, *values.shape], ">u4").tobytes()
            (folder / f"{name}-{kind}-ubyte").write_bytes(header + values.astype(np.uint8).tobytes())
