"""A layer whose output is a learnt constant."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import whole
from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class LearnedConstant(ImageLayer):
    """A learnt tensor, the same for each example; of its input it takes the number of examples alone.

    StyleGAN's synthesis starts from it in place of the latents (Karras et al., 2019, Section 2).

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)

    Args:
        shape: The shape of the constant, ints of at least 1.
        initializer: Its initializer; StyleGAN has ones, StyleGAN2 N(0, 1).
        **kwargs: As for any layer.

    Call: any tensor ``(batch, ...)``; returns ``(batch, *shape)``.

    Raises:
        ValueError: If a size is invalid.

    Example:
        >>> LearnedConstant((2,))(ops.zeros((3, 5))).numpy().tolist()
        [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    """

    def __init__(
        self, shape: tuple[int, ...], initializer: str | keras.initializers.Initializer = "ones", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(whole("shape", size) for size in shape)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the constant."""
        self.constant = self.add_weight(self.shape, self.initializer, name="constant")

    def call(self, inputs: Any) -> Any:
        """Repeats the constant."""
        return ops.broadcast_to(ops.convert_to_tensor(self.constant)[None], (ops.shape(inputs)[0], *self.shape))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns ``(batch, *shape)``."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        initializer = keras.initializers.serialize(self.initializer)
        return {**super().get_config(), "shape": self.shape, "initializer": initializer}
