"""The activation that the images of a generator may pass through."""

from typing import Any

import keras

LAYER = "output_activation"  # the name of the layer


def activated(images: Any, activation: str | None) -> Any:
    """Applies an activation to the images of a generator, in float32, if there is one."""
    if activation is None:
        return images
    return keras.layers.Activation(activation, dtype=keras.config.floatx(), name=LAYER)(images)
