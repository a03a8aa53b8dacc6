"""Real photographs from the installed packages scikit-image and scikit-learn. Importing this imports no TensorFlow."""

import importlib.util
import pathlib

import numpy as np
from PIL import Image

_FILES = {
    "skimage": (
        "data",
        {
            "astronaut": "astronaut.png",
            "chelsea": "chelsea.png",
            "coffee": "coffee.png",
            "hubble_deep_field": "hubble_deep_field.jpg",
            "ihc": "ihc.png",
            "motorcycle_left": "motorcycle_left.png",
            "motorcycle_right": "motorcycle_right.png",
            "retina": "retina.jpg",
            "rocket": "rocket.jpg",
        },
    ),
    "sklearn": ("datasets/images", {"china": "china.jpg", "flower": "flower.jpg"}),
}
_GRAY = ("brick", "camera", "cell", "clock_motion", "coins", "grass", "gravel", "moon", "page", "text")


def embedded_photographs(colour_only: bool = True) -> dict[str, pathlib.Path]:
    """Find the photographs inside the installed scikit-image and scikit-learn, without importing either.

    Args:
        colour_only: leave out the ten grey photographs of scikit-image.

    Returns:
        name (file stem) -> path of the file, sorted by name: 11 colour photographs (PNG and JPEG), 21 in all.

    Raises:
        FileNotFoundError: if a package or one of its photographs is not installed.

    Example:
        >>> sorted(embedded_photographs())[:3]
        ['astronaut', 'chelsea', 'china']
    """
    photographs = {}
    for package, (folder, files) in _FILES.items():
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(f"The embedded photographs need the package `{package}`, not installed here.")
        root = pathlib.Path(spec.submodule_search_locations[0]) / folder
        if package == "skimage" and not colour_only:
            files = {**files, **{name: f"{name}.png" for name in _GRAY}}
        photographs.update({name: root / file for name, file in files.items()})
    missing = [str(path) for path in photographs.values() if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"Embedded photographs are missing from this installation: {missing}")
    return dict(sorted(photographs.items()))


PATCHES = "embedded_patches"
"""The name of `embedded_patches` as a source of `load`."""

_PATCH, _MOST, _HELD_OUT = 64, 100, 5
_SAME_SCENE = "motorcycle_right"  # the other half of a stereo pair


def embedded_patches(split: str = "train") -> dict[str, np.ndarray]:
    """Cuts the embedded colour photographs into patches, labelled by photograph: a data set without a download.

    Each photograph is cut into adjacent squares of 64 pixels. If there are more than 100 squares, 100 are taken, evenly
    spaced in reading order. Every fifth of these is held out, so no pixel is in both splits, but patches of the two
    splits are neighbours. Only the left picture of the stereo pair is used.

    Args:
        split: `"train"` or `"test"`.

    Returns:
        "image": uint8 (num, 64, 64, 3), and "label": int64 (num,), the number of the photograph in alphabetical order,
        0 to 9. There are 537 training patches and 130 held out.

    Raises:
        ValueError: if there is no such split.
        FileNotFoundError: if a photograph is not installed.

    Example:
        >>> embedded_patches("test")["image"].shape
        (130, 64, 64, 3)
    """
    if split not in ("train", "test"):
        raise ValueError(f'`split` must be "train" or "test". Received: split={split!r}')
    images, labels = [], []
    for label, name in enumerate(embedded_patch_names()):
        with Image.open(embedded_photographs()[name]) as photograph:
            pixels = np.asarray(photograph.convert("RGB"))
        rows, columns = (side // _PATCH for side in pixels.shape[:2])
        grid = pixels[: rows * _PATCH, : columns * _PATCH].reshape(rows, _PATCH, columns, _PATCH, 3)
        tiles = grid.swapaxes(1, 2).reshape(-1, _PATCH, _PATCH, 3)
        count = min(len(tiles), _MOST)
        tiles = tiles[np.arange(count) * len(tiles) // count]
        held_out = np.arange(count) % _HELD_OUT == _HELD_OUT - 1
        chosen = tiles[held_out if split == "test" else ~held_out]
        images.append(chosen)
        labels.append(np.full(len(chosen), label, np.int64))
    return {"image": np.concatenate(images), "label": np.concatenate(labels)}


def embedded_patch_names() -> tuple[str, ...]:
    """Returns the names of the photographs that `embedded_patches` numbers, in their order."""
    return tuple(name for name in embedded_photographs() if name != _SAME_SCENE)
