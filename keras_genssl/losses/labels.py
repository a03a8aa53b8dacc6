"""Labels that survive a cast to float32."""

from typing import Any

from keras import ops


def first_with_label(labels: Any) -> Any:
    """For each example the place of the first with its label: equal where labels are, and small.

    A Keras loss casts ``y_true`` to float32, in which integers from 2**24 on meet others.

    Args:
        labels: ``(batch,)`` or ``(batch, 1)``.

    Returns:
        int32 ``(batch,)``.

    Example:
        >>> first_with_label([2**24, 2**24 + 1, 2**24]).numpy().tolist()
        [0, 1, 0]
    """
    labels = ops.reshape(ops.convert_to_tensor(labels), (-1,))
    return ops.cast(ops.argmax(ops.cast(labels[:, None] == labels[None, :], "int32"), axis=1), "int32")
