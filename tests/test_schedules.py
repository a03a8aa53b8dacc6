import math

import keras
import numpy as np
import pytest

from keras_genssl.schedules import ConstantThenLinear, CosineMomentum


def test_step_by_step() -> None:
    rate = ConstantThenLinear(2e-4, constant_steps=100, decay_steps=50, final=5e-5)
    for step in range(200):
        expected = 2e-4 if step <= 100 else max(2e-4 - (step - 100) / 50 * 1.5e-4, 5e-5)
        assert float(rate(step)) == pytest.approx(expected, rel=1e-5)


def test_an_optimizer_follows_it_and_is_restored_with_it() -> None:
    optimizer = keras.optimizers.SGD(ConstantThenLinear(0.5, constant_steps=1, decay_steps=2))
    optimizer = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    weight = keras.Variable(0.0)
    moves = []
    for _ in range(5):
        before = float(weight)
        optimizer.apply([keras.ops.ones(())], [weight])
        moves.append(before - float(weight))
    np.testing.assert_allclose(moves, [0.5, 0.5, 0.25, 0.0, 0.0], atol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 1, 1), r"`initial` must be positive\. Received: initial=0\.0"),
        ((0.1, -1, 1), r"`constant_steps` must be at least 0\. Received: constant_steps=-1"),
        ((0.1, 1, 0), r"`decay_steps` must be at least 1\. Received: decay_steps=0"),
        ((0.1, 1, 1, -0.1), r"`final` must be at least 0\. Received: final=-0\.1"),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        ConstantThenLinear(*arguments)


def test_the_formula_of_the_paper() -> None:
    momentum = CosineMomentum(0.996, steps=10)
    expected = [1 - 0.004 * (math.cos(math.pi * k / 10) + 1) / 2 for k in range(11)]
    np.testing.assert_allclose([float(momentum(k)) for k in range(11)], expected, rtol=1e-6)
    assert float(momentum(0)) == pytest.approx(0.996)
    assert float(momentum(25)) == 1.0


def test_config_round_trip_and_wrong_arguments() -> None:
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(CosineMomentum(0.9, 7)))
    assert (again.initial, again.steps) == (0.9, 7)
    with pytest.raises(ValueError, match=r"`initial` must lie in \[0, 1\]. Received: initial=1.5"):
        CosineMomentum(1.5, 3)
    with pytest.raises(ValueError, match=r"`steps` must be at least 1. Received: steps=0"):
        CosineMomentum(0.5, 0)
