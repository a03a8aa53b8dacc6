"""A slowly moving copy of a network."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="keras_genssl")
class TargetNetwork(keras.layers.Layer):
    """An exponential moving average (EMA) of a network's weights.

    It is the target of momentum methods (MoCo, BYOL), and the generator that GANs sample from. `update` moves each
    weight: `target = momentum * target + (1 - momentum) * online`. The copy has no trainable weights, but its batch
    normalisation still uses batch statistics when called with `training=True`. It is saved and restored with the model
    that holds it.

    Args:
        network: A built `keras.Model`, the online network. This layer does not own it: keep it elsewhere.
        momentum: In [0, 1]. A schedule passes another value by `update(momentum=...)`.
        average_statistics: Whether non-trainable weights (moving means and variances) are averaged too, as a generator
            that is sampled needs. With False the copy keeps its own.

    Raises:
        ValueError: If the network is not built or the momentum is outside [0, 1].

    Example:

        self.target = TargetNetwork(encoder, momentum=0.99)
        keys = self.target(images, training=True)
        self.target.update()                        # in the method's `after_update`
    """

    def __init__(
        self,
        network: keras.Model,
        momentum: float = 0.999,
        average_statistics: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not network.built:
            raise ValueError(f"`network` must be built. Received: {network.name!r}, which has no weights yet")
        if not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must lie in [0, 1]. Received: momentum={momentum}")
        self.momentum = momentum
        self.average_statistics = average_statistics
        copy = keras.models.clone_model(network)
        copy.set_weights(network.get_weights())
        # Not `copy.trainable = False`, which would put batch normalisation into inference mode.
        for weight in copy.trainable_weights:
            weight.trainable = False
        self.copy = copy
        # In a function, so that Keras does not track the online network as a part of this layer.
        self._online = lambda: network
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The copy's output; no gradient reaches the online network through it."""
        return self.copy(inputs, training=training)

    def update(self, momentum: Any = None) -> None:
        """Moves the copy towards the online network; once per update, in a method's `after_update`.

        Args:
            momentum: A float or scalar tensor that replaces the layer's momentum.
        """
        momentum = self.momentum if momentum is None else momentum
        for target, online in zip(self.copy.weights, self._online().weights, strict=True):
            if online.trainable or self.average_statistics:
                kept = keras.ops.cast(momentum, target.dtype)
                target.assign(kept * target + (1 - kept) * keras.ops.cast(online, target.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the network is serialized with its architecture."""
        return {
            "network": keras.saving.serialize_keras_object(self._online()),
            "momentum": self.momentum,
            "average_statistics": self.average_statistics,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TargetNetwork":
        """Rebuilds the target with a new online network."""
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(config["network"])})
