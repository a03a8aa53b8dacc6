"""The sources of `load`: prepared directories, TFDS names, IDX files, NPZ archives, folders of images and arrays.

Each source reads what is stored of a batch of examples (`read`) and decodes it (`decode`): records in a TensorFlow
graph, all others in Python.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import tensorflow as tf

from keras_genssl.data.arrays import DEBIAN, ArraySource, is_idx, read_idx, read_npz
from keras_genssl.data.feature_names import require_names
from keras_genssl.data.folders import FrameFolders, is_file, is_folder, open_folder
from keras_genssl.data.records import Records, Shard
from keras_genssl.embedded import PATCHES, embedded_patch_names, embedded_patches

_AT_ONCE = 256


class Source(Protocol):
    """Stored examples by number, and how to decode them.

    Attributes:
        identity: a string that is equal for sources of equal content, wherever they are stored.
        stored: what is stored of one example: the shape and dtype of each array of `read`, without the batch's axis.
        decoded: the shapes and dtypes of what `decode` returns, if it is a function of NumPy values to NumPy values;
            `None` if it is one of tensors to tensors.
        by_batch: whether `decode` also takes the arrays of a whole batch, as it does where nothing is encoded.
        class_names: the names of the classes that the feature `label` numbers; `None` without names or without labels.
    """

    identity: str
    class_names: tuple[str, ...] | None
    stored: tuple[tf.TensorSpec, ...]
    decoded: dict[str, Any] | None
    by_batch: bool

    def __len__(self) -> int: ...

    def read(self, ids: np.ndarray) -> list[np.ndarray]:
        """Returns what is stored of the examples with these numbers: arrays `(len(ids), ...)`; bytes are objects."""
        ...

    def decode(self, stored: Sequence[Any]) -> dict[str, Any]:
        """Decodes one example."""
        ...

    def labels(self, name: str) -> np.ndarray:
        """Returns an integer feature of all examples, `(num_examples,)`, without decoding an image."""
        ...

    def title(self, number: int) -> str:
        """Returns how an error message names the example with this number, so that it can be found."""
        ...


@runtime_checkable
class Named(Protocol):
    """A source whose examples have names. `data.join` matches the examples of several sources by them."""

    def names(self) -> list[str]:
        """Returns the name of each example; for a file, its path below the folder without the image extension."""
        ...


class RecordSource:
    """Examples of TFRecord files that TFDS features describe.

    Args:
        identity: identifies the content.
        shards: the files.
        features: `tfds.features.FeaturesDict`.
        names: the features to read; `None` for all.
        stacks: name -> number of images of equal height that the image of that name holds, one below the other.
        class_names: the names of the classes that `label` numbers.
    """

    stored: tuple[tf.TensorSpec, ...] = (tf.TensorSpec((), tf.string),)
    decoded: dict[str, Any] | None = None
    by_batch = False

    def __init__(
        self,
        identity: str,
        shards: Sequence[Shard],
        features: Any,
        names: Sequence[str] | None,
        stacks: Mapping[str, int] | None = None,
        class_names: tuple[str, ...] | None = None,
    ) -> None:
        import tensorflow_datasets as tfds

        all_features = features
        if names is not None:
            require_names(names, sorted(features))
            features = tfds.features.FeaturesDict({name: features[name] for name in names})
        self.identity = identity
        self.class_names = class_names
        self._features = features
        self._all_features = all_features
        self._stacks = {name: count for name, count in (stacks or {}).items() if name in features}
        self._jpegs = {
            name: feature.shape[-1]
            for name, feature in features.items()
            if isinstance(feature, tfds.features.Image) and feature.encoding_format == "jpeg"
        }
        self._skipping = {name: tfds.decode.SkipDecoding() for name in self._jpegs}
        self._records = Records(shards)

    def __len__(self) -> int:
        return len(self._records)

    def read(self, ids: np.ndarray) -> list[np.ndarray]:
        """Returns the serialized `tf.train.Example`s."""
        return [np.array(self._records.read(ids), object)]

    def decode(self, stored: Sequence[tf.Tensor]) -> dict[str, tf.Tensor]:
        """Decodes one serialized `tf.train.Example`; stacks are `(num, height, width, channels)`.

        JPEG gets the pixels that Pillow gives. TFDS would decode it faster and less accurately.
        """
        example = self._features.deserialize_example(stored[0], decoders=self._skipping or None)
        for name, channels in self._jpegs.items():
            example[name] = tf.io.decode_jpeg(example[name], channels, dct_method="INTEGER_ACCURATE")
        return {**example, **{name: _stack(example[name], count) for name, count in self._stacks.items()}}

    def labels(self, name: str) -> np.ndarray:
        """Returns an integer feature of all records. Reads the records, `_AT_ONCE` at a time."""
        feature = dict(self._all_features.items()).get(name)
        if feature is None or feature.shape != () or not np.issubdtype(np.dtype(feature.np_dtype), np.integer):
            raise ValueError(
                f"There must be a feature {name!r} of one integer. Received: features {sorted(self._all_features)}"
            )
        return self._column(name, tf.io.FixedLenFeature((), tf.int64))

    def names(self) -> list[str]:
        """Returns the feature `name` of all records. Reads the records for it."""
        if "name" not in self._all_features:
            raise ValueError(f"There must be a feature 'name'. Received: features {sorted(self._all_features)}")
        stored = self._column("name", tf.io.FixedLenFeature((), tf.string))
        return [name.decode() for name in stored]

    def _column(self, name: str, kind: Any) -> np.ndarray:
        values = []
        for start in range(0, len(self), _AT_ONCE):
            records = self._records.read(np.arange(start, min(start + _AT_ONCE, len(self))))
            values.append(tf.io.parse_example(records, {name: kind})[name].numpy())
        return np.concatenate(values)

    def title(self, number: int) -> str:
        """Returns the number of a record and its `name` or `key`, also if that feature is not among those read."""
        import tensorflow_datasets as tfds

        stored = tf.train.Example.FromString(self._records.read([number])[0]).features.feature
        for name in ("name", "key"):
            if isinstance(dict(self._all_features.items()).get(name), tfds.features.Text):
                return f"example {number} ({stored[name].bytes_list.value[0].decode(errors='replace')})"
        return f"example {number}"


def _names_of(features: Any) -> tuple[str, ...] | None:
    """Returns the class names of TFDS' feature `label`."""
    return _no_numbers(getattr(dict(features.items()).get("label"), "names", None))


def _no_numbers(names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Returns class names, or `None` if they are only numbers as text, which TFDS and the pipelines use by default."""
    return None if not names or list(names) == [str(number) for number in range(len(names))] else tuple(names)


def _stack(strip: tf.Tensor, count: int) -> tf.Tensor:
    """Splits an image into `count` images of equal height that lie one below the other."""
    size = tf.shape(strip)
    stack = tf.reshape(strip, [count, size[0] // count, size[1], strip.shape[-1]])
    return tf.ensure_shape(stack, (count, None, None, strip.shape[-1]))


def open_source(
    source: str | os.PathLike[str] | Mapping[str, np.ndarray] | FrameFolders,
    split: str,
    features: Sequence[str] | None,
    data_dir: str | None,
    class_names: Sequence[str] | None = None,
    unlabelled: str | None = None,
    strict: bool = True,
) -> Source:
    """Opens any source that `load` takes. With `strict`, files that cannot be read are refused at once."""
    name = "" if isinstance(source, FrameFolders | Mapping) else os.path.expanduser(os.fspath(source))
    if is_images(name):
        return open_folder(name, split, features, class_names, unlabelled, strict)
    if class_names is not None:
        raise ValueError(
            "`class_names` numbers the sub-folders of a folder of images; other sources hold numbers already, and "
            f"tell the names as `dataset.class_names`. Received: class_names={list(class_names)}"
        )
    if unlabelled is not None:
        raise ValueError(
            "`unlabelled` names a sub-folder of a folder of images; other sources hold -1 for an example without a "
            f"label. Received: unlabelled={unlabelled!r}"
        )
    if isinstance(source, FrameFolders):
        if split != "train" or features is not None:
            raise ValueError(
                f'Folders of frames have one split, "train", and are read whole. '
                f"Received: split={split!r}, features={features}"
            )
        return source
    if isinstance(source, Mapping):
        if split != "train":
            raise ValueError(f'Arrays have one split, "train". Received: split={split!r}')
        return ArraySource(source, features)
    if name.endswith(".npz") and is_file(name):
        return ArraySource(read_npz(name, split), features)
    if name == PATCHES:
        return ArraySource(embedded_patches(split), features, embedded_patch_names())
    if not is_folder(name):
        return _open_tfds(name, split, features, data_dir)
    if is_file(os.path.join(name, "manifest.json")):
        return _open_prepared(name, split, features)
    return ArraySource(read_idx(name, split), features)


def is_images(name: str) -> bool:
    """Tells whether a name is a folder of images, rather than a folder that holds a data set in another form."""
    return is_folder(name) and not is_file(os.path.join(name, "manifest.json")) and not is_idx(name)


def _open_prepared(directory: str, split: str, features: Sequence[str] | None) -> RecordSource:
    import tensorflow_datasets as tfds

    with tf.io.gfile.GFile(os.path.join(directory, "manifest.json"), "r") as file:
        manifest = json.load(file)
    if manifest.get("format") != 1:
        raise ValueError(f"{directory}/manifest.json must be of format 1. Received: format={manifest.get('format')!r}")
    if split not in manifest["splits"]:
        raise ValueError(
            f"`split` must be one of {sorted(manifest['splits'])} in {directory}. Received: split={split!r}"
        )
    shards = []
    for entry in manifest["splits"][split]["shards"]:
        path = os.path.join(directory, entry["file"])
        size = tf.io.gfile.stat(path).length if tf.io.gfile.exists(path) else None
        if size != entry["bytes"]:
            found = "It is missing." if size is None else f"It holds {size}."
            raise ValueError(f"The record file {path} must hold {entry['bytes']} bytes by its manifest. {found}")
        shards.append(Shard(path, entry["records"], 0, entry["records"]))
    digests = [entry["sha256"] for entry in manifest["splits"][split]["shards"]]
    identity = hashlib.sha256(json.dumps(digests).encode()).hexdigest()
    described = tfds.builder_from_directory(directory).info.features
    names = _no_numbers(manifest.get("labels")) if "label" in described else None  # the files of TFDS do not hold them
    return RecordSource(identity, shards, described, features, manifest.get("stacks"), names)


def _open_tfds(name: str, split: str, features: Sequence[str] | None, data_dir: str | None) -> Source:
    unknown = ValueError(
        "`source` must be a TFDS name, a prepared directory or a folder of images. "
        f"Received: source={name!r}, neither a directory nor a dataset of TFDS"
    )
    if not re.match(r"[A-Za-z]\w*([:/]|$)", name):
        raise unknown
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:  # its message lists all datasets of TFDS
        raise unknown from None
    if not builder.is_prepared() and name in DEBIAN and is_idx(DEBIAN[name]):
        return ArraySource(read_idx(DEBIAN[name], split), features, _names_of(builder.info.features))
    if not builder.is_prepared():
        builder.download_and_prepare()
    if builder.info.file_format is not tfds.core.FileFormat.TFRECORD:
        raise ValueError(f"TFDS datasets are read from TFRecord files. Received: {name}, in {builder.info.file_format}")
    instructions = builder.info.splits[split].file_instructions
    shards = [Shard(str(i.filename), i.examples_in_shard, i.skip, i.take) for i in instructions]
    described = builder.info.features
    return RecordSource(builder.info.full_name, shards, described, features, class_names=_names_of(described))
