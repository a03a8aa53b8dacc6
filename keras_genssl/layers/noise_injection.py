"""A layer that adds noise to the features of an image."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.seeds import given_or_new
from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class NoiseInjection(ImageLayer):
    """Adds noise to a feature map, one map of N(0, 1) for an image, times a learnt weight of each channel.

    StyleGAN, Karras et al., 2019, Section 2: details that differ from picture to picture and mean nothing, such as the
    place of single hairs, come from here and need not be made from the latents. Weights start at 0, where the layer is
    the identity. In training the noise is drawn for each image. Otherwise it is one fixed map, the same for all images,
    so that the same styles give the same image, in an exported model too.

    As with dropout, on several replicas each draws its own noise.

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)

    Args:
        seed: The seed of the fixed map and of the noise in training, an int of at least 0; None draws one.
        **kwargs: As for any layer.

    Call: inputs float ``(batch, h, w, channels)``; returns the same shape.

    Raises:
        ValueError: If the seed is invalid, or the height, width or channels of the input are not known.

    Example:
        >>> layer = NoiseInjection(seed=1)
        >>> bool(ops.all(layer(ops.ones((2, 4, 4, 3)), training=True) == 1.0))
        True
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = given_or_new(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed % 2**31)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the weights and the fixed map."""
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                "The input of NoiseInjection must be (batch, h, w, channels) of known height, width and channels. "
                f"Received: input of shape {tuple(input_shape)}"
            )
        _, height, width, channels = (size or 0 for size in input_shape)
        self.weight = self.add_weight((channels,), "zeros", name="weight")
        # NumPy's, so that it is the same on all backends; no weight, because the seed tells it.
        self._fixed = np.random.default_rng(self.seed).standard_normal((1, height, width, 1), dtype=np.float32)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Adds the noise."""
        if training:
            shape = (*ops.shape(inputs)[:3], 1)
            noise = keras.random.normal(shape, dtype=self.compute_dtype, seed=self.seed_generator)
        else:
            noise = ops.convert_to_tensor(self._fixed, dtype=self.compute_dtype)
        return inputs + noise * ops.convert_to_tensor(self.weight)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}
