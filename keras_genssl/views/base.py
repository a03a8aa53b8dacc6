"""What random views share: the base class, and one after the other."""

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.engine import batches, replicas, xla

Parameters = dict[str, Any]


class View(keras.layers.Layer):
    """A random augmentation of a whole batch: each image gets its own parameters, drawn at every call.

    A subclass defines the number of random numbers per image (`num_chances`), the parameters made from them (`draw`)
    and the change of the images (`change`). The last two are deterministic. The numbers are drawn for the global batch
    from one seed, and each replica keeps its own rows, so N replicas make the same views as one device. Views are
    computed in `keras.config.floatx()`, also in mixed precision.

    In a graph, such as a training step, `draw` and `change` are compiled with XLA, also where the step is not: twice as
    fast on a CPU (`benchmarks/views.py`). All their shapes must therefore be static, but for the batch.

    Args:
        seed: Seed that makes the views reproducible; None to use Keras' global seed.
        name: The layer's name.

    Call arguments:
        images: `(batch, h, w, c)`, uint8 or float in [-1, 1], h, w and c known. There is no `training`: a call is
            random.
    """

    num_chances: ClassVar[int]

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        require_channels_last()
        super().__init__(name=name, dtype=keras.config.floatx(), autocast=False)
        self._initial_seed = seed
        self.seed = replicas.SharedSeedGenerator(seed)
        self.built = True  # there are no weights

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns the parameters made from random numbers.

        Args:
            chances: Float `(batch, num_chances)`, uniform on [0, 1).
            image_shape: `(h, w, c)` of the images.

        Returns:
            Tensors `(batch, ...)` by name.
        """
        raise NotImplementedError

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the changed images. Images are given as planes, many times faster on a CPU than interleaved channels.

        Args:
            planes: Float `(c, batch, h, w)` in [-1, 1].
            parameters: Those of `draw`.

        Returns:
            Float `(c, batch, new h, new w)` in [-1, 1].
        """
        raise NotImplementedError

    def apply(self, images: Any, parameters: Parameters) -> Any:
        """Returns views with given parameters, as `call` does with drawn ones.

        Args:
            images: Float `(batch, h, w, c)` in [-1, 1].
            parameters: Those of `draw`.

        Returns:
            Float `(batch, new h, new w, c)` in [-1, 1].
        """
        planes = ops.transpose(ops.cast(images, self.compute_dtype), (3, 0, 1, 2))
        return ops.transpose(self.change(planes, parameters), (1, 2, 3, 0))

    def call(self, images: Any) -> Any:
        """Returns random views of images.

        Raises:
            ValueError: If the images are not `(batch, h, w, c)` with h, w and c known, are neither uint8 nor float, or,
                outside of graphs, leave [-1, 1].
        """
        self.compute_output_shape(images.shape)
        images = batches.scaled(images)
        chances = replicas.uniform((ops.shape(images)[0], self.num_chances), self.seed, dtype=self.compute_dtype)
        return xla.compiled_in_graphs(self._made, images, chances)

    def _made(self, images: Any, chances: Any) -> Any:
        return self.apply(images, self.draw(chances, tuple(images.shape[1:])))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the views, by default that of the images; refuses images of unknown size."""
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                "Views take images (batch, height, width, channels), all but the batch known: where a dataset does not "
                "tell sizes, name them in its `map`, as `tf.ensure_shape(image, (None, height, width, channels))`. "
                f"Received: shape={tuple(input_shape)}"
            )
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self._initial_seed, "name": self.name}


def check_probability(probability: float) -> float:
    """Returns the share of images that a view changes, as a float.

    Raises:
        ValueError: If the share is outside [0, 1].
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"`probability` must lie in [0, 1]. Received: probability={probability}")
    return float(probability)


def check_range(name: str, values: tuple[float, float], above: float, most: float) -> tuple[float, float]:
    """Returns an interval as two floats.

    Raises:
        ValueError: Unless ``above < low <= high <= most``.
    """
    if len(values) != 2 or not above < values[0] <= values[1] <= most:
        limits = f"more than {above}" + (f", at most {most}" if most < float("inf") else "")
        raise ValueError(f"`{name}` must be (low, high), {limits}. Received: {name}={values}")
    return float(values[0]), float(values[1])


def chosen(condition: Any, changed: Any, planes: Any) -> Any:
    """Selects changed images where a condition `(batch,)` holds, and unchanged ones elsewhere; `(c, batch, h, w)`."""
    return ops.where(condition[:, None, None], changed, planes)


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
