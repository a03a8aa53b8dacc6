"""Probes: how good a representation is, measured during `fit`."""

import abc
import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_genssl.analysis.labelled import count_labelled, encode_labelled, require_labelled
from keras_genssl.callbacks.periodic import Periodic
from keras_genssl.metrics.feature_statistics import checked_neighbours
from keras_genssl.metrics.neighbours import knn_accuracy
from keras_genssl.metrics.representation import clustering_scores, few_label_accuracy, linear_accuracy

Labelled = tuple[np.ndarray, np.ndarray]


class Probe(Periodic):
    """Base of callbacks that measure features of labelled images after epochs, and put numbers into the logs.

    The history holds the numbers of measured epochs only; see `ImageMetrics`. Training is unchanged, to the bit: no
    weight, batch statistic or seed changes. A probe raises if `encode` changes the weights of the model. Memory holds
    the features of the labelled images, and what the measure itself needs. A subclass computes its numbers in
    `measure`.

    Args:
        labelled: the sets to encode, each as arrays ``(images, labels)`` or as a finite dataset of batches with image
            and label, as `analysis.encode_labelled` takes them.
        every: epochs between measurements. The last epoch is always measured.
        encode: function or network from float32 images ``(batch, h, w, c)`` in [-1, 1] to features ``(batch, ...)``;
            None for the model's own ``encode``.
        batch_size: images encoded at once, positive.
        prefix: prefix of the names in the logs, such as ``"unseen_"``.

    Raises:
        ValueError: if an argument is invalid (arrays of images and labels are checked at once); in `fit` if the model
            has no ``encode`` and none was given.
        RuntimeError: in `fit` if ``encode`` changed the model's weights.

    Example:

        class Spread(kg.callbacks.Probe):
            def measure(self, *encoded):
                ((features, labels),) = encoded
                return {"spread": float(features.std(axis=0).mean())}

        model.fit(dataset, epochs=20, callbacks=[Spread(((images, labels),), every=5)])
    """

    def __init__(
        self,
        labelled: tuple[Any, ...],
        every: int = 5,
        encode: Callable[[Any], Any] | None = None,
        batch_size: int = 256,
        prefix: str = "",
    ) -> None:
        super().__init__(every)
        if encode is not None and not callable(encode):
            raise ValueError(f"`encode` must be a function of images or None. Received: encode={encode!r}")
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be positive. Received: batch_size={batch_size}")
        for part in labelled:
            require_labelled(part)
        self.labelled, self.encode, self.batch_size, self.prefix = labelled, encode, batch_size, prefix

    @abc.abstractmethod
    def measure(self, *encoded: Labelled) -> dict[str, float]:
        """Returns the numbers by name, from features ``(num, dim)`` and labels ``(num,)`` of each of ``labelled``."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Raises, before training, if the model has no ``encode``."""
        if self.encode is None and not callable(getattr(self.model, "encode", None)):
            raise ValueError(f"`encode` must be given: {type(self.model).__name__} has no `encode`. Received: None")

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Encodes, measures, and puts the numbers into the logs."""
        with unchanged(self.model):
            encode = self.model.encode if self.encode is None else self.encode
            encoded = [encode_labelled(encode, part, self.batch_size) for part in self.labelled]
        logs.update({self.prefix + name: value for name, value in self.measure(*encoded).items()})


@contextlib.contextmanager
def unchanged(
    model: keras.Model, rule: str = "`encode` must leave the model as it is: run networks with training=False."
) -> Iterator[None]:
    """Raises a RuntimeError, which states the rule, if a weight changed between the beginning and the end."""
    before = _digests(model)
    yield
    after = _digests(model)
    changed = [name for name, digest in after.items() if digest != before[name]]
    if changed:
        raise RuntimeError(f"{rule} Received: a change of {len(changed)} weights, {changed[:3]}")


def _digests(model: keras.Model) -> dict[str, str]:
    """Returns a digest of each weight by path, with at most one weight in memory."""
    return {
        f"{number}: {weight.path}": hashlib.sha256(keras.ops.convert_to_tensor(weight).numpy().tobytes()).hexdigest()
        for number, weight in enumerate(model.weights)
    }


class KNNProbe(Probe):
    """Puts ``knn_accuracy`` into the logs after epochs: `metrics.knn_accuracy` of the model's features.

    Nothing is trained, so this is the cheapest probe. Wu et al., 2018.

    Reference:
        - Wu et al. 2018, [Unsupervised Feature Learning via Non-Parametric Instance
          Discrimination](https://arxiv.org/abs/1805.01978)

    Args:
        gallery: images with known labels, arrays ``(images, labels)`` or a finite dataset, as
            `analysis.encode_labelled` takes them.
        queries: images to classify, in the same forms; None for those of the gallery, each excluded from its own
            search.
        k: number of neighbours, from 1 to the size of the gallery (minus one without ``queries``).
        temperature: T of the votes ``exp(similarity / T)``, positive; None for equal votes.
        every, encode, batch_size, prefix: see `Probe`: epochs between measurements; a function of images, or None
            for the model's own ``encode``; images encoded at once; a prefix of the name in the logs.

    Raises:
        ValueError: if an argument is invalid, or k exceeds the gallery: of arrays at once, of a dataset when
            training begins, for which up to k images are read.

    Example:

        probe = kg.callbacks.KNNProbe((images, labels), (test_images, test_labels), k=20, every=5)
        history = model.fit(dataset, epochs=20, callbacks=[probe])
        history.history["knn_accuracy"]                               # four numbers
    """

    def __init__(
        self,
        gallery: Any,
        queries: Any = None,
        k: int = 20,
        temperature: float | None = 0.07,
        every: int = 5,
        encode: Callable[[Any], Any] | None = None,
        batch_size: int = 256,
        prefix: str = "",
    ) -> None:
        super().__init__((gallery,) if queries is None else (gallery, queries), every, encode, batch_size, prefix)
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
            raise ValueError(f"`k` must be a positive integer. Received: k={k!r}")
        if temperature is not None and not temperature > 0:
            raise ValueError(f"`temperature` must be positive or None. Received: temperature={temperature}")
        self.k, self.temperature = int(k), temperature
        if isinstance(gallery, (tuple, list)):
            self._check_size()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Raises, before training, if a dataset has fewer images than neighbours."""
        super().on_train_begin(logs)
        self._check_size()

    def measure(self, *encoded: Labelled) -> dict[str, float]:
        """Returns the accuracy, from the gallery and the queries, or from the gallery alone."""
        if len(encoded) == 1:
            return {"knn_accuracy": knn_accuracy(*encoded[0], k=self.k, temperature=self.temperature)}
        return {"knn_accuracy": knn_accuracy(*encoded[1], *encoded[0], self.k, self.temperature)}

    def _check_size(self) -> None:
        left_out = len(self.labelled) == 1
        checked_neighbours(self.k, count_labelled(self.labelled[0], self.k + left_out) - left_out)


class LinearProbe(Probe):
    """Puts ``linear_accuracy`` into the logs after epochs: `metrics.linear_accuracy` of the model's frozen features.

    Each measurement fits a new classifier to convergence, on features in inference mode. The encoder does not change,
    and the probe checks it.

    Args:
        train: training images, arrays ``(images, labels)`` or a finite dataset, as `analysis.encode_labelled` takes
            them.
        test: test images, in the same forms.
        penalty: penalty on the squared weights, positive, as in `metrics.linear_accuracy`.
        every, encode, batch_size, prefix: see `Probe`: epochs between measurements; a function of images, or None
            for the model's own ``encode``; images encoded at once; a prefix of the name in the logs.

    Raises:
        ValueError: if an argument is invalid.
        RuntimeError: in `fit` if ``encode`` changed the model's weights.

    Example:

        probe = kg.callbacks.LinearProbe((images, labels), (test_images, test_labels), every=5)
        history = model.fit(dataset, epochs=20, callbacks=[probe])
        history.history["linear_accuracy"]                            # four numbers
    """

    def __init__(
        self,
        train: Any,
        test: Any,
        penalty: float = 1.0,
        every: int = 5,
        encode: Callable[[Any], Any] | None = None,
        batch_size: int = 256,
        prefix: str = "",
    ) -> None:
        super().__init__((train, test), every, encode, batch_size, prefix)
        if not penalty > 0:
            raise ValueError(f"`penalty` must be positive. Received: penalty={penalty}")
        self.penalty = penalty

    def measure(self, *encoded: Labelled) -> dict[str, float]:
        """Returns the accuracy, from training and test features."""
        train, test = encoded
        return {"linear_accuracy": linear_accuracy(*test, *train, penalty=self.penalty)}


class FewLabelProbe(Probe):
    """Puts ``few_label_accuracy_10`` and its deviation into the logs after epochs: `metrics.few_label_accuracy`.

    The names end in the number of known labels per class: ``few_label_accuracy_10``, ``few_label_deviation_10``. If
    several numbers are given, each gets an accuracy and a deviation, from the same features.

    Args:
        train: training images, of which a draw reveals few labels, arrays ``(images, labels)`` or a finite dataset, as
            `analysis.encode_labelled` takes them.
        test: test images, in the same forms.
        labels_per_class: number of known labels per class, a positive integer, or several.
        seeds: seeds of the draws of labels, one for each draw, the same at each measurement.
        penalty: penalty on the squared weights, positive, as in `metrics.linear_accuracy`.
        every, encode, batch_size, prefix: see `Probe`: epochs between measurements; a function of images, or None
            for the model's own ``encode``; images encoded at once; a prefix of the names in the logs.

    Raises:
        ValueError: if an argument is invalid; in `fit` if a class has fewer images.

    Example:

        probe = kg.callbacks.FewLabelProbe((images, labels), (test_images, test_labels), labels_per_class=(1, 10))
    """

    def __init__(
        self,
        train: Any,
        test: Any,
        labels_per_class: int | Sequence[int] = 10,
        seeds: Iterable[int] = range(5),
        penalty: float = 1.0,
        every: int = 5,
        encode: Callable[[Any], Any] | None = None,
        batch_size: int = 256,
        prefix: str = "",
    ) -> None:
        super().__init__((train, test), every, encode, batch_size, prefix)
        self._numbers = list(np.atleast_1d(np.asarray(labels_per_class)))
        if not self._numbers or not all(isinstance(number, np.integer) and number >= 1 for number in self._numbers):
            raise ValueError(
                "`labels_per_class` must be a positive integer, or several. "
                f"Received: labels_per_class={labels_per_class!r}"
            )
        if not penalty > 0:
            raise ValueError(f"`penalty` must be positive. Received: penalty={penalty}")
        self.labels_per_class, self.seeds, self.penalty = labels_per_class, list(seeds), penalty

    def measure(self, *encoded: Labelled) -> dict[str, float]:
        """Returns mean and deviation over the draws for each number of labels, from training and test features."""
        train, test = encoded
        values = {}
        for number in self._numbers:
            row = few_label_accuracy(*test, *train, number, self.seeds, self.penalty)
            values[f"few_label_accuracy_{number}"] = row["mean"]
            values[f"few_label_deviation_{number}"] = row["deviation"]
        return values


class ClusteringProbe(Probe):
    """Puts ``cluster_nmi``, ``cluster_ami`` and ``cluster_accuracy`` into the logs: `metrics.clustering_scores`.

    Args:
        labelled: images to cluster, arrays ``(images, labels)`` or a finite dataset, as `analysis.encode_labelled`
            takes them. The labels judge the clusters only; the clustering does not see them.
        num_clusters: positive; None for the number of classes.
        normalize: whether features are divided by their norms first.
        seed: seed of k-means, the same at each measurement.
        every, encode, batch_size, prefix: see `Probe`: epochs between measurements; a function of images, or None
            for the model's own ``encode``; images encoded at once; a prefix of the names in the logs.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        model.fit(dataset, epochs=20, callbacks=[kg.callbacks.ClusteringProbe((images, labels), every=5)])
    """

    def __init__(
        self,
        labelled: Any,
        num_clusters: int | None = None,
        normalize: bool = False,
        seed: int = 0,
        every: int = 5,
        encode: Callable[[Any], Any] | None = None,
        batch_size: int = 256,
        prefix: str = "",
    ) -> None:
        super().__init__((labelled,), every, encode, batch_size, prefix)
        if num_clusters is not None and num_clusters < 1:
            raise ValueError(f"`num_clusters` must be positive or None. Received: num_clusters={num_clusters}")
        self.num_clusters, self.normalize, self.seed = num_clusters, normalize, seed

    def measure(self, *encoded: Labelled) -> dict[str, float]:
        """Returns the three scores of the features and labels."""
        scores = clustering_scores(*encoded[0], self.num_clusters, self.normalize, self.seed)
        return {f"cluster_{name}": value for name, value in scores.items()}
