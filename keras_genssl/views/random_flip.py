"""Random mirroring."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.views.base import Parameters, View, check_probability, chosen


@keras.saving.register_keras_serializable(package="keras_genssl")
class RandomFlip(View):
    """Mirrors the image left to right, with a probability.

    Args:
        probability: In [0, 1].
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If `probability` is outside its range.

    Example:
        >>> row = ops.reshape(ops.array([-1.0, 0.0, 1.0]), (1, 1, 3, 1))
        >>> RandomFlip(probability=1.0)(row)[0, 0, :, 0].numpy().tolist()
        [1.0, 0.0, -1.0]
    """

    num_chances: ClassVar[int] = 1

    def __init__(self, probability: float = 0.5, seed: int | None = None, name: str | None = None) -> None:
        super().__init__(seed=seed, name=name)
        self.probability = check_probability(probability)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns `flip`, bool `(batch,)`."""
        return {"flip": chances[:, 0] < self.probability}

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images, some of them flipped."""
        return chosen(parameters["flip"], ops.flip(planes, axis=3), planes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "probability": self.probability}
