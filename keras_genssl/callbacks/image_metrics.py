"""FID and similar metrics during training."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_genssl.callbacks.periodic import Periodic, labels_to_sample
from keras_genssl.checks import arrays
from keras_genssl.metrics.reference import FeatureMetric

_CHUNK = 500  # images sampled at a time


class ImageMetrics(Periodic):
    """Measures a model's samples after epochs, and puts the numbers into the logs.

    The history that `fit` returns holds the numbers of measured epochs only, as Keras does with ``validation_freq``.
    `keras.callbacks.TensorBoard`, `CSVLogger` or `ModelCheckpoint(monitor="fashion_fid", save_freq="epoch")` see the
    numbers if they come *later* in the list of callbacks. Metrics with the same features share one pass. Samples are
    drawn and measured 500 at a time. The latents are the same at each measurement, so a change in a number is a change
    of the model.

    Args:
        metrics: `metrics.FID`, `KID`, `PrecisionRecall` or another `FeatureMetric`; names may not repeat.
        num_images: number of samples, positive, at least as many as the metrics need.
        every: epochs between measurements. The last epoch is always measured.
        seed: seed of the latents.
        labels: integers ``(num_images,)`` for a conditional model; None lets the model choose.

    Raises:
        ValueError: if an argument is invalid.
        TypeError: if ``metrics`` holds anything else.

    Example:

        fid = kg.metrics.FID(kg.metrics.fashion_features(), real_images)
        history = gan.fit(images, epochs=20, callbacks=[kg.callbacks.ImageMetrics([fid], every=5)])
        history.history["fashion_fid"]                                # four numbers
    """

    def __init__(
        self,
        metrics: Sequence[FeatureMetric],
        num_images: int = 10_000,
        every: int = 1,
        seed: int = 0,
        labels: Sequence[int] | None = None,
    ) -> None:
        super().__init__(every)
        metrics = list(metrics)
        for metric in metrics:
            if not isinstance(metric, FeatureMetric):
                raise TypeError(f"`metrics` must hold objects such as metrics.FID. Received: {metric!r} in metrics")
        names = [metric.name for metric in metrics]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"`metrics` must hold a metric at least, each under a name of its own. Received: {names}")
        needed = max(metric.min_samples for metric in metrics)
        if num_images < needed:
            raise ValueError(f"`num_images` must be at least {needed}. Received: num_images={num_images}")
        self.image_metrics = metrics
        self.num_images, self.seed, self.labels = num_images, seed, labels_to_sample(labels, num_images)

    def look(self, epoch: int, logs: dict[str, Any]) -> None:
        """Draws samples, measures them, and puts the numbers into the logs."""
        functions = {id(metric.features): metric.features for metric in self.image_metrics}
        parts: dict[int, list[np.ndarray]] = {key: [] for key in functions}
        for number, start in enumerate(range(0, self.num_images, _CHUNK)):
            images = arrays.level_batch(self._sample(number, start))
            for key, features in functions.items():
                parts[key].append(np.asarray(features(images), np.float32))
        values = {key: np.concatenate(part) for key, part in parts.items()}
        for metric in self.image_metrics:
            logs.update(metric.compare(values[id(metric.features)]))

    def _sample(self, number: int, start: int) -> Any:
        count = min(_CHUNK, self.num_images - start)
        # A chunk's seed is a hash. Consecutive seeds would repeat chunks of the next seed.
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0] >> 1)
        if self.labels is None:
            return self.model.sample(count, seed=seed)
        return self.model.sample(count, seed=seed, labels=self.labels[start : start + count])
