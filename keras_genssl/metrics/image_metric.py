"""The base class of Keras metrics of images."""

from collections.abc import Callable
from typing import Any, ClassVar

import keras


class ImageMetric(keras.metrics.MeanMetricWrapper):
    """The mean over images of a function of two batches; a subclass names the function.

    Args:
        channel, border, max_value, quantise: arguments of the function.
        name: the metric's name; by default that of the class in lower case.
        dtype: as in `keras.metrics.Metric`.
    """

    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        channel: str = "y",
        border: int = 0,
        max_value: float | None = None,
        quantise: bool = False,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self._arguments = {"channel": channel, "border": border, "max_value": max_value, "quantise": quantise}
        kind = type(self)
        super().__init__(kind.function, name=name or kind.__name__.lower(), dtype=dtype, **self._arguments)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, **self._arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ImageMetric":
        return cls(**config)
