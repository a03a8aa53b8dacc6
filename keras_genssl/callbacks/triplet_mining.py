"""Mining of hard triplets during training."""

import os
import pathlib
import uuid
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_genssl.analysis.batches import encode_images
from keras_genssl.analysis.neighbours import mine_triplets
from keras_genssl.checks import arrays
from keras_genssl.checks.arrays import checked_labels
from keras_genssl.data.groups import Groups, GroupSource


class TripletMining(keras.callbacks.Callback):
    """Offline hard mining: every `every` epochs the model embeds the set, and then trains on its hard triplets.

    The first period trains on the triplets that `data.load` was given. At the beginning of each further period
    `analysis.mine_triplets` replaces them by as many others, seeded by `seed` and the epoch. Memory holds the images
    and their embeddings, and one block of distances.

    With `callbacks.Resume`, give a directory. A run that is killed inside a period then continues with the triplets
    mined at the beginning of the period, whose weights no longer exist. The directory belongs to one run, like that of
    `Resume`.

    Args:
        dataset: the dataset of `data.load(..., groups=data.triplets(...))` that `fit` is given.
        images: `(num_examples, h, w, c)`, uint8 or float in [-1, 1], in the order of the dataset's source.
        labels: `(num_examples,)` of integers or strings.
        every: epochs of a period, positive.
        hardest: whether to mine the hardest triplets instead of semi-hard ones.
        seed: seed of the draws.
        directory: directory where the triplets of each period are kept; None to keep none.
        batch_size: images embedded at once.

    Raises:
        ValueError: if the dataset has no triplets or more triplets than possible anchors, or if an argument is invalid.

    Example:

        triplets = kg.data.triplets(labels, num=5000, seed=0)
        dataset = kg.data.load({"image": images}, batch_size=64, groups=triplets)
        model.fit(dataset, epochs=20, callbacks=[kg.callbacks.TripletMining(dataset, images, labels, every=2)])
    """

    def __init__(
        self,
        dataset: tf.data.Dataset,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        every: int = 1,
        hardest: bool = False,
        seed: int = 0,
        directory: str | os.PathLike[str] | None = None,
        batch_size: int = 256,
    ) -> None:
        super().__init__()
        source = getattr(dataset, "groups", None)
        if not isinstance(source, GroupSource) or list(source.groups.members) != ["anchor", "positive", "negative"]:
            raise ValueError(
                "`dataset` must be what `data.load(..., groups=data.triplets(...))` returned. "
                f"Received: {type(dataset).__name__} without triplets"
            )
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"`every` must be a positive integer. Received: every={every!r}")
        self.images = arrays.checked_images(images)
        self.labels = checked_labels(labels, "labels", self.images)
        _, classes, counts = np.unique(self.labels, return_inverse=True, return_counts=True)
        anchors = int((counts[classes] > 1).sum())
        if len(source) > anchors:
            raise ValueError(
                "The triplets of `dataset` must be no more than the examples whose class has another. "
                f"Received: {len(source)} triplets, {anchors} such examples"
            )
        self.every, self.hardest, self.seed, self.batch_size = every, hardest, seed, batch_size
        self.directory = None if directory is None else pathlib.Path(directory)
        self._source, self._first = source, source.groups
        self._period: int | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forgets the period of an earlier `fit`."""
        self._period = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Replaces the triplets when a period begins, or when training continues inside a period."""
        period = epoch // self.every
        if period == self._period:
            return
        self._period = period
        self._source.replace(self._first if period == 0 else Groups.of_triplets(self._triplets(period)))

    def _triplets(self, period: int) -> np.ndarray:
        file = None if self.directory is None else self.directory / f"triplets-{period:08d}.npy"
        if file is not None and file.exists():
            return np.load(file, allow_pickle=False)
        embeddings = encode_images(self.model.encode, self.images, self.batch_size)
        seed = int(np.random.SeedSequence([self.seed, period]).generate_state(1)[0])
        triplets = mine_triplets(embeddings, self.labels, len(self._source), self.hardest, seed)
        if file is not None and self._is_chief:
            _write(file, triplets)
        return triplets

    @property
    def _is_chief(self) -> bool:
        strategy = getattr(self.model, "distribute_strategy", None) or tf.distribute.get_strategy()
        return bool(strategy.extended.should_checkpoint)


def _write(file: pathlib.Path, array: np.ndarray) -> None:
    """Writes the array completely or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part-{uuid.uuid4().hex}")
    with open(part, "wb") as stream:
        np.save(stream, array, allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, file)
