"""Runs image files through a SavedModel with NumPy, Pillow and TensorFlow, without Keras."""

import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from keras_genssl.pretext import codec
from pipelines.components import served
from pipelines.errors import UserError
from pipelines.runtime import store


def files(model: Path, images: Sequence[Path], output: Path) -> Iterator[tuple[Path, Path | str]]:
    """Runs ``serving_default`` on files one by one.

    Files are read as training reads them (`codec.decode_image`): every format and mode, upright.

    Args:
        model: the directory of a SavedModel from image bytes to PNG bytes.
        images: files of any format that Pillow reads.
        output: the directory of the results, ``<stem>_x<scale>.png``; made if missing. Existing files
            are not changed.

    Yields:
        Each file with the path of its result, or with the reason why there is none.

    Raises:
        UserError: there is no such SavedModel, ``output`` cannot be written to, or two files would
            have the same result.
    """
    if len({path.stem for path in images}) < len(set(images)):
        raise UserError(f"Several of the images would be written to the same file in {output}: rename them")
    function = served.function_of_images(model)
    store.check_writable(output, "--output")
    import tensorflow as tf

    for path in dict.fromkeys(images):
        image = served.read_image(path)
        if isinstance(image, str):
            yield path, image
            continue
        try:
            answer = dict(function(image_bytes=tf.constant([codec.encode_png(image)])))
        except tf.errors.OpError as error:
            size = f"{image.shape[1]} x {image.shape[0]} pixels"
            yield path, f"the model cannot enlarge its {size} ({type(error).__name__})"
            continue
        (reason,) = served.refusals(answer, 1)
        if reason:
            yield path, f"the model refuses it: {reason}"
            continue
        (png,) = (output for name, output in answer.items() if name != served.ERROR)
        yield path, _write(png.numpy()[0], image.shape[1], output / path.stem)


def _write(png: bytes, width: int, stem: Path) -> Path | str:
    """Writes a whole result or none, and overwrites no file; returns its path, or the reason why it was not written."""
    with Image.open(io.BytesIO(png)) as result:
        target = stem.with_name(f"{stem.name}_x{result.width / width:g}.png")
    if os.path.lexists(target):
        return f"{target} is there already: remove it, or name another --output"
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(png)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target
