"""Writes a SavedModel next to its place, then renames it: a reader sees all of it or nothing."""

import os
import pathlib
import shutil
import uuid
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from keras_genssl.export import signatures as _signatures
from keras_genssl.kinds import Serving


def saved_model(
    model: Any, path: str | os.PathLike[str], *, signatures: Mapping[str, Serving] | None = None
) -> pathlib.Path:
    """Exports what a method serves as a SavedModel that needs neither Keras nor this package.

    The first entry of `model.serving()` becomes three signatures, `batch` of any size:

    - `serving_default`: `image_bytes`, string `(batch,)`, each image of its own size
      -> `image_bytes`, string `(batch,)`, PNG files, and `error`.
    - `serving_tensor`: `image`, float32 `(batch, height, width, 3)` in [-1, 1] -> `image`, float32.
    - `serving_examples`: `examples`, string `(batch,)`, serialized `tf.train.Example`s whose feature
      `image` (the name TFDS gives it) holds an encoded image -> as `serving_default`.

    A later entry `name` becomes `name`, `name_tensor` and `name_examples`. Inputs and outputs have the names and kinds
    that the entry declares, in any combination. Images, masks and label maps travel as files, under their name
    and `_bytes`; a label map is a grey PNG of 8 or 16 bits whose levels are its ids. All else travels as tensors,
    in every signature: vectors, float32 `(batch, dim)`; labels and tokens, int64; spectrograms, float32
    `(batch, bands, frames, 1)`. A stack has one more axis: `(batch, num)` files. A `tf.train.Example` holds a feature
    for each input, a file or a list of numbers (`kinds.records.serialized` writes one); an entry with two free sizes
    in a list has no `_examples`. An entry without inputs takes `num`, an int32 scalar, and `seed`, an int64 scalar: the
    same seed gives the same answers, a negative seed gives other answers each time.

    Bytes may be JPEG, PNG, GIF or WebP in any mode, or BMP that is not compressed, and are read as preparation
    reads them (`pretext.decode_image`), to the bit: RGB, upright as EXIF says, transparency on white, 16-bit grey
    scaled, the first frame of an animation; a model of grey images reads their luma. A PNG's grey
    levels are `(x + 1) * 127.5`, clipped to [0, 255] and rounded half to even: for the in-memory model's
    output `x`, `np.round(np.clip((x + 1) * 127.5, 0, 255))`.

    A batch is processed image by image. Super-resolution and colorization process each image in tiles of 512 pixels a
    side at most (`engine.in_tiles`), and keep of each tile its 8-bit pixels: apart from these, memory does not grow
    with the image.
    An entry whose function is `engine.in_tiles` of one image to one image has another signature, `serving_tile` or
    `name_tile`, for results that must not be held whole: `image`, uint8 `(height, width, 3)`, `row` and `column`, int32
    scalars -> `image`, the tile at that place, uint8; `rows` and `columns`, the number of tiles; `height` and `width`
    of the whole result. The tiles are those of the image signatures. Other functions of images take
    each image in one piece: memory grows with the largest, about `8 * filters * height * width` bytes for a plain
    convolutional network (two float32 feature maps; 0.5 GB for each megapixel at 64 filters).

    Signatures that take files or examples have another output, `error`, string `(batch,)`: why an example was refused,
    or empty if it was served. They refuse other formats, broken files, images of more than `pretext.MAX_PIXELS`, images
    of another size than the model's, and classes that do not exist. Only the faulty example is refused: its answer is
    empty bytes, a vector of NaN or the label -1. Signatures that take only tensors fail on classes that do not exist.

    Only the variables that the signatures read are written, so no optimizer and no discriminator.

    Args:
        model: A `Method`, or any object with `serving()`; it need not be compiled.
        path: The directory to make, on a local file system. For TensorFlow Serving its last part is an
            integer, the version. Directories above it are made as needed.
        signatures: Name -> `Serving`, instead of `model.serving()`.

    Returns:
        The path.

    Raises:
        TypeError: If `model` has no `serving()` and no `signatures` are given.
        FileExistsError: If `path` exists.
        ValueError: If nothing is served, two signatures would have the same name, or a function returns other
            outputs than its entry declares.

    Example:
        >>> kg.export.saved_model(model, "saved_models/photos_x2/1")  # doctest: +SKIP
        >>> loaded = tf.saved_model.load("saved_models/photos_x2/1")  # doctest: +SKIP
        >>> upscale = loaded.signatures["serving_default"]  # doctest: +SKIP
        >>> png = upscale(image_bytes=[open("photo.jpg", "rb").read()])["image_bytes"]  # doctest: +SKIP
    """
    if signatures is None and not hasattr(model, "serving"):
        raise TypeError(
            "`model` must have a method `serving()`, as methods have; say what another one serves in `signatures`, "
            f"name -> engine.Serving. Received: model={model!r}"
        )
    target = pathlib.Path(path)
    if os.path.lexists(target):
        raise FileExistsError(f"`path` must not exist: an export never overwrites. Received: path={str(target)!r}")
    traced = _signatures.build(model.serving() if signatures is None else signatures)
    module = tf.Module()
    module.read = _variables(traced)
    target.parent.mkdir(parents=True, exist_ok=True)
    _discard_leftovers(target)
    part = _beside(target, "part")
    try:
        tf.saved_model.save(
            module,
            str(part),
            signatures=traced,
            options=tf.saved_model.SaveOptions(experimental_custom_gradients=False),
        )
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _variables(traced: Mapping[str, Any]) -> list[tf.Variable]:
    found = {variable.ref(): variable for function in traced.values() for variable in function.variables}
    return list(found.values())


def _beside(target: pathlib.Path, kind: str) -> pathlib.Path:
    return target.with_name(f".{target.name}.{kind}-{uuid.uuid4().hex}")


def _discard_leftovers(target: pathlib.Path) -> None:
    """Removes what killed exports to the same path left behind."""
    for leftover in target.parent.glob(f".{target.name}.*-" + "[0-9a-f]" * 32):
        # Rename first: if the writer is still alive, it fails and never publishes a partial model.
        doomed = _beside(target, "discarded")
        try:
            leftover.rename(doomed)
        except FileNotFoundError:
            continue
        shutil.rmtree(doomed, ignore_errors=True)
