"""Clusters the features of a model during training."""

from collections.abc import Callable
from typing import Any

from keras_genssl.callbacks.probe import Labelled, Probe
from keras_genssl.metrics.clustering import clustering_scores


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
