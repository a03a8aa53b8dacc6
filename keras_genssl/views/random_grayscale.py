"""Random removal of colour."""

from typing import Any, ClassVar

import keras

from keras_genssl.views.base import Parameters, View, check_probability, chosen
from keras_genssl.views.luma import luma


@keras.saving.register_keras_serializable(package="keras_genssl")
class RandomGrayscale(View):
    """Replaces all three channels by the luma (0.299 R + 0.587 G + 0.114 B), with a probability.

    An image of one channel is not changed.

    Reference:
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual Representations, Appendix
          A](https://arxiv.org/abs/2002.05709)

    Args:
        probability: In [0, 1].
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If `probability` is outside its range, or images have neither one channel nor three.

    Example:
        >>> from keras import ops
        >>> red = ops.reshape(ops.array([1.0, -1.0, -1.0]), (1, 1, 1, 3))
        >>> [round(float(value), 3) for value in RandomGrayscale(probability=1.0)(red)[0, 0, 0]]
        [-0.402, -0.402, -0.402]
    """

    num_chances: ClassVar[int] = 1

    def __init__(self, probability: float = 0.2, seed: int | None = None, name: str | None = None) -> None:
        super().__init__(seed=seed, name=name)
        self.probability = check_probability(probability)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns `grey`, bool `(batch,)`."""
        return {"grey": chances[:, 0] < self.probability}

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images, some of them grey."""
        return chosen(parameters["grey"], luma(planes), planes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "probability": self.probability}
