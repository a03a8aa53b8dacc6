"""Loss scaling follows the networks' policies, and comes back with a saved model."""

import keras
import numpy as np
import pytest

from keras_genssl.engine import PlayersModel
from tests.contracts import CASES
from tests.test_contracts import state

CASE_NAMES = ("EDSR", "SimCLR", "ToyGAN")


def in_float16(name):
    """A method whose networks alone were made under the policy: what surrounds it is in single precision."""
    case = CASES[name]
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = case.build()
    finally:
        keras.config.set_dtype_policy("float32")
    again = type(model).from_config(model.get_config())  # the networks keep their policy, the method has none
    if isinstance(again, PlayersModel):
        again.compile({player: keras.optimizers.SGD(0.02, momentum=0.9) for player in again.players()})
    else:
        again.compile(keras.optimizers.SGD(0.02, momentum=0.9))
    return again


def optimizers(model):
    if isinstance(model, PlayersModel):
        return [model.optimizer_of(player) for player in model.players()]
    return [model.optimizer]


@pytest.mark.parametrize("name", CASE_NAMES)
def test_a_saved_model_in_float16_takes_the_same_next_step(name, tmp_path) -> None:
    model = in_float16(name)
    assert any(layer.compute_dtype == "float16" for layer in model._flatten_layers())
    assert all(isinstance(optimizer, keras.optimizers.LossScaleOptimizer) for optimizer in optimizers(model))
    first, second = CASES[name].batches(2)
    for optimizer in optimizers(model):
        optimizer.dynamic_scale.assign(2.0**10)  # from 2^15 the first steps overflow, and would be skipped
    before = state(model)
    model.train_on_batch(first)
    assert any(np.any(a != b) for a, b in zip(before, state(model), strict=True))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert [type(optimizer) for optimizer in optimizers(again)] == [type(optimizer) for optimizer in optimizers(model)]
    assert [type(o.inner_optimizer) for o in optimizers(again)] == [keras.optimizers.SGD] * len(optimizers(model))
    for one in (model, again):
        assert [float(optimizer.dynamic_scale) for optimizer in optimizers(one)] == [2.0**10] * len(optimizers(one))
    for a, b in zip(state(again), state(model), strict=True):
        np.testing.assert_array_equal(a, b)
    model.train_on_batch(second)
    again.train_on_batch(second)
    for a, b in zip(state(again), state(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_compiling_again_does_not_scale_twice() -> None:
    model = in_float16("EDSR")
    model.compile(model.optimizer)
    assert isinstance(model.optimizer.inner_optimizer, keras.optimizers.SGD)
