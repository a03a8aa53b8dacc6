"""Runs image files through a SavedModel with NumPy, Pillow and TensorFlow, without Keras."""

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from keras_genssl.pretext import codec
from pipelines.batch.png_rows import PNGRows
from pipelines.components import served
from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.runtime import store

Progress = Callable[[int, int], None]
"""Gets the number of tiles that are done, and that of all."""


def files(
    model: Path, images: Sequence[Path], output: Path, console: Console | None = None
) -> Iterator[tuple[Path, Path | str]]:
    """Runs a SavedModel on files one by one.

    Files are read as training reads them (`codec.decode_image`): every format and mode, upright. A model with the
    signature ``serving_tile`` computes a result tile by tile, and rows of it are written as they are done, so that
    little more than the image and a strip of the result is in memory. Other models compute a result in one piece, by
    ``serving_default``.

    Args:
        model: the directory of a SavedModel from image bytes to PNG bytes.
        images: files of any format that Pillow reads.
        output: the directory of the results, ``<stem>_x<scale>.png``; made if missing. Existing files
            are not changed.
        console: shows the progress of each file; nothing is shown without it.

    Yields:
        Each file with the path of its result, or with the reason why there is none.

    Raises:
        UserError: there is no such SavedModel, ``output`` cannot be written to, or two files would
            have the same result.
    """
    if len({path.stem for path in images}) < len(set(images)):
        raise UserError(f"Several of the images would be written to the same file in {output}: rename them")
    function = served.function_of_images(model)
    tile = function.owner.signatures.get("serving_tile")
    store.check_writable(output, "--output")
    for path in dict.fromkeys(images):
        image = served.read_image(path)
        if isinstance(image, str):
            yield path, image
            continue
        with contextlib.ExitStack() as stack:
            progress = stack.enter_context(console.tiles(path.name)).update if console else _silent
            result = _enlarged(function, tile, image, output / path.stem, progress)
        yield path, result


def _silent(done: int, total: int) -> None:
    """Shows no progress."""


def _enlarged(function: Any, tile: Any, image: np.ndarray, stem: Path, progress: Progress) -> Path | str:
    import tensorflow as tf

    try:
        return _whole(function, image, stem) if tile is None else _by_tiles(tile, image, stem, progress)
    except tf.errors.OpError as error:
        size = f"{image.shape[1]} x {image.shape[0]} pixels"
        return f"the model cannot enlarge its {size} ({type(error).__name__})"


def _by_tiles(tile: Any, image: np.ndarray, stem: Path, progress: Progress) -> Path | str:
    import tensorflow as tf

    (taken,) = (name for name, it in tile.structured_input_signature[1].items() if it.shape.rank == 3)
    (given,) = (name for name, it in tile.structured_outputs.items() if it.shape.rank == 3)
    pixels = tf.constant(image)

    def computed(row: int, column: int) -> dict[str, Any]:
        place = {"row": tf.constant(row), "column": tf.constant(column)}
        return {name: it.numpy() for name, it in tile(**{taken: pixels}, **place).items()}

    first = computed(0, 0)
    rows, columns, height, width = (int(first[name]) for name in ("rows", "columns", "height", "width"))

    def strips() -> Iterator[np.ndarray]:
        for row in range(rows):
            parts = []
            for column in range(columns):
                parts.append(first[given] if row == column == 0 else computed(row, column)[given])
                progress(row * columns + column + 1, rows * columns)
            yield np.concatenate(parts, axis=1)

    def write(part: Path) -> None:
        with PNGRows(part, height, width, first[given].shape[-1]) as png:
            for strip in strips():
                png.write(strip)

    return _write(write, width / image.shape[1], stem)


def _whole(function: Any, image: np.ndarray, stem: Path) -> Path | str:
    import tensorflow as tf

    answer = dict(function(image_bytes=tf.constant([codec.encode_png(image)])))
    (reason,) = served.refusals(answer, 1)
    if reason:
        return f"the model refuses it: {reason}"
    (output,) = (output for name, output in answer.items() if name != served.ERROR)
    png = output.numpy()[0]
    with Image.open(io.BytesIO(png)) as result:
        scale = result.width / image.shape[1]
    return _write(lambda part: part.write_bytes(png), scale, stem)


def _write(write: Callable[[Path], Any], scale: float, stem: Path) -> Path | str:
    """Writes a whole result or none, and overwrites no file; returns its path, or the reason why it was not written."""
    target = stem.with_name(f"{stem.name}_x{scale:g}.png")
    if os.path.lexists(target):
        return f"{target} is there already: remove it, or name another --output"
    part = target.with_name(f".{target.name}.part")
    try:
        write(part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target
