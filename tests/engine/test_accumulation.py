"""Batches whose gradients make one update do what one batch of their size does, and what is per update is done once."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
from keras import ops

import keras_genssl as kg
from keras_genssl.engine import FeatureQueue, Image, MemoryBank, Method, PlayersModel, TargetNetwork, Vector
from keras_genssl.engine.memory import remember
from keras_genssl.engine.updates import Step, where

BATCHES = 3  # of an update
ROWS = 4


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(policy)


def dense(inputs: int, outputs: int) -> keras.Model:
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs, use_bias=False)])


def encoder() -> keras.Model:
    return keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(3, use_bias=False)])


class OneRound(PlayersModel):
    """Two players of one round with other rates, who look at each other, a lazy penalty, and an average."""

    def __init__(self):
        super().__init__()
        self.networks = {"left": encoder(), "right": encoder()}
        self.average = TargetNetwork(self.networks["left"], 0.75)
        self.penalty = kg.penalties.R1Penalty(gamma=1.0, every=2)

    def inputs(self):
        return {"image": Image((2, 2, 1))}

    def players(self):
        return {name: [network] for name, network in self.networks.items()}

    def player_losses(self, batch, players):
        left, right = (network(batch["image"]) for network in self.networks.values())
        distance = ops.mean(ops.square(left - right - 1.0), axis=1)
        updates = self.optimizer_of("right").iterations
        penalty = self.penalty(lambda x: self.networks["right"](x)[:, :1], batch["image"], None, None, updates)
        return {"left": distance, "right": penalty - distance}

    def after_update(self, player):
        if player == "left":
            self.average.update()


METHODS = {
    "MoCo": lambda: kg.models.MoCo(encoder(), head=dense(3, 2), queue_size=17, momentum=0.75, groups=1),
    "BYOL": lambda: kg.models.BYOL(
        encoder(), head=dense(3, 2), predictor=dense(2, 2), momentum=kg.schedules.CosineMomentum(0.5, steps=4)
    ),
    "InstanceDiscrimination": lambda: kg.models.InstanceDiscrimination(encoder(), 40, head=dense(3, 2)),
    "OneRound": OneRound,
}
OPTIMIZERS = {
    "SGD": lambda n: keras.optimizers.SGD(
        0.1, momentum=0.9, clipnorm=0.01, weight_decay=0.1, gradient_accumulation_steps=n
    ),
    "Adam": lambda n: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5, gradient_accumulation_steps=n),
    "LARS": lambda n: kg.optimizers.LARS(0.3, trust=0.5, gradient_accumulation_steps=n),
    "loss scaling": lambda n: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1, gradient_accumulation_steps=n), initial_scale=8.0
    ),
}


def examples(count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    images = {name: rng.uniform(-1, 1, (count, 2, 2, 1)) for name in ("first", "second")}
    return {**images, "image": images["first"], "index": rng.permutation(40)[:count]}


def made(method: str, optimizer: str, batches: int | None, **options) -> Method:
    keras.utils.set_random_seed(5)
    model = METHODS[method]()
    if isinstance(model, PlayersModel):
        model.compile({player: OPTIMIZERS[optimizer](batches) for player in model.players()}, **options)
    else:
        model.compile(OPTIMIZERS[optimizer](batches), **options)
    return model


def count(model: Method) -> int:
    return int(model.optimizer.iterations)


def slots(model: Method) -> list[np.ndarray]:
    """What the optimizers keep, but for what counts batches or holds gradients of some."""
    players = isinstance(model, PlayersModel)
    optimizers = [model.optimizer_of(player) for player in model.players()] if players else [model.optimizer]
    of_batches = ("iteration", "accumulator", "step_counter")
    return [v.numpy() for o in optimizers for v in o.variables if not v.path.endswith(of_batches)]


@pytest.mark.parametrize(
    ("method", "optimizer", "options"),
    [
        ("BYOL", "Adam", {"run_eagerly": True}),
        ("InstanceDiscrimination", "LARS", {"run_eagerly": True}),
        ("OneRound", "SGD", {"run_eagerly": True}),
        ("MoCo", "loss scaling", {"run_eagerly": True}),
        ("MoCo", "SGD", {}),
    ],
)
def test_batches_of_an_update_are_one_large_batch(method: str, optimizer: str, options: dict) -> None:
    """Weights, averages, memories and slots; after an update in which nothing else is done than that."""
    model, large = made(method, optimizer, BATCHES, **options), made(method, optimizer, None, **options)
    size = BATCHES * ROWS
    data = examples(2 * size)
    for start in range(0, 2 * size, size):
        for first in range(start, start + size, ROWS):
            before = [weight.numpy() for weight in model.weights]
            model.train_on_batch({name: values[first : first + ROWS] for name, values in data.items()})
            if first + ROWS < start + size:
                for weight, old in zip(model.weights, before, strict=True):
                    np.testing.assert_array_equal(weight, old, err_msg=weight.path)
        large.train_on_batch({name: values[start : start + size] for name, values in data.items()})
        assert count(model) == count(large) == start // size + 1
        for weight, expected in zip(model.weights, large.weights, strict=True):
            np.testing.assert_allclose(weight, expected, rtol=0, atol=1e-9, err_msg=weight.path)
        for slot, expected in zip(slots(model), slots(large), strict=True):
            np.testing.assert_allclose(slot, expected, rtol=0, atol=1e-9)


def test_a_model_saved_between_two_updates_goes_on(tmp_path) -> None:
    data = examples(4 * ROWS)
    parts = [{name: values[i * ROWS : (i + 1) * ROWS] for name, values in data.items()} for i in range(4)]
    model = made("MoCo", "SGD", 2, run_eagerly=True)
    for part in parts[:3]:
        model.train_on_batch(part)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    again.train_on_batch(parts[3])
    model.train_on_batch(parts[3])
    for weight, expected in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(weight, expected, err_msg=weight.path)
    keys = model.queue.vectors.numpy()[: 4 * ROWS]
    assert len(np.unique(keys.round(9), axis=0)) == 4 * ROWS  # of all batches, each once
    assert int(again.queue.position) == 4 * ROWS


def test_what_waits_is_left_out_where_nothing_waits_and_is_what_is_there_where_it_lacks() -> None:
    waiting, plain, stored = FeatureQueue(3, 1), FeatureQueue(3, 1), {}
    waiting.wait(2)
    waiting.save_own_variables(stored)
    plain.load_own_variables(stored)
    np.testing.assert_array_equal(plain.vectors, waiting.vectors)
    plain.enqueue(ops.convert_to_tensor([[7.0]]))
    stored = {}
    plain.save_own_variables(stored)
    waiting.load_own_variables(stored)
    for variable, expected in zip(waiting.waiting, plain.weights, strict=True):
        np.testing.assert_array_equal(variable, expected)


def test_what_is_set_between_two_updates_is_not_lost() -> None:
    model = made("MoCo", "SGD", 2, run_eagerly=True)
    model.queue.vectors.assign(ops.full((17, 2), 0.5))
    data = examples(2 * ROWS)
    for i in range(2):
        model.train_on_batch({name: values[i * ROWS : (i + 1) * ROWS] for name, values in data.items()})
    np.testing.assert_array_equal(model.queue.vectors[2 * ROWS :], np.full((9, 2), 0.5))


def test_a_step_that_is_skipped_is_no_update() -> None:
    """Under loss scaling and under XLA, a batch that is not finite; with and without accumulation."""

    class Line(Method):
        def __init__(self):
            super().__init__()
            self.line = keras.Sequential(
                [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
            )
            self.target = TargetNetwork(self.line, 0.5)
            self.queue = FeatureQueue(3, 1)

        def inputs(self):
            return {"image": Vector(1)}

        def split_inputs(self, batch):
            return batch["image"], None

        def call(self, x, training=False):
            return self.line(x)

        def example_losses(self, x, y, y_pred):
            return ops.sqrt(ops.square(y_pred))[:, 0]  # of which the gradient at 0 is NaN

        def after_update(self):
            self.target.update()

        def remember(self, x, y, y_pred):
            self.queue.enqueue(y_pred)

    def scaled(batches):
        sgd = keras.optimizers.SGD(0.25, gradient_accumulation_steps=batches)
        return keras.optimizers.LossScaleOptimizer(sgd, initial_scale=8.0)

    for batches in (None, 2):
        for optimizer, options in (
            (scaled(batches), {"run_eagerly": True}),
            (keras.optimizers.SGD(0.25, gradient_accumulation_steps=batches), {"jit_compile": True}),
        ):
            model = Line()
            model.compile(optimizer, **options)
            states = []
            for x in (1.0, 0.0, 0.0, 1.0, 0.0):
                model.train_on_batch(np.full((1, 1), x))
                state = model.line.weights[0], model.target.copy.weights[0], model.queue.position
                states.append([float(variable.numpy().squeeze()) for variable in state])
            first, second = [0.75, 0.875, 1], [0.5, 0.6875, 2]
            if batches is None:
                assert states == [first, first, first, second, second]
            else:
                assert states == [[1, 1, 0]] * 3 + [[0.75, 0.875, 2]] * 2


def test_each_round_of_a_player_counts() -> None:
    """Two rounds of a critic and one of a generator, whose average moves with it alone."""
    keras.utils.set_random_seed(5)
    model = kg.models.GAN(dense(2, 1), dense(1, 1), 2, discriminator_steps=2, ema=0.5)
    model.compile(
        {
            "discriminator": keras.optimizers.SGD(0.1, gradient_accumulation_steps=4),
            "generator": keras.optimizers.SGD(0.1, gradient_accumulation_steps=3),
        },
        run_eagerly=True,
    )
    counts, moved, mean = [], [], model.average.copy.weights[0].numpy()
    for _ in range(6):
        old = mean
        model.train_on_batch(np.ones((6, 1)))
        mean = model.average.copy.weights[0].numpy()
        counts.append([int(model.optimizer_of(player).iterations) for player in ("discriminator", "generator")])
        moved.append(bool(np.any(mean != old)))
        if moved[-1]:
            np.testing.assert_allclose(mean, (old + model.generator.weights[0].numpy()) / 2)
    assert counts == [[0, 0], [1, 0], [1, 1], [2, 1], [2, 1], [3, 2]]
    assert moved == [False, False, True, False, False, True]
    assert int(model.optimizer.iterations) == 2


def test_every_update_of_the_generator_moves_the_average() -> None:
    model = kg.models.GAN(dense(2, 1), dense(1, 1), 2, generator_steps=2, ema=0.0)
    seen = []
    update = model.average.update
    model.average.update = lambda: (update(), seen.append(model.average.copy.weights[0].numpy()))[0]
    model.compile({player: keras.optimizers.SGD(0.1) for player in model.players()}, run_eagerly=True)
    model.train_on_batch(np.ones((6, 1)))
    assert len(seen) == 2
    assert np.any(seen[0] != seen[1])


def test_assignments_take_effect_where_they_may() -> None:
    """A value that is not finite is not carried on by multiplying it with 0."""
    variable, other = keras.Variable(1.0), keras.Variable(5.0)

    def action():
        variable.assign(variable + 1.0)
        variable.assign(variable * other / 0.0)
        other.assign_add(1.0)

    where(ops.convert_to_tensor(False), action)
    assert [float(variable), float(other)] == [1.0, 5.0]
    where(ops.convert_to_tensor(True), action)
    assert [float(variable), float(other)] == [np.inf, 6.0]


def test_what_is_no_memory_is_not_kept_waiting() -> None:
    bank, counter = MemoryBank(2, 1, momentum=0.0), keras.Variable(0)
    bank.wait(2)
    bank.vectors.assign([[1.0], [1.0]])

    def action():
        bank.update(ops.convert_to_tensor([0]), ops.convert_to_tensor([[-1.0]]))
        counter.assign_add(1)

    yes, no = ops.convert_to_tensor(True), ops.convert_to_tensor(False)
    for step, vector, counted in ((Step(yes, yes, no), 1, 1), (Step(no, no, no), 1, 1), (Step(no, yes, yes), -1, 2)):
        remember(step, [bank], action)
        assert (float(bank.vectors[0, 0]), int(counter)) == (vector, counted)
