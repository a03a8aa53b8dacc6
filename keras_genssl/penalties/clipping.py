"""Weight clipping."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_genssl")
class ClipWeights(keras.constraints.Constraint):
    """Keeps each weight in [-limit, limit].

    Arjovsky et al., 2017, Algorithm 1, line 7.

    Reference:
        - Arjovsky et al. 2017, [Wasserstein GAN, Algorithm 1](https://arxiv.org/abs/1701.07875)

    Args:
        limit: the paper's c, positive.

    Raises:
        ValueError: if ``limit`` is not positive.

    Example:
        >>> [float(value) for value in ClipWeights(0.5)(ops.array([-2.0, 0.25, 2.0]))]
        [-0.5, 0.25, 0.5]
    """

    def __init__(self, limit: float) -> None:
        if limit <= 0:
            raise ValueError(f"`limit` must be positive. Received: limit={limit}")
        self.limit = float(limit)

    def __call__(self, w: Any) -> Any:
        """Clips the weights."""
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self) -> dict[str, Any]:
        return {"limit": self.limit}


def clip_weights(network: keras.Model, limit: float = 0.01) -> None:
    """Makes optimizers clip a network's weights to [-limit, limit] after each update, from now on.

    WGAN (Arjovsky et al., 2017) bounds the Lipschitz constant of its critic this way. The function sets the layers' own
    constraints (`kernel_constraint` and so on), so a network that is saved and loaded still clips. All trainable
    weights are clipped, including the scales of normalisation layers, as in the paper's code.

    Reference:
        - Arjovsky et al. 2017, [Wasserstein GAN, Algorithm 1](https://arxiv.org/abs/1701.07875)

    Args:
        network: a built `keras.Model`, changed in place.
        limit: the paper's c, positive; the paper uses 0.01.

    Raises:
        ValueError: if ``limit`` is not positive, the network is not built, or a layer has a trainable weight but no
            argument for its constraint (nothing is changed then).

    Example:
        >>> critic = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_initializer="ones")])
        >>> clip_weights(critic, 0.01)
        >>> critic.layers[0].kernel_constraint.limit
        0.01
    """
    constraint = ClipWeights(limit)
    if not network.built:
        raise ValueError(f"`network` must be built. Received: {network.name!r}, which has no weights yet")
    found = []
    for layer in network._flatten_layers():
        for variable in layer._trainable_variables:
            attribute = f"{variable.name}_constraint"
            if not hasattr(layer, attribute):
                raise ValueError(
                    "`network` must have only layers that take constraints of their weights, or clipping would be lost "
                    f"when it is loaded. Received: {type(layer).__name__} {layer.name!r} without {attribute!r}"
                )
            found.append((layer, attribute, variable))
    for layer, attribute, variable in found:
        setattr(layer, attribute, constraint)
        variable.constraint = constraint
