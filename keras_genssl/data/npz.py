"""NumPy archives of images and labels, as Keras, MedMNIST and many others publish them."""

import io
import zipfile

import numpy as np
import tensorflow as tf
from numpy.lib.npyio import NpzFile

from keras_genssl.checks.label_arrays import checked_labels

# The names of a split's arrays of images and labels. Archives without split names hold `train` only.
_NAMES = (("x_{}", "y_{}"), ("{}_images", "{}_labels"))
_ONE_SPLIT = (("images", "labels"), ("image", "label"))


def read_npz(path: str, split: str) -> dict[str, np.ndarray]:
    """Reads a split of an archive: `image`, uint8 `(num, height, width, 1 or 3)`, and `label`, int64 `(num,)`, if any.

    Args:
        path: the file; its arrays are `x_train`, `y_train`, `x_test` ..., or `train_images`, `train_labels` ..., or
            `images` and `labels`, which are the split `"train"`.
        split: a split, or a slice of one in the syntax of TFDS (`"train[:90%]"`).

    Raises:
        ValueError: if there is no such split, the file is damaged, or an array has another shape or dtype.
    """
    with tf.io.gfile.GFile(path, "rb") as file:
        content = file.read()
    try:
        with NpzFile(io.BytesIO(content)) as archive:  # `np.load` takes a file of another kind for a pickle
            names = _find(archive.files, split, path)
            images, *labels = (archive[name] for name in names)
    except (zipfile.BadZipFile, OSError, EOFError, zipfile.LargeZipFile) as error:
        raise ValueError(f"{path} cannot be read as an NPZ archive of NumPy: {error}") from error
    shape = images.shape if images.ndim != 3 else (*images.shape, 1)
    if images.dtype != np.uint8 or len(shape) != 4 or shape[-1] not in (1, 3):
        raise ValueError(
            f"`{names[0]}` in {path} must be uint8 (num, height, width) or (num, height, width, 1 or 3). "
            f"Received: {images.dtype} of shape {images.shape}"
        )
    rows = rows_of(split, len(images))
    image = images.reshape(shape)[rows]
    if not labels:
        return {"image": image}
    label = labels[0][:, 0] if labels[0].ndim == 2 and labels[0].shape[1] == 1 else labels[0]
    return {"image": image, "label": checked_labels(label, f"{names[1]} of {path}", images, names=False)[rows]}


def rows_of(split: str, count: int) -> np.ndarray:
    """Returns the numbers of the examples of a split of `count` examples, or of a slice of it in the syntax of TFDS.

    >>> rows_of("train[50%:]", 4).tolist()
    [2, 3]
    """
    import tensorflow_datasets as tfds

    name = split.partition("[")[0]
    info = tfds.core.SplitInfo(name=name, shard_lengths=[count], num_bytes=0)
    spans = tfds.core.ReadInstruction.from_spec(split).to_absolute({name: info})
    return np.concatenate([np.arange(count)[span.from_ : span.to] for span in spans])


def _find(held: list[str], split: str, path: str) -> list[str]:
    """Returns the names of a split's arrays: of its images, and of its labels if there are any."""
    name = split.partition("[")[0]
    pairs = [(images.format(name), labels.format(name)) for images, labels in _NAMES]
    for images, labels in [*pairs, *(_ONE_SPLIT if name == "train" else ())]:
        if images in held:
            return [images, *([labels] if labels in held else [])]
    known = " or ".join(f"`{images}`" for images, _ in [*pairs, *(_ONE_SPLIT if name == "train" else ())])
    hint = ""
    if name != "train" and any(images in held for images, _ in _ONE_SPLIT):
        hint = ', which are the split "train": slice it, "train[:90%]" and "train[90%:]"'
    raise ValueError(f"{path} must hold an array {known}. Received: {', '.join(sorted(held)) or 'none'}{hint}")
