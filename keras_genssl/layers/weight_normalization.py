"""Weight normalisation: the length of a kernel's vectors is a weight of its own."""

from typing import Any

import keras
from keras import ops

_WITH_KERNEL = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_EPSILON = 1e-12


@keras.saving.register_keras_serializable(package="keras_genssl")
class WeightNormalization(keras.layers.Wrapper):
    """Computes a layer with ``g V / ‖V‖`` in place of its kernel V, so that lengths and directions are learnt apart.

    Salimans & Kingma, 2016, Eq. 2. The norm is that of the weights of one output, over all axes but the last; g has an
    entry for each output. It begins as ‖V‖, so the wrapped layer begins as it is without normalisation. (The paper
    also sets g and the bias by the statistics of a first batch.) Unlike batch normalisation, the output for an image
    does not depend on the other images of its batch. Norms are computed in full precision (`keras.config.floatx()`)
    under any policy. Where V is zero the kernel is.

    Reference:
        - Salimans and Kingma 2016, [Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep
          Neural Networks](https://arxiv.org/abs/1602.07868)

    Args:
        layer: a Dense or Conv layer of Keras. Its bias is not normalised.
        name: the layer's name.

    Raises:
        ValueError: if ``layer`` is of another kind or has an activity regulariser.

    Example:
        >>> layer = WeightNormalization(keras.layers.Dense(1, use_bias=False))
        >>> layer.build((None, 2))
        >>> layer.layer.kernel.assign([[3.0], [4.0]]), layer.gain.assign([10.0])  # doctest: +ELLIPSIS
        (...)
        >>> [round(float(value), 3) for value in layer(ops.array([[1.0, 0.0], [0.0, 1.0]]))[:, 0]]
        [6.0, 8.0]
    """

    def __init__(self, layer: keras.layers.Layer, name: str | None = None, **kwargs: Any) -> None:
        if not isinstance(layer, _WITH_KERNEL):
            raise ValueError(f"`layer` must be a Dense or Conv layer. Received: layer={layer!r}")
        if layer.activity_regularizer is not None:
            raise ValueError(f"`layer` must have no activity regulariser. Received: {layer.activity_regularizer!r}")
        # The wrapped layer casts by itself. Here the kernel is read as it is stored, in full precision.
        super().__init__(layer, name=name, autocast=False, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Builds the layer, and creates g with one entry per output."""
        super().build(input_shape)
        self.gain = self.add_weight(
            name="gain",
            shape=(self.layer.kernel.shape[-1],),
            initializer=lambda shape, dtype=None: ops.cast(self._norms(), dtype),
            dtype=keras.config.floatx(),
            autocast=False,
        )

    def _norms(self) -> Any:
        """The lengths of the vectors of the kernel, ``(outputs,)``."""
        kernel = ops.cast(ops.convert_to_tensor(self.layer.kernel), keras.config.floatx())
        # Not `norm`, whose gradient at zero is not a number.
        return ops.sqrt(ops.sum(ops.square(kernel), axis=tuple(range(len(kernel.shape) - 1))) + _EPSILON)

    def call(self, inputs: Any) -> Any:
        """Returns the layer's output with the normalised kernel."""
        kernel = self.layer.kernel
        weights = kernel.value
        normalised = weights * ops.cast(self.gain.value / self._norms(), weights.dtype)
        values = [(variable, normalised if variable is kernel else variable.value) for variable in self.layer.variables]
        with keras.StatelessScope(values):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the output shape of the layer."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["layer"].pop("build_config", None)  # it is built with this layer, so its weights keep their paths
        return config
