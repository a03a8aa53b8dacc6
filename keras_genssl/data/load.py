"""`data.load`: loads examples of any source as a dataset whose order can be resumed at any step."""

import functools
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from keras_genssl.data.balanced import BalancedOrder, ClassBalanced
from keras_genssl.data.batches import Part, ordered
from keras_genssl.data.dataset import Examples, OrderedDataset
from keras_genssl.data.few_labels import FewLabels, FewLabelSource, LabelledOrder
from keras_genssl.data.folders import FrameFolders
from keras_genssl.data.groups import Groups, GroupSource
from keras_genssl.data.order import Order
from keras_genssl.data.preparation import Example, Preparation, Transform
from keras_genssl.data.sources import Source, open_source
from keras_genssl.pretext import OnProcesses


def load(
    source: str | os.PathLike[str] | Mapping[str, np.ndarray] | FrameFolders,
    split: str = "train",
    batch_size: int | None = None,
    *,
    seed: int = 0,
    shuffle: bool = True,
    transform: Transform | None = None,
    drop_remainder: bool = True,
    features: Sequence[str] | None = None,
    index: bool = False,
    data_dir: str | None = None,
    balance: ClassBalanced | None = None,
    groups: Groups | None = None,
    few_labels: FewLabels | None = None,
    class_names: Sequence[str] | None = None,
    unlabelled: str | None = None,
    on_error: Literal["raise", "skip"] = "raise",
) -> OrderedDataset:
    """Load images as a deterministic, restartable `tf.data.Dataset` of dicts.

    One iteration is one epoch. It starts at `dataset.order.position`. After its last batch is taken, the next
    iteration is the next epoch, in another order: `fit(dataset, epochs=n)` needs no `repeat`. An abandoned
    iteration changes nothing. Under a `tf.distribute` strategy the replicas share each batch, in order, so
    `batch_size` is the global batch size. `dataset.map` takes a TensorFlow function of a batch and keeps all that
    is said here; other methods of `tf.data.Dataset` (`filter`, `batch`, ...) give a dataset without an order.

    Batches are made ahead, on as many threads as there are cores (at most 16): two that are ready, and those in the
    making, which take at most 512 MB or two batches. Of a folder only the names are held, some 600 bytes a file.
    `callbacks.InputWait` tells whether training waits for data.

    Args:
        source: where the examples are:

            - A name of TFDS, such as `"fashion_mnist"`. It is downloaded when needed; Fashion-MNIST is read from
              Debian's package `dataset-fashion-mnist` if that is installed.
            - `"embedded_patches"`, see the function of this name.
            - A prepared directory, published by its `manifest.json`.
            - A directory of IDX files, with the splits `"train"` and `"test"`.
            - An NPZ archive, see `data.arrays.read_npz`.
            - A folder of images, searched recursively. Its examples hold `image`, `key` and, if all images lie in
              sub-folders, which are the classes, `label`. Names that begin with a dot are ignored, links to folders are
              followed, each folder is read once, and folders that hold prepared data or a SavedModel are left out.
            - Films, `FrameFolders`.
            - Arrays in memory, name -> `(num_examples, ...)`.
        split: `"train"`, or another split of the source; TFDS' slices (`"train[:10%]"`) for names of TFDS, IDX files
            and archives. A folder of images has splits if a sub-folder is called `train` and another `val` or `test`
            (or similar). The classes are then those of all splits together.
        batch_size: examples in a batch, which must then have equal shapes; `None` for single examples.
        seed: integer >= 0; gives the order of each epoch and the seeds of `transform`.
        shuffle: `False` for the order on disk.
        transform: pure function `f(example, seed)` from a dict of NumPy values (images uint8 (height, width,
            channels), strings `bytes`, scalars) and an integer to another such dict, the same names and
            dtypes each time. Its seed is a hash of (`seed`, epoch, number of the example). It runs on threads; give
            `pretext.OnProcesses(f)` if it spends long in Python itself.
        drop_remainder: drop the last batch of an epoch when it is incomplete. With `balance`, or `per_batch` of
            `few_labels`, all batches are full.
        features: names of the features to read; `None` for all. Leave out strings for accelerators.
        index: adds `index`, int64: the number of the example in the split, from 0 on, the same in every epoch. Methods
            that store something for each example need it (`models.InstanceDiscrimination`).
        data_dir: where TFDS keeps its datasets, for a name of TFDS.
        balance: batches of P classes with K examples each, `ClassBalanced(P, K)`; `batch_size` is then P x K.
        groups: examples of several images, `data.pairs(labels, num)`, `data.triplets(labels, num)` or `Groups`. Their
            images are numbered as in the source. `features` names features of the source.
        few_labels: which labels are known, `FewLabels(labels_per_class)`; all others become -1. With its `per_batch`,
            every batch holds labelled examples: `FewLabels(None, per_batch=32)` for a source that is partly labelled
            already. Not with `balance` or `groups`.
        class_names: for a folder of images, the sub-folders that are the classes: `label` is the position in this list.
            A class may have no images. Pass the names of another folder (`class_names=train.class_names`) to give both
            folders the same numbers, whichever classes each holds. `None` for the sub-folders, in alphabetical order.
        unlabelled: for a folder of images, the sub-folder (of each split) that is no class: its images have the label
            -1, "no label".
        on_error: `"raise"` or `"skip"`. With `"skip"`, an example that cannot be read, or that `transform` refuses by a
            ValueError, is replaced by another (of its class, with `balance`). The replacement is drawn from `seed`,
            epoch and the number of the example, so batches are full and the same after a resumption. Without
            `shuffle` it is the next example.

    Returns:
        `OrderedDataset`, a `tf.data.Dataset` of dicts of tensors, images uint8 (height, width, channels), batched where
        `batch_size` is given. `order` is its `Order`. Compare two datasets by `order.config`, which holds the
        arguments, the name of `transform`, and the identity of the source's content (for a folder: paths and sizes of
        the files). With `groups`, `groups` is the `GroupSource`. `class_names` is the tuple of the names of the
        classes, by number, or `None` if the source does not name them. `skipped` is a dict of the examples skipped so
        far: number of the example -> why it cannot be read.

    Raises:
        ValueError, OSError: if the source or an argument is invalid, if a folder cannot be listed, or if `transform`
            refuses the first example. Later faults raise `tf.errors.InvalidArgumentError` in the iteration: a damaged
            file or an example that `transform` refuses (the message names it), or unequal shapes in a batch.

    Warns:
        UserWarning: if sub-folders named like splits are read as classes, or if images lie next to the splits.

    Example:
        >>> from keras_genssl import data
        >>> photographs = data.load(data.embedded_photographs()["china"].parent, shuffle=False)
        >>> [example["image"].shape.as_list() for example in photographs]
        [[427, 640, 3], [427, 640, 3]]
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f'`on_error` must be "raise" or "skip". Received: on_error={on_error!r}')
    skip = on_error == "skip"
    examples = open_source(source, split, features, data_dir, class_names, unlabelled, strict=not skip)
    if not len(examples):
        raise ValueError(f"The split {split!r} of {_title(source)} holds no example.")
    if groups is not None:
        examples = GroupSource(examples, groups)
    if few_labels is not None:
        if not isinstance(few_labels, FewLabels):
            raise ValueError(f"`few_labels` must be a data.FewLabels, or None. Received: few_labels={few_labels!r}")
        if balance is not None or groups is not None:
            raise ValueError("`few_labels` must be None with `balance` or `groups`, which need all labels.")
        examples = FewLabelSource(examples, few_labels)
    identity = {
        "source": examples.identity,
        "split": split,
        "features": None if features is None else sorted(features),
        "transform": _name(transform),
    }
    if balance is not None:
        order: Order = _balanced(examples, balance, batch_size, seed, shuffle, drop_remainder, identity)
    elif few_labels is not None and few_labels.per_batch is not None:
        order = _labelled(examples, few_labels, batch_size, seed, shuffle, drop_remainder, identity)
    else:
        order = Order(len(examples), batch_size, seed, shuffle, drop_remainder, identity)
    first_seed = int(order.batch(0, 0)[1][0])
    substitutes = order.substitutes if skip else None
    prepare = Preparation(examples, transform, first_seed, order.batch_size is not None, substitutes)
    if index and "index" in prepare.names:
        raise ValueError("`index` must be False where the examples have a feature of that name. Received: index=True")

    def merge(made: Sequence[Example], numbers: Sequence[tf.Tensor]) -> Example:
        return {**made[0], "index": numbers[0]} if index else made[0]

    return OrderedDataset(
        ordered(order, [Part(prepare, order.batch)], merge),
        order,
        class_names=examples.class_names,
        skipped=prepare.skipped,
        groups=examples if isinstance(examples, GroupSource) else None,
        examples=None if index or type(order) is not Order else Examples(examples, transform, skip, identity),
    )


def _name(transform: Transform | None) -> str | None:
    """Returns the qualified name of a function, or of the class of another callable, without the module."""
    while isinstance(transform, functools.partial | OnProcesses):
        transform = transform.func
    return None if transform is None else getattr(transform, "__qualname__", type(transform).__qualname__)


def _balanced(
    examples: Source,
    balance: ClassBalanced,
    batch_size: int | None,
    seed: int,
    shuffle: bool,
    drop_remainder: bool,
    identity: dict[str, Any],
) -> BalancedOrder:
    if batch_size not in (None, balance.batch_size) or not shuffle or not drop_remainder:
        raise ValueError(
            f"With `balance` the batch size is {balance.batch_size}, num_classes * per_class, the order is shuffled, "
            f"and all batches are full: leave these arguments out. Received: batch_size={batch_size}, "
            f"shuffle={shuffle}, drop_remainder={drop_remainder}"
        )
    return BalancedOrder(examples.labels(balance.label), balance, seed, identity)


def _labelled(
    examples: Source,
    few: FewLabels,
    batch_size: int | None,
    seed: int,
    shuffle: bool,
    drop_remainder: bool,
    identity: dict[str, Any],
) -> LabelledOrder:
    assert few.per_batch is not None
    if batch_size is None or not shuffle or not drop_remainder:
        raise ValueError(
            "With `per_batch` of `few_labels` a batch size must be given, the order is shuffled, and all batches are "
            f"full. Received: batch_size={batch_size}, shuffle={shuffle}, drop_remainder={drop_remainder}"
        )
    return LabelledOrder(examples.labels(few.label), batch_size, few.per_batch, seed, identity)


def _title(source: Any) -> str:
    return "arrays" if isinstance(source, Mapping) else os.fspath(source)
