"""Triplet losses over the semi-hard, the hardest, or all triplets of a batch."""

from typing import Any

import keras
from keras import ops

from keras_genssl.losses.metric_learning.base import (
    Distance,
    DistanceLoss,
    as_float,
    as_labels,
    check_shapes,
    others,
    same_label,
)


def nearest_first(keys: Any, labels: Any, own_class_first: bool) -> Any:
    """Sorts the batch for each anchor by its row of keys.

    Args:
        keys: float ``(batch, batch)``, a row per anchor.
        labels: ``(batch,)``.
        own_class_first: whether, among equal keys, those of the anchor's class come first; otherwise they come last.

    Returns:
        int32 ``(batch, batch)``: positions in the batch. No gradient.

    Example:
        >>> keys = ops.convert_to_tensor([[2.0, 2.0, 1.0]] * 3)
        >>> nearest_first(keys, ops.convert_to_tensor([0, 1, 2]), own_class_first=False)[0].numpy().tolist()
        [2, 1, 0]
    """
    # The sort is stable, so the order before it decides ties: columns are ordered by class, then rotated until the
    # anchor's class is first or last. (Sorting by two keys would cost a second sort of the whole matrix.)
    by_class = ops.argsort(labels)
    compare = ops.less if own_class_first else ops.less_equal
    before = ops.sum(ops.cast(compare(labels[None, :], labels[:, None]), "int32"), axis=1)
    places = ops.arange(ops.shape(labels)[0], dtype="int32")
    turned = (before[:, None] + places[None, :]) % ops.shape(labels)[0]
    columns = ops.cast(ops.take(by_class, turned), "int32")
    order = ops.argsort(take_in_rows(ops.stop_gradient(keys), columns), axis=1)
    return take_in_rows(columns, order)


def take_in_rows(values: Any, places: Any) -> Any:
    """``values[i, places[i, j]]``, ``(batch, batch)``; uses less memory than `ops.take_along_axis`."""
    rows, columns = ops.shape(values)[0], ops.shape(values)[1]
    starts = ops.arange(rows, dtype="int32")[:, None] * columns
    return ops.take(ops.reshape(values, (-1,)), ops.cast(places, "int32") + starts)


def places_of(mask: Any) -> Any:
    """The column of the k-th True of each row, at k; int32 ``(batch, batch)``, 0 beyond the last True.

    Example:
        >>> places_of(ops.convert_to_tensor([[False, True], [True, False]])).numpy().tolist()
        [[1, 0], [0, 0]]
    """
    rows, columns = ops.shape(mask)[0], ops.shape(mask)[1]
    mask = ops.cast(mask, "int32")
    k = ops.maximum(ops.cumsum(mask, axis=1) - 1, 0)
    flat = k + ops.arange(rows, dtype="int32")[:, None] * columns
    values = ops.reshape(mask * ops.arange(columns, dtype="int32"), (-1,))  # a sum of one value and zeros
    return ops.reshape(ops.segment_sum(values, ops.reshape(flat, (-1,)), rows * columns), (rows, columns))


@keras.saving.register_keras_serializable(package="keras_genssl")
class TripletSemiHardLoss(DistanceLoss):
    """The triplet loss of each positive pair with the nearest negative that is farther away than the positive.

    Schroff et al., 2015, FaceNet: the mean over all ordered pairs (a, p) of one label of
    ``max(0, d(a, p) - d(a, n) + margin)``. Here n is the nearest example of another label with ``d(a, n) > d(a, p)``,
    or the farthest one if there is none. The paper uses "squared-L2", margin 0.2 and embeddings of length 1. The values
    are those of ``tfa.losses.TripletSemiHardLoss``, computed in ``O(batch^2)`` memory in place of ``O(batch^3)``. Two
    things differ: the loss is 0 if no two examples share a label (0/0 in TensorFlow Addons), and 0 if all share one
    (there positives are pulled without any negatives). Among equally near negatives, one gets the whole gradient.

    Reference:
        - Schroff et al. 2015, [FaceNet](https://arxiv.org/abs/1503.03832)

    Args:
        margin, distance_metric, name, reduction, dtype: as in `DistanceLoss`.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``; ``call`` returns ``(batch,)``: the sum over an
    anchor's pairs, times batch / number of pairs.

    Raises:
        ValueError: as in `DistanceLoss`.

    Example:
        >>> loss = TripletSemiHardLoss(margin=0.5)
        >>> float(loss(ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [3.0]])))
        0.0
        >>> float(loss(ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.25]])))
        0.75
    """

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """The sum over each anchor's pairs, times batch / number of pairs, ``(batch,)``."""
        distances = self.distances(embeddings)
        batch = ops.shape(labels)[0]
        order = nearest_first(
            distances, labels, own_class_first=False
        )  # a tie with a positive does not count as farther
        near = take_in_rows(distances, order)
        own = ops.take(labels, order) == labels[:, None]
        positive = own & (order != ops.arange(batch, dtype="int32")[:, None])

        nearer = ops.cumsum(ops.cast(~own, "int32"), axis=1)  # the number of negatives that are as near, or nearer
        negatives = nearer[:, -1:]
        beyond = take_in_rows(places_of(~own), ops.maximum(ops.minimum(nearer, negatives - 1), 0))
        hinge = ops.maximum(near - take_in_rows(near, beyond) + self.margin, 0.0)

        pairs = ops.cast(ops.maximum(ops.sum(ops.cast(positive, "int32")), 1), near.dtype)
        losses = ops.sum(ops.where(positive & (negatives > 0), hinge, 0.0), axis=1)
        return losses * (ops.cast(batch, near.dtype) / pairs)


@keras.saving.register_keras_serializable(package="keras_genssl")
class TripletHardLoss(DistanceLoss):
    """The triplet loss of each anchor with its farthest positive and its nearest negative.

    Hermans et al., 2017, In Defense of the Triplet Loss, "batch hard":
    ``max(0, max_p d(a, p) - min_n d(a, n) + margin)``, or ``log(1 + exp(max_p d(a, p) - min_n d(a, n)))`` if ``soft``;
    the mean over all anchors. The values are those of ``tfa.losses.TripletHardLoss``: an anchor without a positive uses
    the smallest distance of its row, that to itself, so it still pushes negatives away. Two things differ: the loss is
    0 if all examples share one label (TensorFlow Addons uses the farthest *positive* as the negative), and the soft
    loss is finite for any distance.

    Reference:
        - Hermans et al. 2017, [In Defense of the Triplet Loss](https://arxiv.org/abs/1703.07737)

    Args:
        margin, distance_metric, name, reduction, dtype: as in `DistanceLoss`.
        soft: whether to use a softplus in place of the hinge; the margin is then ignored.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``; ``call`` returns ``(batch,)``.

    Raises:
        ValueError: as in `DistanceLoss`.

    Example:
        >>> loss = TripletHardLoss(margin=0.5)
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.25]])
        >>> [float(value) for value in loss.call(labels, embeddings)]
        [0.25, 1.25, 0.25]
    """

    def __init__(
        self,
        margin: float = 1.0,
        soft: bool = False,
        distance_metric: Distance = "L2",
        name: str | None = None,
        *,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(margin, distance_metric, name, reduction=reduction, dtype=dtype)
        self.soft = bool(soft)

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """The loss of each anchor, ``(batch,)``."""
        distances = self.distances(embeddings)
        same = same_label(labels)
        positive = same & others(ops.shape(labels)[0])
        least = ops.min(distances, axis=1)
        farthest = ops.max(ops.where(positive, distances, least[:, None]), axis=1)
        nearest = ops.min(ops.where(same, ops.max(distances, axis=1)[:, None], distances), axis=1)
        gap = farthest - nearest
        losses = ops.softplus(gap) if self.soft else ops.maximum(gap + self.margin, 0.0)
        return ops.where(ops.all(same, axis=1), 0.0, losses)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "soft": self.soft}


@keras.saving.register_keras_serializable(package="keras_genssl")
class TripletBatchAllLoss(DistanceLoss):
    """The triplet loss of all triplets of a batch, averaged over those that are active.

    Hermans et al., 2017, In Defense of the Triplet Loss, Section 2, "batch all" with the mean over non-zero terms: the
    mean of ``max(0, d(a, p) - d(a, n) + margin)`` over all triplets (a, p, n) for which it is above 0, where a and p
    share a label and n has another. The loss is 0 if no triplet is active or there is none. It needs ``O(batch^2)``
    memory: the sum over triplets equals a sum over distances, each times the number of active triplets that contain it.

    Reference:
        - Hermans et al. 2017, [In Defense of the Triplet Loss](https://arxiv.org/abs/1703.07737)

    Args:
        margin, distance_metric, name, reduction, dtype: as in `DistanceLoss`.

    Call: labels int ``(batch,)`` and embeddings float ``(batch, dim)``; ``call`` returns ``(batch,)``: the sum over an
    anchor's triplets, times batch / number of active triplets.

    Raises:
        ValueError: as in `DistanceLoss`.

    Example:
        >>> loss = TripletBatchAllLoss(margin=0.5)
        >>> labels, embeddings = ops.convert_to_tensor([0, 0, 1]), ops.convert_to_tensor([[0.0], [1.0], [1.25]])
        >>> float(loss(labels, embeddings))  # 0.25 and 1.25
        0.75
        >>> float(ops.mean(loss.active_fraction(labels, embeddings)))
        1.0
    """

    def per_example(self, labels: Any, embeddings: Any) -> Any:
        """The sum over each anchor's triplets, times batch / number of active triplets, ``(batch,)``."""
        keys, positive, negative, nearer = self._mine(labels, embeddings)
        farther = ops.sum(positive, axis=1, keepdims=True) - ops.cumsum(positive, axis=1)
        # The weights sum to 0, so the shift only reduces rounding errors.
        keys = keys - ops.stop_gradient(ops.mean(keys, axis=1, keepdims=True))
        losses = ops.sum(keys * (positive * nearer - negative * farther), axis=1)
        active = ops.maximum(ops.sum(positive * nearer), 1.0)
        return losses * (ops.cast(ops.shape(labels)[0], keys.dtype) / active)

    def active_fraction(self, y_true: Any, y_pred: Any) -> Any:
        """The fraction of the batch's triplets that are active, as ``(batch,)`` with this mean; 0 without triplets.

        A falling fraction means that fewer triplets are left to learn from. As a metric in ``compile``:
        ``keras.metrics.MeanMetricWrapper(loss.active_fraction, name="active")``.
        """
        labels, embeddings = as_labels(y_true), as_float(y_pred)
        check_shapes(labels, embeddings)
        _, positive, negative, nearer = self._mine(labels, embeddings)
        triplets = ops.sum(ops.sum(positive, axis=1) * ops.sum(negative, axis=1))
        batch = ops.cast(ops.shape(positive)[0], positive.dtype)
        return ops.sum(positive * nearer, axis=1) * (batch / ops.maximum(triplets, 1.0))

    def _mine(self, labels: Any, embeddings: Any) -> tuple[Any, Any, Any, Any]:
        """For each anchor, nearest first: ``d(a, p) + margin`` or ``d(a, n)``, which it is, and negatives before it."""
        distances = self.distances(embeddings)
        own = labels[:, None] == labels[None, :]
        keys = ops.where(own, distances + self.margin, distances)
        order = nearest_first(keys, labels, own_class_first=True)  # in a tie the hinge is 0, so it is not active
        own = take_in_rows(own, order)
        positive = ops.cast(own & (order != ops.arange(ops.shape(labels)[0], dtype="int32")[:, None]), keys.dtype)
        negative = ops.cast(~own, keys.dtype)
        return take_in_rows(keys, order), positive, negative, ops.cumsum(negative, axis=1)
