"""The distance of SimSiam and BYOL."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.contrastive.directions import directions
from keras_genssl.losses.contrastive.shapes import check_pairs


@keras.saving.register_keras_serializable(package="keras_genssl")
class NegativeCosineSimilarity(keras.losses.Loss):
    """The negative cosine of a prediction and its target: ``D(p, z) = -p/|p| . z/|z|``, in [-1, 1].

    SimSiam, Chen and He, 2021, Eqs. 1 and 3. ``2 + 2 D`` is BYOL's squared distance of unit vectors (Grill et al.,
    2020, Eq. 2). No gradient reaches the target. For an embedding shorter than 1e-6, which has no direction, the loss
    is 0 and has no gradient.

    (`keras.losses.CosineSimilarity` gives the same number, with gradients of both arguments.)

    Reference:
        - Chen and He 2021, [Exploring Simple Siamese Representation Learning, Eq. 1](https://arxiv.org/abs/2011.10566)
        - Grill et al. 2020, [Bootstrap Your Own Latent, Eq. 2](https://arxiv.org/abs/2006.07733)

    Args:
        reduction, name, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` is the targets z, ``y_pred`` the predictions p, float ``(batch, dim)``. ``call`` returns
    ``(batch,)``.

    Raises:
        ValueError: if the two shapes differ.

    Example:
        >>> loss = NegativeCosineSimilarity()
        >>> round(float(loss.call(ops.array([[0.0, 5.0]]), ops.array([[3.0, 4.0]]))[0]), 4)
        -0.8
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "negative_cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """``-cos`` of each pair, ``(batch,)``."""
        targets, predictions = directions(y_true), directions(y_pred)
        check_pairs(targets, predictions)
        return -ops.sum(ops.stop_gradient(targets) * predictions, axis=-1)
