"""Feature matching: a generator learns the features of a discriminator."""

from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.checks.tensors import check_same_shape
from keras_genssl.losses.adversarial import as_float


@keras.saving.register_keras_serializable(package="keras_genssl")
class FeatureMatchingLoss(keras.losses.Loss):
    """The generator matches the mean features of real images: ``‖E f(x) - E f(G(z))‖²``.

    Salimans et al., 2016, Eq. 1; f is an intermediate layer of the discriminator. The generator minimises this loss in
    place of its adversarial loss, or in addition to it. The expectations are means over the batch, so every row of the
    result is the same number. On several replicas the means must be over the global batch:

        replicas.on_global_batch(FeatureMatchingLoss().call, real_features, fake_features)

    No gradient reaches the real features. (Feature matching with a fixed network, for each layer and each image, is
    the `PerceptualLoss`.)

    Reference:
        - Salimans et al. 2016, [Improved Techniques for Training GANs, Eq. 1](https://arxiv.org/abs/1606.03498)

    Args:
        reduction, name, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` is the features of real images, ``y_pred`` those of fakes, float ``(batch, ...)``; the square is
    summed over all axes but the first. ``call`` returns ``(batch,)``.

    Class attributes:
        needs_batch: as in `AdversarialLoss`.

    Example:
        >>> loss = FeatureMatchingLoss()
        >>> real, fake = ops.array([[0.0, 2.0], [2.0, 0.0]]), ops.array([[1.0, 1.0], [3.0, 3.0]])
        >>> [float(value) for value in loss.call(real, fake)]  # the means are (1, 1) and (2, 2)
        [2.0, 2.0]
    """

    needs_batch: ClassVar[bool] = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "feature_matching_loss", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The same loss for each image, ``(batch,)``."""
        real, fake = ops.stop_gradient(as_float(y_true)), as_float(y_pred)
        check_same_shape(slice(1, None), y_true=real, y_pred=fake)
        real = ops.mean(real, axis=0)
        distance = ops.sum(ops.square(real - ops.mean(fake, axis=0)))
        return ops.broadcast_to(distance, (ops.shape(fake)[0],))
