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
        """The weights, clipped."""
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self) -> dict[str, Any]:
        return {"limit": self.limit}


def clip_weights(network: keras.Model, limit: float = 0.01) -> None:
    """Has every optimizer of a network's weights clip them to [-limit, limit] after each update, from now on.

    WGAN (Arjovsky et al., 2017) holds its critic near a Lipschitz constant so. It is the layers' own constraint
    (`kernel_constraint` and so on) that is set, so a network that is saved and loaded still clips. All trainable
    weights are clipped, the scales of normalisations included, as in the paper's code.

    Reference:
        - Arjovsky et al. 2017, [Wasserstein GAN, Algorithm 1](https://arxiv.org/abs/1701.07875)

    Args:
        network: a built `keras.Model`, changed in place.
        limit: the paper's c, positive; it takes 0.01.

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
