"""Real photographs that come inside the installed scikit-image and scikit-learn."""

import importlib.util
import pathlib

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
