"""A sequence of views."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_genssl.views.base import Parameters, View


@keras.saving.register_keras_serializable(package="keras_genssl")
class Compose(View):
    """Applies views one after the other.

    All random numbers come from this layer's seed; the seeds of its parts are not used.

    Args:
        views: `View` layers, at least one.
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If there is no view.
        TypeError: If a part is no `View`.

    Example:
        >>> from keras_genssl.views import RandomFlip, RandomResizedCrop
        >>> views = Compose([RandomResizedCrop(24), RandomFlip()], seed=1)
        >>> views(keras.ops.zeros((2, 32, 32, 1))).shape
        TensorShape([2, 24, 24, 1])
    """

    def __init__(self, views: Sequence[View], seed: int | None = None, name: str | None = None) -> None:
        super().__init__(seed=seed, name=name)
        if not views:
            raise ValueError(f"`views` must hold at least one view. Received: views={views!r}")
        for view in views:
            if not isinstance(view, View):
                raise TypeError(f"`views` must hold keras_genssl.views.View layers. Received: {view!r} in views")
        self.views = list(views)

    @property
    def num_chances(self) -> int:  # type: ignore[override]
        """The number of random numbers of all parts."""
        return sum(view.num_chances for view in self.views)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns the parameters of each part, by its position."""
        parameters: Parameters = {}
        shape: Any = (None, *image_shape)
        start = 0
        for place, view in enumerate(self.views):
            stop = start + view.num_chances
            parameters[str(place)] = view.draw(chances[:, start:stop], shape[1:])
            shape, start = view.compute_output_shape(shape), stop
        return parameters

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images after all parts."""
        for place, view in enumerate(self.views):
            planes = view.change(planes, parameters[str(place)])
        return planes

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape after all parts."""
        for view in self.views:
            input_shape = view.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "views": [keras.saving.serialize_keras_object(view) for view in self.views]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Compose":
        """Rebuilds the layer and its parts."""
        return cls(**{**config, "views": [keras.saving.deserialize_keras_object(view) for view in config["views"]]})
