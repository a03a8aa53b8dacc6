"""Random inversion of bright pixels."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.views.base import Parameters, View, check_probability, chosen


@keras.saving.register_keras_serializable(package="keras_genssl")
class Solarize(View):
    """Inverts values at or above a threshold, with a probability: x becomes 1 - x on the scale of [0, 1].

    Grill et al., 2020, Appendix B.

    Reference:
        - Grill et al. 2020, [Bootstrap Your Own Latent, Appendix B](https://arxiv.org/abs/2006.07733)

    Args:
        threshold: On the scale of [0, 1].
        probability: In [0, 1].
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> row = ops.reshape(ops.array([-0.5, 0.0, 0.75]), (1, 1, 3, 1))
        >>> Solarize(threshold=0.75, probability=1.0)(row)[0, 0, :, 0].numpy().tolist()
        [-0.5, 0.0, -0.75]
    """

    num_chances: ClassVar[int] = 1

    def __init__(
        self, threshold: float = 0.5, probability: float = 0.2, seed: int | None = None, name: str | None = None
    ) -> None:
        super().__init__(seed=seed, name=name)
        if not 0 <= threshold <= 1:
            raise ValueError(f"`threshold` must lie in [0, 1]. Received: threshold={threshold}")
        self.threshold = float(threshold)
        self.probability = check_probability(probability)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns `solarize`, bool `(batch,)`."""
        return {"solarize": chances[:, 0] < self.probability}

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images, some of them solarized."""
        # On [-1, 1], 1 - x is -x.
        bright = ops.cast(planes >= 2 * self.threshold - 1, planes.dtype)
        return chosen(parameters["solarize"], planes * (1 - 2 * bright), planes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self.threshold, "probability": self.probability}
