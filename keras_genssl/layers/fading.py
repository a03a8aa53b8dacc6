"""A layer that goes over from one input to another as a network grows."""

from typing import Any

import keras

from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class FadeIn(ImageLayer):
    """``(1 - α) old + α new``: what a network made before it grew, and what it makes with a new block.

    Karras et al., 2018, Figure 2. α is a weight that no optimizer moves, ``alpha``, 1 at first; the method that trains
    the network assigns it (`models.ProgressiveStage`). At 0 and at 1 the layer gives exactly one of its inputs, if both
    are finite.

    Reference:
        - Karras et al. 2018, [Progressive Growing of GANs, Figure 2](https://arxiv.org/abs/1710.10196)

    Args:
        **kwargs: As for any layer.

    Call: two floats of one shape, old and new; returns that shape.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> layer = FadeIn()
        >>> _ = layer.alpha.assign(0.25)
        >>> float(layer(keras.ops.array([4.0]), keras.ops.array([8.0]))[0])
        5.0
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = self.add_weight(name="alpha", shape=(), initializer="ones", trainable=False)
        self.built = True

    def call(self, old: Any, new: Any) -> Any:
        """Mixes the inputs."""
        self.compute_output_shape(old.shape, new.shape)
        alpha = keras.ops.convert_to_tensor(self.alpha)
        return (1.0 - alpha) * old + alpha * new

    def compute_output_shape(self, old_shape: tuple[int | None, ...], new_shape: tuple[int | None, ...]) -> Any:
        """Returns the shape of both inputs."""
        if tuple(old_shape) != tuple(new_shape):
            raise ValueError(
                f"The inputs of FadeIn must have one shape. Received: {tuple(old_shape)} and {tuple(new_shape)}"
            )
        return old_shape
