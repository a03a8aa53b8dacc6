"""These losses under the names of TensorFlow Addons: a program only has to change its import."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.metric_learning.base import Distance, pairwise_distances
from keras_genssl.losses.metric_learning.npairs import NPairsLoss
from keras_genssl.losses.metric_learning.pairs import ContrastiveLoss, LiftedStructLoss
from keras_genssl.losses.metric_learning.triplets import TripletHardLoss, TripletSemiHardLoss

NpairsLoss = NPairsLoss
NpairsMultilabelLoss = NPairsLoss


@keras.saving.register_keras_serializable(package="keras_genssl")
def contrastive_loss(y_true: Any, y_pred: Any, margin: float = 1.0) -> Any:
    """`ContrastiveLoss` of each pair, ``(batch,)``.

    Example:
        >>> [float(x) for x in contrastive_loss(ops.convert_to_tensor([1, 0]), ops.convert_to_tensor([0.5, 0.25]))]
        [0.25, 0.5625]
    """
    return ContrastiveLoss(margin).call(y_true, y_pred)


@keras.saving.register_keras_serializable(package="keras_genssl")
def lifted_struct_loss(y_true: Any, y_pred: Any, margin: float = 1.0) -> Any:
    """`LiftedStructLoss` of a batch, a scalar. In `compile` use the class: Keras rounds a function's labels.

    Example:
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.0]])
        >>> round(float(lifted_struct_loss(labels, embeddings)), 4)
        2.6756
    """
    return ops.mean(LiftedStructLoss(margin).call(y_true, y_pred))


@keras.saving.register_keras_serializable(package="keras_genssl")
def npairs_loss(y_true: Any, y_pred: Any) -> Any:
    """`NPairsLoss` of similarities ``(batch, batch)``, a scalar. In `compile` use the class, as above.

    Example:
        >>> similarities = ops.convert_to_tensor([[2.0, 0.0], [0.0, 2.0]])
        >>> round(float(npairs_loss(ops.convert_to_tensor([3, 5]), similarities)), 4)
        0.1269
    """
    return ops.mean(NPairsLoss().call(y_true, y_pred))


@keras.saving.register_keras_serializable(package="keras_genssl")
def npairs_multilabel_loss(y_true: Any, y_pred: Any) -> Any:
    """`npairs_loss` of multi-hot labels ``(batch, classes)``, dense or sparse, of at least two classes.

    Example:
        >>> similarities = ops.convert_to_tensor([[2.0, 0.0], [0.0, 2.0]])
        >>> round(float(npairs_multilabel_loss(ops.convert_to_tensor([[1, 1, 0], [0, 0, 1]]), similarities)), 4)
        0.1269
    """
    return npairs_loss(y_true, y_pred)


@keras.saving.register_keras_serializable(package="keras_genssl")
def triplet_hard_loss(
    y_true: Any, y_pred: Any, margin: float = 1.0, soft: bool = False, distance_metric: Distance = "L2"
) -> Any:
    """`TripletHardLoss` of a batch, a scalar. In `compile` use the class: Keras rounds a function's labels.

    Example:
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.25]])
        >>> round(float(triplet_hard_loss(labels, embeddings, margin=0.5)), 4)
        0.5833
    """
    return ops.mean(TripletHardLoss(margin, soft, distance_metric).call(y_true, y_pred))


@keras.saving.register_keras_serializable(package="keras_genssl")
def triplet_semihard_loss(y_true: Any, y_pred: Any, margin: float = 1.0, distance_metric: Distance = "L2") -> Any:
    """`TripletSemiHardLoss` of a batch, a scalar. In `compile` use the class: Keras rounds a function's labels.

    Example:
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.25]])
        >>> round(float(triplet_semihard_loss(labels, embeddings, margin=0.5)), 4)  # (0.25 + 1.25) / 2
        0.75
    """
    return ops.mean(TripletSemiHardLoss(margin, distance_metric).call(y_true, y_pred))


@keras.saving.register_keras_serializable(package="keras_genssl")
def pairwise_distance(feature: Any, squared: bool = False) -> Any:
    """`pairwise_distances` of the rows of ``(batch, dim)``, squared or not, ``(batch, batch)``.

    Example:
        >>> float(pairwise_distance(ops.convert_to_tensor([[0.0, 3.0], [4.0, 0.0]]), squared=True)[0, 1])
        25.0
    """
    return pairwise_distances(feature, "squared-L2" if squared else "L2")


@keras.saving.register_keras_serializable(package="keras_genssl")
def angular_distance(feature: Any) -> Any:
    """`pairwise_distances` by angle, ``1 - cos``, ``(batch, batch)``.

    Example:
        >>> float(angular_distance(ops.convert_to_tensor([[0.0, 3.0], [4.0, 0.0]]))[0, 1])
        1.0
    """
    return pairwise_distances(feature, "angular")
