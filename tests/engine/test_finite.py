"""Losses are checked together, so that their backward passes can share what is equal in them."""

import collections

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.grappler import tf_optimizer

from keras_genssl.engine.finite import finite_losses, require_finite
from keras_genssl.kinds.rules import RuleError

LARGE = np.float32(2e38)  # the sum of two is infinite


def computed(function, *specs):
    """How often each kind of operation is computed, after TensorFlow has simplified a function."""
    graph = function.get_concrete_function(*specs).graph
    with graph.as_default():
        meta = tf.compat.v1.train.export_meta_graph(graph=graph)
    meta.collection_def["train_op"].node_list.value.extend(output.op.name for output in graph.outputs)
    return collections.Counter(node.op for node in tf_optimizer.OptimizeGraph(config_pb2.ConfigProto(), meta).node)


def test_backward_passes_share_what_is_equal():
    """Two losses have one term, a convolution of both players' images: its gradient is the same for both."""
    kernel = tf.ones((3, 3, 2, 2))

    @tf.function
    def gradients(first, second):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([first, second])
            shared = tf.reduce_sum(tf.nn.conv2d(first * second, kernel, 1, "SAME"), axis=(1, 2, 3))
            losses = finite_losses([shared + tf.reduce_sum(first, axis=(1, 2, 3)), shared], "Method")
            totals = [tf.reduce_sum(loss) for loss in losses]
        return tape.gradient(totals[0], first), tape.gradient(totals[1], second)

    images = tf.TensorSpec((4, 8, 8, 2))
    assert computed(gradients, images, images)["Conv2DBackpropInput"] == 1


@pytest.mark.parametrize("compiled", [False, True])
def test_sums_that_overflow_hold_no_infinite_number(compiled):
    checked = tf.function(_gradients) if compiled else _gradients
    assert checked(tf.constant([LARGE, LARGE, -1.0])).numpy().tolist() == [LARGE, LARGE, -1.0]
    for wrong in ([np.inf, -np.inf], [np.nan, 1.0], [LARGE, LARGE, -np.inf]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="All gradients must be finite"):
            checked(tf.constant(wrong, tf.float32))


def _gradients(values):
    return require_finite([values, tf.constant([1.0])], "gradients")[0]


def test_float16_sums_may_overflow():
    (same,) = require_finite([tf.constant([6e4, 6e4], tf.float16)], "gradients")
    assert same.numpy().tolist() == [6e4, 6e4]


def test_any_loss_that_is_not_finite_stops_all():
    with pytest.raises(RuleError, match="All losses of GAN must be finite"):
        finite_losses([tf.constant([1.0]), tf.constant([np.nan])], "GAN")
