import keras
import numpy as np
import pytest

from keras_genssl.engine import RunningMean

BATCHES = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")


def test_it_is_the_closed_form_of_an_exponential_average() -> None:
    layer = RunningMean(0.75)
    for batch in BATCHES:
        np.testing.assert_array_equal(layer(batch, training=True), batch)
        layer(batch)  # not in training: nothing moves
    expected = sum(0.25 * 0.75 ** (3 - number) * batch.mean(axis=0) for number, batch in enumerate(BATCHES))
    np.testing.assert_allclose(layer.moving_mean, expected, rtol=1e-5)


def test_it_moves_when_due_and_ignores_what_is_not_finite() -> None:
    layer = RunningMean(0.5)
    layer.build((None,))
    assert float(layer.update(keras.ops.array([2.0, 4.0]), True)) == 1.5
    assert float(layer.update(keras.ops.array([2.0, 4.0]), False)) == 1.5
    assert float(layer.update(keras.ops.array([2.0, np.nan]))) == 1.5


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"`momentum` must lie in \[0, 1\]. Received: momentum=2"):
        RunningMean(2)
