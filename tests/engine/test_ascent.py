import numpy as np
import tensorflow as tf
from keras import ops

from keras_genssl.engine.ascent import compiled_ascent


def climbing(rate):
    return lambda points, gradient, step: points + rate * gradient


def test_steps_on_a_parabola_shrink_the_distance_to_its_top_by_one_factor():
    """The gradient of -|x - top|² / 2 is top - x: after t steps (1 - rate)^t of the distance is left."""
    start, tops = np.float32([[4.0, 0.0], [-2.0, 6.0]]), np.float32([[1.0, 1.0], [0.0, 2.0]])

    def objective(points, step, top):
        value = -ops.sum(ops.square(points - top), axis=1) / 2
        return value, value

    points, values = compiled_ascent(objective, climbing(0.25), 5)(tf.constant(start), tf.constant(tops))
    np.testing.assert_allclose(points, tops + 0.75**5 * (start - tops), rtol=1e-6)
    before = -np.square(start - tops).sum(axis=1)[:, None] / 2 * 0.75 ** (2 * np.arange(5))
    np.testing.assert_allclose(values, before, rtol=1e-5)


def test_objective_and_move_are_told_the_step():
    """The gradient is the number of the step, and its move doubles it: 2 (0 + 1 + 2 + 3)."""
    climb = compiled_ascent(
        lambda points, step: (ops.cast(step, "float32") * points[:, 0], points[:, 0]),
        lambda points, gradient, step: points + gradient + ops.cast(step, "float32"),
        4,
    )
    points, before = climb(tf.zeros((3, 1)))
    assert points.numpy().tolist() == [[12.0]] * 3
    assert before.numpy().tolist() == [[0.0, 0.0, 2.0, 6.0]] * 3


def test_batches_of_other_sizes_climb_too():
    climb = compiled_ascent(lambda points, step: (3 * points[:, 0], points[:, 0]), climbing(1.0), 2)
    for size in (4, 4, 3, 1):
        points, before = climb(tf.zeros((size, 1)))
        assert points.numpy().tolist() == [[6.0]] * size
        assert before.shape == (size, 2)
