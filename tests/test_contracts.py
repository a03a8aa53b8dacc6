"""One process's part of the contract (see contracts.py); replicas and export have files of their own.

Tracing and compiling a step costs far more than running it, so each case trains few models, and each of them
answers for several tests: op by op wherever the graph is not the point, in graphs once for each kind of graph.
"""

import dataclasses
import functools
import pathlib
from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from tests.contracts import CASES, Batch

# To compile a step takes XLA several times as long as to lower it. What XLA makes of an operation is not a method's
# own: these stand for all, by what their steps hold (a queue, an average, gradients of gradients, power iteration,
# noise ...).
COMPILED = (
    "EDSR",
    "Jigsaw",
    "Colorization",
    "VAE, batch norm",
    "SNGAN",
    "WGANGP",
    "SimCLR",
    "MoCo",
    "EmbeddingModel, proxies",
    "TripletEmbeddingModel",
    "ToyRelativisticGAN",  # XLA knows the second derivative of max-pooling in single precision alone
)


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


def trainable(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]


def train(model: keras.Model, batches: list[Batch]) -> None:
    for batch in batches:
        model.train_on_batch(batch)


@dataclasses.dataclass(frozen=True)
class Trained:
    """A model trained on three batches, and what it was on the way."""

    model: keras.Model
    at_first: list[np.ndarray]  # trainable weights
    logs: dict[str, float]  # of the first step
    after_one: list[np.ndarray]  # its state, saved at the same time


class Subject:
    """A case, and what it came to trained op by op; each training runs once, when a test first asks for it."""

    def __init__(self, name: str, folder: pathlib.Path):
        self.name = name
        self.case = CASES[name]
        self.batches = self.case.batches(3)
        self.saved = folder / "model.keras"

    @functools.cached_property
    def single(self) -> Trained:
        """In single precision."""
        model = self.case.make(run_eagerly=True)
        at_first = trainable(model)
        logs = model.train_on_batch(self.batches[0], return_dict=True)
        model.save(self.saved)
        after_one = state(model)
        train(model, self.batches[1:])
        return Trained(model, at_first, logs, after_one)

    @functools.cached_property
    def double(self) -> list[list[np.ndarray]]:
        """In double precision: the states after the first batch and after the second."""
        model = self.case.make(run_eagerly=True)
        states = []
        for batch in self.batches[:2]:
            train(model, [batch])
            states.append(state(model))
        return states


@pytest.fixture(scope="module", params=CASES)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return Subject(request.param, tmp_path_factory.mktemp("subject"))


@pytest.fixture
def as_traced() -> Iterator[None]:
    """Graphs run as they were traced: to rewrite them takes TensorFlow a fifth of the time. Recipes run with it."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture
def double_precision() -> Iterator[None]:
    """Of two exact computations in single precision, rounding at the kink of a ReLU can make two results."""
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(policy)


def test_config_round_trip(subject: Subject) -> None:
    model = subject.case.make()
    config = keras.saving.serialize_keras_object(model)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()
    assert [(w.path, w.shape) for w in again.weights] == [(w.path, w.shape) for w in model.weights]
    assert len(again.variables) == len(model.variables)


def test_a_saved_model_takes_the_same_next_steps(subject: Subject) -> None:
    trained = subject.single
    again = keras.models.load_model(subject.saved)
    assert_same(state(again), trained.after_one, 0)
    train(again, subject.batches[1:])
    assert_same(state(again), state(trained.model), 0)


def test_a_step_trains_each_player_and_no_other(subject: Subject) -> None:
    model = subject.single.model
    if not isinstance(model, kg.engine.PlayersModel):
        # After several steps, since a last layer that starts at zero hides the others from the first.
        for variable, now, old in zip(
            model.trainable_variables, trainable(model), subject.single.at_first, strict=True
        ):
            assert np.any(now != old), f"the steps did not move {variable.path}"
        return
    model = keras.models.load_model(subject.saved)
    batch = {key: keras.ops.convert_to_tensor(value) for key, value in subject.batches[0].items()}
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


def test_two_steps_of_a_graph_equal_two_op_by_op(subject: Subject, double_precision: None, as_traced: None) -> None:
    """Of the graph that `jit_compile=True` makes, which XLA can lower; distribution/ trains in the other."""
    model = subject.case.make(jit_compile=True)
    step = tf.function(model.train_step, autograph=False)
    batches = [{key: tf.constant(value) for key, value in batch.items()} for batch in subject.batches[:2]]
    for batch in batches:
        step(batch)
    assert step.experimental_get_tracing_count() == 1
    assert_same(state(model), subject.double[1], 1e-9)
    if subject.name in COMPILED:
        return
    graph = step.get_concrete_function(batches[0]).graph.as_graph_def()
    bodies = (graph.node, *(function.node_def for function in graph.library.function))
    if {"If", "StatelessIf"} & {node.op for body in bodies for node in body}:
        step = model.train_step  # a branch is traced otherwise where XLA is to compile it
    lowered = tf.function(step, autograph=False, jit_compile=True).experimental_get_compiler_ir(batches[0])
    assert lowered(stage="hlo").startswith("HloModule")


@pytest.mark.parametrize("name", COMPILED)
def test_a_step_compiled_by_xla_has_the_losses_of_one_op_by_op(name: str, tmp_path: pathlib.Path) -> None:
    subject = Subject(name, tmp_path)
    model = subject.case.make(jit_compile=True)
    assert model.jit_compile
    static = tf.data.Dataset.from_tensors(subject.batches[0])  # whole batches, static shapes
    compiled = {key: values[0] for key, values in model.fit(static, verbose=0, shuffle=False).history.items()}
    plain = subject.case.make(run_eagerly=True).train_on_batch(subject.batches[0], return_dict=True)
    assert compiled.keys() == plain.keys()
    for key, value in compiled.items():
        assert np.isfinite(value)
        if not kg.engine.replicas.seed_generators(model):  # XLA draws other numbers for the same seed
            np.testing.assert_allclose(value, plain[key], atol=1e-4)


def test_two_steps_in_one_execution_equal_two_op_by_op(tmp_path: pathlib.Path, double_precision: None) -> None:
    """With `steps_per_execution`, of a method whose queue and average are carried from step to step."""
    subject = Subject("MoCo", tmp_path)
    examples = {key: np.concatenate([b[key] for b in subject.batches[:2]]) for key in subject.batches[0]}
    size = len(next(iter(subject.batches[0].values())))
    data = tf.data.Dataset.from_tensor_slices(examples).batch(size, drop_remainder=True)
    model = subject.case.make(steps_per_execution=2)
    model.fit(data, verbose=0, shuffle=False)
    assert_same(state(model), subject.double[1], 1e-9)


def test_bytes_equal_floats_and_wild_floats_are_refused(subject: Subject, double_precision: None) -> None:
    batch = subject.batches[0]
    pictures = [key for key, value in batch.items() if value.dtype == np.uint8]
    model = subject.case.make(run_eagerly=True)
    train(model, [{**batch, **{key: batch[key].astype("float64") / 127.5 - 1.0 for key in pictures}}])
    assert_same(state(model), subject.double[0], 1e-9)
    wild = {**batch, **{key: batch[key].astype("float32") for key in pictures}}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must lie in \[-1, 1\]"):
        model.train_on_batch(wild)


# What belongs to a batch: statistics, power iterations, the images that a discriminator is shown again.
OF_A_BATCH = {"moving_mean", "moving_variance", "u", "images", "stored", "images_seen", "alpha"}
# An adaptive augmentation collects by batch and moves by update, which tests/engine/test_adaptation.py shows.
OF_A_BATCH |= {"p", "signs", "seen", "updates"}


def test_what_belongs_to_an_update_moves_once_per_update(subject: Subject) -> None:
    """Of two batches whose gradients make one update: averages and memories are moved by the second, once."""
    targets = layers_of(subject.single.model, kg.engine.TargetNetwork)
    held = [w for layer in (*targets, *layers_of(subject.single.model, kg.engine.Memory)) for w in layer.weights]
    others = {w.name for w in subject.single.model.non_trainable_weights if all(w is not other for other in held)}
    assert others <= OF_A_BATCH, "of an update? Then a TargetNetwork's or a Memory's"
    if not held:
        return
    model = keras.models.load_model(subject.saved)
    compile_to_accumulate(model, subject.case.learning_rate)
    targets, memories = layers_of(model, kg.engine.TargetNetwork), layers_of(model, kg.engine.Memory)
    averaged = [
        (target, weight, online)
        for target in targets
        for weight, online in zip(target.copy.weights, target._online().weights, strict=True)
        if online.trainable or target.average_statistics
    ]
    old = [weight.numpy() for _, weight, _ in averaged]
    remembered = [weight.numpy() for memory in memories for weight in memory.weights]
    train(model, [subject.batches[1]])
    assert_same([weight.numpy() for _, weight, _ in averaged], old, 0)
    assert_same([weight.numpy() for memory in memories for weight in memory.weights], remembered, 0)
    train(model, [subject.batches[2]])
    schedule = getattr(model, "momentum", None)
    for (target, weight, online), before in zip(averaged, old, strict=True):
        kept = float(schedule(0)) if callable(schedule) else target.momentum
        np.testing.assert_allclose(weight, kept * before + (1 - kept) * online.numpy(), atol=1e-6, err_msg=weight.path)
    now = [weight.numpy() for memory in memories for weight in memory.weights]
    assert all(np.any(new != before) for new, before in zip(now, remembered, strict=True))


def layers_of(model: keras.Model, kind: type) -> list[keras.layers.Layer]:
    return [layer for layer in model._flatten_layers() if isinstance(layer, kind)]


def compile_to_accumulate(model: kg.engine.Method, learning_rate: float) -> None:
    """Two steps make an update of each player."""
    if not isinstance(model, kg.engine.PlayersModel):
        model.compile(keras.optimizers.SGD(learning_rate, gradient_accumulation_steps=2), run_eagerly=True)
        return
    rounds = {player: sum(player in players for players in model.rounds()) for player in model.players()}
    model.compile(
        {p: keras.optimizers.SGD(learning_rate, gradient_accumulation_steps=2 * count) for p, count in rounds.items()},
        run_eagerly=True,
    )


def test_a_step_in_bfloat16_is_near_that_in_float32(subject: Subject) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = subject.case.make(run_eagerly=True)
    finally:
        keras.config.set_dtype_policy("float32")
    assert any(layer.compute_dtype == "bfloat16" for layer in model._flatten_layers())
    near = model.train_on_batch(subject.batches[0], return_dict=True)
    assert near == pytest.approx(subject.single.logs, rel=0.05, abs=0.02)


def test_a_dataset_need_not_tell_shapes(subject: Subject) -> None:
    model = subject.single.model
    batch = {key: tf.constant(value) for key, value in subject.batches[0].items()}
    shapes = {name: kind.example_shape for name, kind in declared(model, batch).items()}
    assert all(name in shapes for name, kind in model.inputs().items() if kind.required)
    unknown = {key: tf.TensorSpec(None, value.dtype) for key, value in batch.items()}
    taken = tf.function(model.batch, input_signature=[unknown], autograph=False)
    for key, value in taken.get_concrete_function().structured_outputs.items():
        assert key not in shapes or tuple(value.shape) == (None, *shapes[key])
    found, plain = taken(batch), model.batch(batch)
    for key in batch:
        np.testing.assert_allclose(found[key], plain[key], atol=1e-6)


def declared(model: kg.engine.Method, batch: Batch) -> dict[str, kg.engine.Kind]:
    """The inputs that are looked at, and that a batch holds."""
    return {
        name: kind
        for name, kind in model.inputs().items()
        if name in batch and not isinstance(kind, kg.engine.Anything)
    }


def test_fields_that_do_not_fit_are_refused_by_name(subject: Subject) -> None:
    model = subject.single.model
    batch = {key: tf.constant(value) for key, value in subject.batches[0].items()}
    first, *others = declared(model, batch)
    for key in {first, *others}:
        with pytest.raises(ValueError, match=rf"`{key}` must have shape \(batch,"):
            model.batch({**batch, key: batch[key][..., None]})
        if len(batch[key].shape) > 1:
            with pytest.raises(ValueError, match=rf"`{key}` must have shape \(batch,.*Received: a batch of shape"):
                model.batch({**batch, key: tf.concat([batch[key]] * 3, axis=-1)})
    for key in set(others) - {first}:
        with pytest.raises(ValueError, match=rf"`{key}` must hold as many examples as `{first}`. Received: 1 and 12"):
            model.batch({**batch, key: batch[key][:1]})
