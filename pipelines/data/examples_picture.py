"""A picture of prepared examples, made from their records alone, so that people can look at every preparation."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import keras_genssl.pretext.codec as codec
from pipelines.beam import records
from pipelines.beam.shards import open_file
from pipelines.data.written import STACKS

FILE = "examples.png"
LOOKED_AT = 200  # the number of first examples of a split in which examples of each value are searched
_PICTURES = ("image", "grey", *STACKS)
_VALUES = 10  # a number with more values gets no column for each
_ROWS, _WIDTH, _SIDE, _LARGEST = 4, 960, 64, 128  # in pixels, except for the rows
_GAP, _SPACE, _LINE, _BACKGROUND, _EMPTY = 2, 8, 16, (255, 255, 255), (232, 232, 232)

Arrangements: TypeAlias = Callable[[Mapping[str, Any]], Sequence[Sequence[int | None]]]
Illustrations: TypeAlias = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]


def draw(
    path: Path,
    shards: Sequence[str],
    features: Mapping[str, str],
    stacks: Mapping[str, int],
    labels: Sequence[str] = (),
    arrangements: Arrangements | None = None,
    illustrations: Illustrations | None = None,
) -> list[str]:
    """Draws the first examples of some shards.

    The images of an example are drawn side by side in the order of its features. The images of a stack of more than
    four are drawn in a square, or as `arrangements` says. Below are its numbers, and the name of its label if it has
    one as a feature. If one of these has few values, each value gets a column; columns that do not fit continue in
    another band of rows.

    Args:
        path: the path of the PNG.
        shards: files of records.
        features: name -> kind.
        stacks: name -> number of images in the stack.
        labels: the names of the classes.
        arrangements: a function of an example that returns the squares with the numbers of its stack's images, None
            for no image.
        illustrations: a function of an example's images that returns more pictures to show.

    Returns:
        The names of the illustrations.
    """
    serialized = itertools.islice(itertools.chain.from_iterable(map(_read, shards)), LOOKED_AT)
    found = [records.parse(record) for record in serialized]
    numbers = [name for name, kind in features.items() if kind in ("int", "label")]
    chosen = next((name for name in numbers if 1 < len({one[name] for one in found}) <= _VALUES), None)

    def tile(example: Mapping[str, Any]) -> Image.Image:
        texts = (labels[example[name]] if features[name] == "label" else f"{name} {example[name]}" for name in numbers)
        beside = list(_illustrated(example, features, illustrations).values())
        return _tile(example, features, stacks, ", ".join(texts), arrangements and arrangements(example), beside)

    width = tile(found[0]).width + _SPACE
    columns = max(1, _WIDTH // width)
    if chosen is None:
        columns = min(columns, _VALUES)
        rows = [found[start : start + columns] for start in range(0, min(len(found), columns * _ROWS), columns)]
    else:
        values = sorted({one[chosen] for one in found})
        bands = [values[start : start + columns] for start in range(0, len(values), columns)]
        most = max(1, _ROWS // len(bands))
        rows = []
        for band in bands:
            of_each = [[one for one in found if one[chosen] == value][:most] for value in band]
            rows += [list(row) for row in itertools.zip_longest(*of_each)]
    tiles = [[one if one is None else tile(one) for one in row] for row in rows]
    every = [one for row in tiles for one in row if one is not None]
    width, height = (max(getattr(one, side) for one in every) + _SPACE for side in ("width", "height"))
    sheet = Image.new("RGB", (width * max(map(len, tiles)) + _SPACE, height * len(tiles) + _SPACE), _BACKGROUND)
    for (down, row), across in ((each, number) for each in enumerate(tiles) for number in range(len(each[1]))):
        if row[across] is not None:
            sheet.paste(row[across], (_SPACE + across * width, _SPACE + down * height))
    sheet.save(path, "PNG")
    return list(_illustrated(found[0], features, illustrations))


def add(
    directory: Path,
    manifest: dict[str, Any],
    features: Mapping[str, str],
    arrangements: Arrangements | None = None,
    illustrations: Illustrations | None = None,
) -> None:
    """Draws the first training examples into a directory that is being prepared, and adds the file to its manifest.

    The names of illustrations are added too.

    Args:
        directory: the directory with the shards.
        manifest: the manifest from `Dataset.finish`.
        features: name -> kind, for what is shown.
        arrangements, illustrations: as in `draw`.
    """
    first = next(iter(manifest["splits"]))
    shards = manifest["splits"].get("train", manifest["splits"][first])["shards"]
    files = [str(directory / shard["file"]) for shard in shards]
    stacks, labels = manifest.get("stacks", {}), manifest.get("labels", ())
    beside = draw(directory / FILE, files, features, stacks, labels, arrangements, illustrations)
    if beside:
        manifest["illustrations"] = beside
    manifest["files"][FILE] = (directory / FILE).stat().st_size


def caption(features: Mapping[str, str], illustrations: Sequence[str] = ()) -> str:
    """Describes what the picture shows.

    >>> caption({"key": "text", "masked": "grey", "image": "grey", "turn": "int"})
    'Prepared examples to train on: masked, image; below: turn.'
    >>> caption({"image": "image"}, ["its lightness"])
    'Prepared examples to train on: image; beside it, not on disk: its lightness.'
    """
    shown = ", ".join(name for name, kind in features.items() if kind in _PICTURES)
    numbers = ", ".join(name for name, kind in features.items() if kind == "int")
    beside = f"; beside it, not on disk: {', '.join(illustrations)}" if illustrations else ""
    return f"Prepared examples to train on: {shown}{beside}{f'; below: {numbers}' if numbers else ''}."


def _read(shard: str) -> Any:
    with open_file(shard) as file:
        yield from records.read(file)


def _illustrated(
    example: Mapping[str, Any], features: Mapping[str, str], illustrations: Illustrations | None
) -> dict[str, np.ndarray]:
    """Returns what is shown next to the images of an example, in colour."""
    if illustrations is None:
        return {}
    images = {name: codec.decode_image(example[name])[0] for name, kind in features.items() if kind in _PICTURES[:2]}
    return {name: np.repeat(one, 3 // one.shape[-1], axis=-1) for name, one in illustrations(images).items()}


def _tile(
    example: Mapping[str, Any],
    features: Mapping[str, str],
    stacks: Mapping[str, int],
    text: str,
    arrangements: Sequence[Sequence[int | None]] | None = None,
    beside: Sequence[np.ndarray] = (),
) -> Image.Image:
    """Draws one example: its pictures, more pictures next to them, and a text below."""
    parts: list[list[np.ndarray | None]] = []
    for name in (name for name, kind in features.items() if kind in _PICTURES):
        strip = codec.decode_image(example[name])[0]  # (num * height, width, 3)
        images = np.split(strip, stacks[name]) if name in stacks else [strip]
        squares = arrangements if arrangements and name in stacks else [range(len(images))]
        parts += [[None if number is None else images[number] for number in square] for square in squares]
    parts += [[image] for image in beside]
    tallest = max(image.shape[0] for part in parts for image in part if image is not None)
    side = _SIDE // 2 if arrangements else _SIDE
    zoom = _LARGEST / tallest if tallest > _LARGEST else max(1, side // tallest)
    grids = [_grid([None if image is None else _resized(image, zoom) for image in part]) for part in parts]
    font = ImageFont.load_default(12)
    apart = _SPACE if arrangements else _GAP
    width = max(sum(grid.width + apart for grid in grids) - apart, round(font.getlength(text)))
    tile = Image.new("RGB", (width, max(grid.height for grid in grids) + (_LINE if text else 0)), _BACKGROUND)
    left = 0
    for grid in grids:
        tile.paste(grid, (left, 0))
        left += grid.width + apart
    if text:
        ImageDraw.Draw(tile).text((0, tile.height - _LINE + 1), text, (0, 0, 0), font)
    return tile


def _resized(image: np.ndarray, zoom: float) -> Image.Image:
    """Enlarges an image so that each pixel is visible as a square, or shrinks it."""
    size = (max(1, round(image.shape[1] * zoom)), max(1, round(image.shape[0] * zoom)))
    return Image.fromarray(image).resize(size, Image.Resampling.NEAREST if zoom >= 1 else Image.Resampling.LANCZOS)


def _grid(images: Sequence[Image.Image | None]) -> Image.Image:
    """Draws images of one size in a row, or in a square if there are more than four; an empty place is light grey."""
    columns = len(images) if len(images) <= 4 else int(np.ceil(np.sqrt(len(images))))
    width, height = (max(getattr(one, side) for one in images if one) + _GAP for side in ("width", "height"))
    rows = -(-len(images) // columns)
    grid = Image.new("RGB", (columns * width - _GAP, rows * height - _GAP), _BACKGROUND)
    for number, image in enumerate(images):
        left, top = number % columns * width, number // columns * height
        if image is None:
            grid.paste(_EMPTY, (left, top, left + width - _GAP, top + height - _GAP))
        else:
            grid.paste(image, (left, top))
    return grid
