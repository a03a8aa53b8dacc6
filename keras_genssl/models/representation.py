"""The base class of the methods that train an encoder, and checks of their networks."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Anything, Image, Kind, Method, Serving, Vector
from keras_genssl.engine.networks import fitting, require_built


class RepresentationMethod(Method):
    """Base class of methods that train an encoder to give features of images.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to `(batch, dim)`.
        name: The model's name.

    Raises:
        ValueError: If the encoder is not built or gives no vectors.
    """

    def __init__(self, encoder: keras.Model, *, name: str | None = None) -> None:
        require_vectors(encoder=encoder)
        super().__init__(name=name)
        self.encoder = encoder

    def inputs(self) -> dict[str, Kind]:
        """The image that the encoder takes; labels are ignored."""
        return {"image": Image(self.encoder.input_shape[1:]), "label": Anything(required=False)}

    def encode(self, images: Any) -> Any:
        """The encoder's features: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to `(batch, dim)`."""
        return features(self.encoder, images)

    def serving(self) -> dict[str, Serving]:
        """One function: image to features."""
        image, vector = Image(self.encoder.input_shape[1:]), Vector(self.encoder.output_shape[1])
        return {"encode": Serving(self.encode, {"image": image}, {"vector": vector})}


def features(encoder: keras.Model, images: Any) -> Any:
    """The encoder's output for images, uint8 or float32 in [-1, 1]; in full precision."""
    return ops.cast(encoder(fitting(encoder, images), training=False), keras.config.floatx())


def width(encoder: keras.Model) -> int:
    """The number of an encoder's features; raises ValueError if its output is not `(batch, dim)`."""
    require_vectors(encoder=encoder)
    return int(encoder.output_shape[1])


def require_vectors(**networks: keras.Model) -> None:
    """Raises ValueError if a network is not built or its output is not `(batch, dim)`."""
    require_built(**networks)
    for name, network in networks.items():
        shape = network.output_shape
        if not isinstance(shape, tuple) or len(shape) != 2 or not shape[1]:
            raise ValueError(f"`{name}` must give vectors (batch, dim). Received: a network with output shape {shape}")


def require_input(name: str, network: keras.Model, other: str, given: keras.Model) -> None:
    """Raises ValueError if the network called `name` does not take the output of the one called `other`."""
    if tuple(network.input_shape[1:]) != tuple(given.output_shape[1:]):
        raise ValueError(
            f"`{name}` must take what `{other}` gives, {given.output_shape}. "
            f"Received: a network with input shape {network.input_shape}"
        )


def require_one_layer(views: Any) -> None:
    """Raises TypeError if `views` is neither a layer nor None."""
    if views is not None and not isinstance(views, keras.layers.Layer):
        raise TypeError(f"`views` must be a layer or None. Received: views={views!r}")
