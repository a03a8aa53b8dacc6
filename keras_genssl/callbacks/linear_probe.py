"""Fits a linear classifier on the features of a model during training."""

from collections.abc import Callable
from typing import Any

from keras_genssl.callbacks.probe import Labelled, Probe
from keras_genssl.metrics.linear import linear_accuracy


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
