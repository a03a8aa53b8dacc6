"""Classifies by nearest neighbours in the features of a model during training."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_genssl.analysis.labelled import count_labelled
from keras_genssl.callbacks.probe import Labelled, Probe
from keras_genssl.metrics.checked_features import checked_neighbours
from keras_genssl.metrics.knn import knn_accuracy


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
