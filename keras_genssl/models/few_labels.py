"""The cross-entropies of methods that learn a classifier from batches of which few examples have a label."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import batches, replicas


def cross_entropies(labels: Any, logits: Any) -> tuple[Any, Any]:
    """Which examples have a label, and their cross-entropies.

    Args:
        labels: Integers `(batch,)` in [0, num_classes), or -1 for examples without a label.
        logits: `(batch, num_classes)`.

    Returns:
        Two float `(batch,)`: 1 for labelled examples and 0 for the others; and the cross-entropy, 0 for the others.
    """
    labelled = labels != -1
    logits = ops.cast(logits, keras.config.floatx())
    targets = batches.one_hot(ops.where(labelled, labels, 0), logits.shape[-1])
    cross_entropy = ops.categorical_crossentropy(targets, logits, from_logits=True)
    return ops.cast(labelled, logits.dtype), ops.where(labelled, cross_entropy, 0.0)


def labelled_losses(labels: Any, logits: Any) -> Any:
    """Cross-entropies whose mean over the global batch is that over its labelled examples.

    So the weight of the labels does not depend on how many of them a batch holds. A batch without labels gives zeros.

    Args:
        labels: As in `cross_entropies`.
        logits: As in `cross_entropies`.

    Returns:
        `(batch,)`: for a labelled example its cross-entropy times `batch / labelled`, both of the global batch; 0 for
        the others.
    """
    labelled, cross_entropy = cross_entropies(labels, logits)
    return replicas.on_global_batch(_shares, labelled) * cross_entropy


def unlabelled_shares(labels: Any) -> Any:
    """Factors that make a mean over the global batch one over its examples without a label.

    If all have one, as in a test set, it is the mean over all of them.

    Args:
        labels: As in `cross_entropies`.

    Returns:
        `(batch,)`: for an example without a label `batch / unlabelled`, both of the global batch, and 0 for the others;
        1 if all have a label.
    """
    unlabelled = ops.cast(labels == -1, keras.config.floatx())
    return replicas.on_global_batch(lambda chosen: _shares(ops.where(ops.any(chosen > 0), chosen, 1.0)), unlabelled)


def trackers() -> list[keras.metrics.Mean]:
    """Means for `track`: `cross_entropy` and `accuracy` of the labelled examples of an epoch."""
    return [keras.metrics.Mean("cross_entropy"), keras.metrics.Mean("accuracy")]


def track(means: list[keras.metrics.Mean], labels: Any, logits: Any) -> None:
    """Updates `trackers` by a batch; each labelled example counts once, so a batch without labels counts nothing.

    Args:
        means: Those of `trackers`.
        labels: As in `cross_entropies`.
        logits: As in `cross_entropies`.
    """
    labelled, cross_entropy = cross_entropies(labels, logits)
    correct = ops.cast(ops.argmax(logits, axis=-1) == labels, labelled.dtype)
    for mean, values in zip(means, (cross_entropy, correct), strict=True):
        mean.update_state(values, sample_weight=labelled)


def _shares(chosen: Any) -> Any:
    """For each example of a batch, what makes the mean over the batch one over the chosen examples, `(batch,)`."""
    examples = ops.cast(ops.shape(chosen)[0], chosen.dtype)
    return chosen * examples / ops.maximum(ops.sum(chosen), 1.0)
