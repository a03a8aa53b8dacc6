"""A replacement for `except`, which TensorFlow's graphs lack."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def attempt(function: Callable[..., Any], given: Any, otherwise: Any) -> Any:
    """Returns `function(*given)`, or `otherwise` if one of its operations fails.

    Only datasets catch errors of TensorFlow's kernels. This one has one element and runs on the CPU. Each call prepares
    all of `function` again, so it should contain little more than the operations that may fail.

    Args:
        function: Of tensors, to a structure of tensors.
        given: A tensor, or a tuple of several.
        otherwise: Tensors in the structure of its result, of the same types; shapes may differ.
    """
    function = tf.autograph.experimental.do_not_convert(function)
    attempted = tf.data.Dataset.from_tensors(given).map(function).ignore_errors(log_warning=False)
    options = tf.data.Options()  # optimizing the dataset of each image would cost a hundred times what it saves
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    answers = attempted.concatenate(tf.data.Dataset.from_tensors(otherwise)).take(1)
    return answers.with_options(options).get_single_element()
