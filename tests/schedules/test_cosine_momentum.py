"""BYOL's momentum against its formula."""

import math

import keras
import numpy as np
import pytest

from keras_genssl.schedules import CosineMomentum


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
