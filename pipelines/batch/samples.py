"""Draws images from an exported generator, and writes them as one sheet or as single files."""

import io
import math
import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.batch.generators import Generator
from pipelines.errors import UserError
from pipelines.runtime import store

_CHUNK = 100  # images that are made at a time: bounds memory
_MOST = 20  # classes that each get a column of a sheet


def write(
    generator: Generator,
    num: int,
    seed: int,
    output: Path,
    labels: Sequence[str] = (),
    truncation: float | None = None,
) -> Path:
    """Draws images and writes them, completely or not at all; existing files are not changed.

    Args:
        generator: the model.
        num: how many, positive.
        seed: at least 0.
        output: a sheet if it ends in ``.png``, else a directory of single files. If the model makes several images of
            one latent, they are below each other in the sheet, and files of their own in the directory.
        labels: the wanted classes, by number or by name, in turn; without any, all classes in turn.
        truncation: the factor of a model that takes one; None for 1, which leaves latents as they are.

    Returns:
        ``output``.

    Raises:
        UserError: the model does not take what is given, or the output cannot be written.
    """
    if truncation is not None and "truncation" not in generator.signature.inputs:
        raise UserError(f"--truncation {truncation:g}: {generator.path} has no input `truncation`")
    classes = _classes(generator, labels)
    if os.path.lexists(output):
        raise UserError(f"--output {output}: is there already: remove it, or name another")
    store.check_writable(output.parent, "--output")
    shown = None if classes is None else np.resize(classes, num)
    chunks = generator.draw(num, seed, shown, 1.0 if truncation is None else truncation, _CHUNK)
    part = output.with_name(f".{output.name}.{uuid.uuid4().hex}.part")
    try:
        if output.suffix.lower() == ".png":
            in_turn = 0 if classes is None else len(classes)
            _sheet(part, chunks, in_turn if 1 < in_turn <= _MOST else math.ceil(math.sqrt(num)))
        else:
            _files(part, chunks, shown, len(str(num - 1)))
        os.rename(part, output)
    finally:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
    return output


def _classes(generator: Generator, labels: Sequence[str]) -> np.ndarray | None:
    """Returns the classes to draw in turn; None for a model that takes none."""
    if "label" not in generator.signature.inputs:
        if labels:
            raise UserError(
                f"--label {labels[0]}: {generator.path} takes no class; its signature is "
                f"`{generator.signature.name}` with {', '.join(generator.signature.inputs)}"
            )
        return None
    count, names = generator.num_classes(), generator.class_names()
    if not labels:
        if count is None:
            raise UserError(f"--label: must be given; {generator.path} takes any integer for a class")
        return np.arange(count)
    return np.array([_class(label, count, names) for label in labels])


def _class(label: str, count: int | None, names: list[str]) -> int:
    """Returns the number of a class."""
    if label in names:
        return names.index(label)
    known = "" if count is None else f" in 0 ... {count - 1}"
    if not label.removeprefix("-").isdecimal() or (count is not None and not 0 <= int(label) < count):
        named = f", or one of the names {', '.join(names)}" if names else ""
        raise UserError(f"--label {label}: must be the number of a class{known}{named}")
    return int(label)


def _sheet(path: Path, chunks: Iterable[dict[str, list[bytes]]], columns: int) -> None:
    """Writes all images on one sheet, those of further outputs in rows of their own below the first's."""
    from keras_genssl import analysis

    found: dict[str, list[np.ndarray]] = {}
    for files in chunks:
        for name, pngs in files.items():
            found.setdefault(name, []).extend(map(_pixels, pngs))
    num = len(next(iter(found.values())))
    rows = []
    for start in range(0, num, columns):
        for images in found.values():
            row = images[start : start + columns]
            if len(found) > 1:
                row += [np.full_like(row[0], 255)] * (columns - len(row))
            rows += row
    analysis.save_image_grid(path, np.stack(rows), min(columns, num))


def _files(path: Path, chunks: Iterable[dict[str, list[bytes]]], labels: np.ndarray | None, digits: int) -> None:
    """Writes each image into a directory: its number, its class if the model takes one, its output if of several."""
    path.mkdir()
    start = 0
    for files in chunks:
        for name, pngs in files.items():
            of = f"_{name.removesuffix('_bytes')}" if len(files) > 1 else ""
            for number, png in enumerate(pngs, start):
                label = "" if labels is None else f"_class_{labels[number]}"
                (path / f"{number:0{digits}}{label}{of}.png").write_bytes(png)
        start += len(pngs)


def _pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels
