"""Gradients with respect to inputs."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """The gradient of a function's summed output with respect to its input.

    The gradient is itself differentiable, as gradient penalties need; it is useful for image optimisation (style
    transfer, latent search) too. If the function processes the rows of its batch separately, row i is the gradient of
    output i.

    Args:
        function: Maps `inputs` to a tensor of any shape.
        inputs: A float tensor `(batch, ...)`.

    Returns:
        A tensor of the shape and dtype of `inputs`.

    Raises:
        ValueError: If the output does not depend on the input.

    Example:

        norms = keras.ops.norm(input_gradient(critic, mixed), axis=(1, 2, 3))
    """
    return input_gradient_and_more(lambda values: (function(values), None), inputs)[0]


def input_gradient_and_more(function: Callable[[Any], tuple[Any, Any]], inputs: Any) -> tuple[Any, Any]:
    """`input_gradient` of the first of a function's two outputs, and the second as it is, from one forward pass.

    Args:
        function: Maps `inputs` to the output whose gradient is asked for, and to anything else.
        inputs: A float tensor `(batch, ...)`.

    Returns:
        A tensor of the shape and dtype of `inputs`, and the function's second output.

    Raises:
        ValueError: If the first output does not depend on the input.
    """
    inputs = tf.convert_to_tensor(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs, more = function(inputs)
    gradient = tape.gradient(outputs, inputs)
    if gradient is None:
        raise ValueError("`function` must depend on `inputs`. Received: a function whose output does not.")
    return gradient, more
