"""Image files through a SavedModel: NumPy, Pillow and TensorFlow, no Keras."""

import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from keras_genssl.pretext import codec
from pipelines.errors import UserError
from pipelines.runtime import device, store


def files(model: Path, images: Sequence[Path], output: Path) -> Iterator[tuple[Path, Path | str]]:
    """Runs ``serving_default`` on files one by one.

    Files are read as training reads them (`codec.decode_image`): every format and mode, upright.

    Args:
        model: the directory of a SavedModel, image bytes in and PNG bytes out.
        images: files of any format that Pillow reads.
        output: the directory of the results, ``<stem>_x<scale>.png``; made when missing. A file that
            is there already is left alone.

    Yields:
        Each file with the path of its result, or with the reason why there is none.

    Raises:
        UserError: there is no such SavedModel, ``output`` cannot be written to, or two files would
            have the same result.
    """
    if not (model / "saved_model.pb").is_file():
        raise UserError(f"{model}: is no SavedModel, there is no saved_model.pb in it")
    if len({path.stem for path in images}) < len(set(images)):
        raise UserError(f"Several of the images would be written to the same file in {output}: rename them")
    store.check_writable(output, "--output")
    device.start()
    import tensorflow as tf

    loaded = tf.saved_model.load(str(model))  # owns what the signature uses
    function = loaded.signatures.get("serving_default")
    if function is None or "image_bytes" not in function.structured_input_signature[1]:
        raise UserError(f"{model}: takes no images, its `serving_default` has no input `image_bytes`")
    for path in dict.fromkeys(images):
        try:
            image = codec.decode_image(path.read_bytes())[0]
        except codec.DECODE_ERRORS as error:
            yield path, _reason(error)
            continue
        try:
            (png,) = function(image_bytes=tf.constant([codec.encode_png(image)])).values()
        except tf.errors.OpError as error:
            size = f"{image.shape[1]} x {image.shape[0]} pixels"
            yield path, f"the model cannot enlarge its {size} ({type(error).__name__})"
            continue
        yield path, _write(png.numpy()[0], image.shape[1], output / path.stem)


def _write(png: bytes, width: int, stem: Path) -> Path | str:
    """Writes a result whole or not at all, and over no file: its path, or the reason why it was not."""
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


def _reason(error: BaseException) -> str:
    """Why a file cannot be read, in one line."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return " ".join(text.split()) or type(error).__name__
