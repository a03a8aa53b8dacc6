"""A layer that sets the mean and deviation of each channel of an image by a style."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.layers.equalized import EqualizedDense
from keras_genssl.layers.normalization import InstanceNormalization
from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class AdaptiveInstanceNormalization(ImageLayer):
    """Normalises each channel of an image, then scales and shifts it by its style: ``(1 + s) norm(x) + b``.

    AdaIN (Huang and Belongie, 2017) as StyleGAN has it (Karras et al., 2019): s and b come from the style w by a dense
    layer of equalized learning rate whose bias starts at 0, so scales vary around 1 and shifts around 0. What a style
    sets is undone by the next normalisation: a style controls one layer alone.

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)
        - Huang and Belongie 2017, [Arbitrary Style Transfer in Real-time with Adaptive Instance
          Normalization](https://arxiv.org/abs/1703.06868)

    Args:
        epsilon: Added to the variance, float, above 0.
        **kwargs: As for any layer.

    Call: ``[images, styles]``, float ``(batch, h, w, channels)`` and ``(batch, style_dim)``; returns the shape of the
    images.

    Raises:
        ValueError: If ``epsilon`` is not positive and finite, or an input does not fit.

    Example:
        >>> layer, image = AdaptiveInstanceNormalization(), ops.reshape(ops.array([1.0, 3.0]), (1, 1, 2, 1))
        >>> [round(float(x), 3) for x in ops.ravel(layer([image, ops.zeros((1, 4))]))]
        [-1.0, 1.0]
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = finite("epsilon", epsilon, 0, above=True)

    def build(self, input_shape: list[tuple[int | None, ...]]) -> None:
        """Makes the dense layer of scales and shifts."""
        images, styles = require_image_and_style(self, input_shape)
        self.norm = InstanceNormalization(self.epsilon, scale=False, center=False, dtype=self.dtype_policy, name="norm")
        self.norm.build(images)
        self.style = EqualizedDense(2 * images[-1], gain=1.0, dtype=self.dtype_policy, name="style")
        self.style.build(styles)

    def call(self, inputs: list[Any]) -> Any:
        """Normalises, then scales and shifts."""
        images, styles = inputs
        scale, shift = ops.split(self.style(styles)[:, None, None, :], 2, axis=-1)  # (batch, 1, 1, channels) each
        return (1.0 + scale) * self.norm(images) + shift

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Returns the shape of the images."""
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


def require_image_and_style(
    layer: keras.layers.Layer, shapes: list[tuple[int | None, ...]]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Returns the shapes of a layer's two inputs, images and styles.

    Raises:
        ValueError: If they are not ``(batch, h, w, channels)`` and ``(batch, style_dim)``, sizes of the last axes
            known.
    """
    kind = type(layer).__name__
    pair = isinstance(shapes, list | tuple) and len(shapes) == 2 and all(isinstance(s, list | tuple) for s in shapes)
    if not pair or [len(shape) for shape in shapes] != [4, 2] or None in (shapes[0][-1], shapes[1][-1]):
        raise ValueError(
            f"The inputs of {kind} must be [images (batch, h, w, channels), styles (batch, style_dim)] with known "
            f"channels and style_dim. Received: inputs of shape {shapes}"
        )
    return tuple(shapes[0]), tuple(shapes[1])
