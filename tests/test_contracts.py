"""One process's part of the contract (see contracts.py); replicas and export have files of their own."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from tests.contracts import CASES, Batch

pytestmark = pytest.mark.parametrize("name", CASES)


def state(model: keras.Model) -> list[np.ndarray]:
    """Weights, optimizers' slots and seeds, all that the next step depends on."""
    if isinstance(model, kg.engine.PlayersModel):
        optimizers = [model.optimizer_of(player) for player in model.players()]
    else:
        optimizers = [model.optimizer]
    variables = [*model.variables, *(variable for optimizer in optimizers for variable in optimizer.variables)]
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assert_same(first: list[np.ndarray], second: list[np.ndarray], atol: float) -> None:
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=atol)


def train(model: keras.Model, batches: list[Batch]) -> None:
    for batch in batches:
        model.train_on_batch(batch)


@pytest.fixture
def double_precision() -> Iterator[None]:
    """Of two exact computations in single precision, rounding at the kink of a ReLU can make two results."""
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(policy)


def test_config_round_trip(name: str) -> None:
    model = CASES[name].make()
    config = keras.saving.serialize_keras_object(model)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()
    assert [(w.path, w.shape) for w in again.weights] == [(w.path, w.shape) for w in model.weights]
    assert len(again.variables) == len(model.variables)


def test_a_saved_model_takes_the_same_next_steps(name: str, tmp_path) -> None:
    case = CASES[name]
    first, second, third = case.batches(3)
    model = case.make()
    train(model, [first])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert_same(state(again), state(model), 0)
    train(model, [second, third])
    train(again, [second, third])
    assert_same(state(again), state(model), 0)


def test_a_step_trains_each_player_and_no_other(name: str) -> None:
    case = CASES[name]
    model = case.make(run_eagerly=True)
    batch = {key: keras.ops.convert_to_tensor(value) for key, value in case.batches(1)[0].items()}
    if not isinstance(model, kg.engine.PlayersModel):
        before = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
        train(model, [batch, batch])  # two, since a last layer that starts at zero hides the others from the first
        for variable, old in zip(model.trainable_variables, before, strict=True):
            assert np.any(keras.ops.convert_to_numpy(variable) != old), f"a step did not move {variable.path}"
        return
    for player, networks in model.players().items():
        own = {id(weight) for network in networks for weight in network.weights}
        players_weights = [w for nets in model.players().values() for net in nets for w in net.weights]
        before = [keras.ops.convert_to_numpy(weight) for weight in players_weights]
        model._play(model.batch(batch), (player,))
        for weight, old in zip(players_weights, before, strict=True):
            changed = np.any(keras.ops.convert_to_numpy(weight) != old)
            if id(weight) not in own:
                assert not changed, f"{player} moved {weight.path}"
            elif weight.path.endswith("kernel"):
                assert changed, f"{player} did not move its {weight.path}"


def test_eager_equals_graph(name: str, double_precision: None) -> None:
    case = CASES[name]
    eager, graph = case.make(run_eagerly=True), case.make()
    train(eager, case.batches(2))
    train(graph, case.batches(2))
    assert_same(state(eager), state(graph), 1e-9)


def test_xla_equals_plain(name: str) -> None:
    """Losses only: XLA draws other numbers for the same seed."""
    case = CASES[name]
    model = case.make(jit_compile=True)
    assert model.jit_compile
    batch = case.batches(1)[0]
    static = tf.data.Dataset.from_tensors(batch)  # whole batches, static shapes
    compiled = model.fit(static, epochs=1, verbose=0).history
    plain = case.make(jit_compile=False).fit(static, epochs=1, verbose=0).history
    assert compiled.keys() == plain.keys()
    for key, values in compiled.items():
        assert np.isfinite(values).all()
        if not model_draws_noise(model):
            np.testing.assert_allclose(values, plain[key], atol=1e-4)


def model_draws_noise(model: keras.Model) -> bool:
    return bool(kg.engine.replicas.seed_generators(model))


def test_bytes_equal_floats_and_wild_floats_are_refused(name: str, double_precision: None) -> None:
    case = CASES[name]
    batch = case.batches(1)[0]
    pictures = [key for key, value in batch.items() if value.dtype == np.uint8]
    floats = {**batch, **{key: batch[key].astype("float64") / 127.5 - 1.0 for key in pictures}}
    from_bytes, from_floats = case.make(), case.make()
    train(from_bytes, [batch])
    train(from_floats, [floats])
    assert_same(state(from_bytes), state(from_floats), 1e-9)
    wild = {**batch, **{key: batch[key].astype("float32") for key in pictures}}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must lie in \[-1, 1\]"):
        from_floats.train_on_batch(wild)


def test_several_steps_per_execution_are_the_same_steps(name: str) -> None:
    case = CASES[name]
    batches = case.batches(2)
    data = tf.data.Dataset.from_tensor_slices(
        {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}
    ).batch(len(batches[0][next(iter(batches[0]))]), drop_remainder=True)
    one, two = case.make(), case.make(steps_per_execution=2)
    one.fit(data, verbose=0, shuffle=False)
    two.fit(data, verbose=0, shuffle=False)
    assert_same(state(one), state(two), 1e-6)


def test_a_step_in_bfloat16_is_near_that_in_float32(name: str) -> None:
    case = CASES[name]
    batch = case.batches(1)[0]
    exact = case.make().train_on_batch(batch, return_dict=True)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = case.make()
    finally:
        keras.config.set_dtype_policy("float32")
    assert any(layer.compute_dtype == "bfloat16" for layer in model._flatten_layers())
    near = model.train_on_batch(batch, return_dict=True)
    assert near == pytest.approx(exact, rel=0.05, abs=0.02)
