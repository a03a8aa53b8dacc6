"""Every callback of Keras with several players: two lines, -x and +x, whose weights follow from their rates."""

import contextlib
import http.server
import json
import pathlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

ONES = np.ones((4, 1), "float32")
RATES = {"down": 0.125, "up": 0.5}


@keras.saving.register_keras_serializable(package="tests.several_players")
class Lines(kg.engine.PlayersModel):
    """Down minimises its weight, up minus its own: a batch of ones moves each by its rate."""

    def __init__(self, name: str | None = None):
        super().__init__(name=name)
        self.lines = [
            keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
            for _ in range(2)
        ]

    def inputs(self):
        return {"image": kg.engine.Vector(1)}

    def players(self):
        return dict(zip(RATES, ([line] for line in self.lines), strict=True))

    def player_losses(self, batch, players):
        down, up = (line(batch["image"])[:, 0] for line in self.lines)
        return {"down": down, "up": -up}

    def get_config(self):
        return {"name": self.name}


@pytest.fixture(scope="module")
def compiled() -> Lines:
    model = Lines()
    model.compile({player: keras.optimizers.SGD(rate) for player, rate in RATES.items()})
    return model


@pytest.fixture
def model(compiled: Lines) -> Lines:
    """As it is at first: one is traced for all tests."""
    for player, rate in RATES.items():
        optimizer = compiled.optimizer_of(player)
        optimizer.iterations.assign(0)
        optimizer.learning_rate = rate
    for line in compiled.lines:
        line.set_weights([np.zeros((1, 1))])
    compiled._initial_epoch = None  # which Keras' BackupAndRestore leaves behind
    return compiled


def fit(model: Lines, epochs: int, *callbacks: keras.callbacks.Callback, **options: Any) -> dict[str, list[float]]:
    """One batch an epoch."""
    data = tf.data.Dataset.from_tensors(ONES)
    return model.fit(data, epochs=epochs, callbacks=list(callbacks), verbose=0, shuffle=False, **options).history


def rates(model: Lines) -> dict[str, float]:
    return {player: float(model.optimizer_of(player).learning_rate) for player in model.players()}


def weights(model: Lines) -> list[float]:
    return [float(line.get_weights()[0][0, 0]) for line in model.lines]


def learning_rate_scheduler(model: Lines, folder: pathlib.Path) -> None:
    history = fit(model, 2, keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2))  # keeps their ratio
    assert history["learning_rate_down"] == [0.0625, 0.03125]
    assert history["learning_rate_up"] == [0.25, 0.125]
    assert weights(model) == [-0.0625 - 0.03125, 0.25 + 0.125]
    fit(model, 1, keras.callbacks.LearningRateScheduler(lambda epoch: 0.75))  # names one for all
    assert rates(model) == {"down": 0.75, "up": 0.75}


def reduce_on_plateau(model: Lines, folder: pathlib.Path) -> None:
    """Up never gets better by more than 10: from the second epoch on each is a plateau; `auto` is lower."""
    watch = keras.callbacks.ReduceLROnPlateau(monitor="up_loss", factor=0.5, patience=1, min_delta=10)
    history = fit(model, 3, watch)
    assert rates(model) == {"down": 0.125 / 4, "up": 0.5 / 4}
    assert history["learning_rate_up"] == [0.5, 0.5, 0.25]


def early_stopping(model: Lines, folder: pathlib.Path) -> None:
    """A loss that gets lower is better, of itself; and one that stays is not."""
    assert len(fit(model, 4, keras.callbacks.EarlyStopping(monitor="down_loss", patience=1))["down_loss"]) == 4
    model.optimizer_of("down").learning_rate = 0.0
    assert (
        len(fit(model, 4, keras.callbacks.EarlyStopping(monitor="val_down_loss"), validation_data=ONES)["up_loss"]) == 2
    )


def model_checkpoint(model: Lines, folder: pathlib.Path) -> None:
    fit(model, 2, keras.callbacks.ModelCheckpoint(folder / "{epoch}.keras"))
    fit(model, 1, keras.callbacks.ModelCheckpoint(folder / "best.keras", monitor="up_loss", save_best_only=True))
    first, best = (keras.models.load_model(folder / name) for name in ("1.keras", "best.keras"))
    assert weights(first) == [-0.125, 0.5]
    assert weights(best) == [-0.375, 1.5]
    assert rates(best) == RATES
    assert [int(best.optimizer_of(player).iterations) for player in RATES] == [3, 3]


def backup_and_restore(model: Lines, folder: pathlib.Path) -> None:
    fit(model, 2, keras.callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False))
    for line in model.lines:
        line.set_weights([np.full((1, 1), 7.0)])
    history = fit(model, 3, keras.callbacks.BackupAndRestore(folder / "backup"))
    assert len(history["up_loss"]) == 1  # the third epoch
    assert weights(model) == [-0.375, 1.5]


def csv_logger(model: Lines, folder: pathlib.Path) -> None:
    fit(model, 2, keras.callbacks.CSVLogger(folder / "log.csv"))
    rows = [row.split(",")[:3] for row in (folder / "log.csv").read_text().split()]  # then Keras' of a validation
    assert rows[0] == ["epoch", "down_loss", "up_loss"]
    assert [list(map(float, row)) for row in rows[1:]] == [[0, 0, 0], [1, -0.125, -0.5]]


def tensor_board(model: Lines, folder: pathlib.Path) -> None:
    board = keras.callbacks.TensorBoard(folder, histogram_freq=1, write_steps_per_second=True, update_freq=1)
    written = Written()
    board._summary_module = written
    fit(model, 2, board, validation_data=ONES)
    assert written.scalars["epoch_learning_rate_down"] == {0: 0.125, 1: 0.125}
    assert written.scalars["epoch_learning_rate_up"] == {0: 0.5, 1: 0.5}
    assert written.scalars["evaluation_up_loss_vs_iterations"] == {1: -0.5, 2: -1.0}
    assert set(written.scalars["epoch_steps_per_second"]) == {0, 1}


class Written:
    """In the place of `tf.summary`, which the package tensorboard writes."""

    def __init__(self):
        self.scalars: dict[str, dict[int, float]] = {}

    def scalar(self, name, value, step):
        self.scalars.setdefault(name, {})[int(step)] = float(value)

    def histogram(self, *arguments, **options): ...

    graph = histogram

    def create_file_writer(self, folder):
        return self

    def as_default(self, *arguments):
        return contextlib.nullcontext()

    def record_if(self, condition):
        return contextlib.nullcontext()

    def flush(self): ...

    close = flush


def terminate_on_nan(model: Lines, folder: pathlib.Path) -> None:
    """Whose loss it is does not matter; a fit whose losses are finite goes on."""
    assert len(fit(model, 2, keras.callbacks.TerminateOnNaN())["up_loss"]) == 2
    for player in RATES:
        callbacks = keras.callbacks.CallbackList(
            kg.engine.for_player.for_players([keras.callbacks.TerminateOnNaN()], model.settings.optimizers), model=model
        )
        callbacks.on_train_batch_end(0, {"down_loss": 1.0, "up_loss": 1.0})
        assert not model.stop_training
        callbacks.on_train_batch_end(1, {"down_loss": 1.0, "up_loss": 1.0, f"{player}_loss": np.nan})
        assert model.stop_training
        model.stop_training = False


def swap_ema_weights(model: Lines, folder: pathlib.Path) -> None:
    begun = []
    count = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    with pytest.raises(ValueError, match=r"`callbacks` must not swap averaged weights in .*TargetNetwork"):
        fit(model, 1, count, keras.callbacks.SwapEMAWeights(), validation_data=ONES)
    assert begun == []


def lambda_callback(model: Lines, folder: pathlib.Path) -> None:
    """Of one's own: it reads the rate that all have, and sets all; one that differs cannot be read as one."""
    model.optimizer.learning_rate = 0.25

    def halve(epoch: int, logs: Any) -> None:
        model.optimizer.learning_rate = float(model.optimizer.learning_rate) / 2

    fit(model, 2, keras.callbacks.LambdaCallback(on_epoch_end=halve))
    assert rates(model) == {"down": 0.0625, "up": 0.0625}
    assert int(model.optimizer.iterations) == 2
    model.optimizer_of("up").learning_rate = 1.0
    with pytest.raises(ValueError, match=r"must be the same for all players.*\{'down': 0\.0625, 'up': 1\.0\}"):
        model.optimizer.learning_rate  # noqa: B018


def remote_monitor(model: Lines, folder: pathlib.Path) -> None:
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments): ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        fit(model, 1, keras.callbacks.RemoteMonitor(root, send_as_json=True))
        server.shutdown()
    assert received == [{"epoch": 0, "down_loss": 0.0, "up_loss": 0.0}]


def orbax_checkpoint(model: Lines, folder: pathlib.Path) -> None:
    """It writes this tree, and asks for the count, where its library is installed."""
    fit(model, 2)
    tree = model.get_state_tree(value_format="numpy_array")
    optimizers = tree["optimizer_variables"]
    assert sorted(float(each["learning_rate"]) for each in optimizers.values()) == [0.125, 0.5]
    fit(model, 1)
    model.set_state_tree(tree)
    assert int(model.optimizer.iterations) == 2
    assert weights(model) == [-0.25, 1.0]


def default_ones(model: Lines, folder: pathlib.Path) -> None:
    """What `fit` adds by itself, and the base classes."""
    stock = [keras.callbacks.Callback(), keras.callbacks.History(), keras.callbacks.ProgbarLogger()]
    callbacks = keras.callbacks.CallbackList(stock, model=model, epochs=1, steps=1, verbose=0)
    model.fit(tf.data.Dataset.from_tensors(ONES), callbacks=callbacks, shuffle=False, verbose=0)
    assert stock[1].history == {"down_loss": [0.0], "up_loss": [0.0]}


CASES: dict[str, Callable[[Lines, pathlib.Path], None]] = {
    "BackupAndRestore": backup_and_restore,
    "CSVLogger": csv_logger,
    "Callback": default_ones,
    "CallbackList": default_ones,
    "EarlyStopping": early_stopping,
    "History": default_ones,
    "LambdaCallback": lambda_callback,
    "LearningRateScheduler": learning_rate_scheduler,
    "ModelCheckpoint": model_checkpoint,
    "OrbaxCheckpoint": orbax_checkpoint,
    "ProgbarLogger": default_ones,
    "ReduceLROnPlateau": reduce_on_plateau,
    "RemoteMonitor": remote_monitor,
    "SwapEMAWeights": swap_ema_weights,
    "TensorBoard": tensor_board,
    "TerminateOnNaN": terminate_on_nan,
}


def test_every_callback_of_keras_has_a_case() -> None:
    assert {name for name in dir(keras.callbacks) if name[0].isupper()} == set(CASES)


@pytest.mark.parametrize("case", dict.fromkeys(CASES.values()), ids=lambda case: case.__name__)
def test_a_callback_of_keras(case, model: Lines, tmp_path: pathlib.Path) -> None:
    case(model, tmp_path)


def test_one_player_alone(model: Lines) -> None:
    """Its rate, its loss as `loss`; what a callback logs enters the history under the player's name."""
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    watch = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=1, min_delta=10)
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=1, min_delta=0.2)  # down gets better by less
    history = fit(
        model,
        5,
        kg.callbacks.ForPlayer("up", scheduler),
        kg.callbacks.ForPlayer("down", watch),
        kg.callbacks.ForPlayer("down", stop),
        validation_data=ONES,
    )
    assert history["learning_rate_up"] == [0.25, 0.125]
    assert history["learning_rate_down"] == [0.125, 0.125]
    assert rates(model) == {"up": 0.125, "down": 0.0625}
    assert "loss" not in history


@contextlib.contextmanager
def refused(message: str) -> Iterator[list[int]]:
    begun: list[int] = []
    with pytest.raises(ValueError, match=message):
        yield begun
    assert begun == []


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (
            lambda folder: keras.callbacks.ReduceLROnPlateau(),
            r"`monitor` must be one of the losses \['down_loss', 'up_loss'\].*Received: monitor='val_loss' in Reduce",
        ),
        (lambda folder: keras.callbacks.EarlyStopping(monitor="loss"), r"monitor='loss' in EarlyStopping"),
        (
            lambda folder: keras.callbacks.ModelCheckpoint(folder / "x.keras", save_best_only=True),
            r"monitor='val_loss' in ModelCheckpoint",
        ),
        (
            lambda folder: kg.callbacks.ForPlayer("left", keras.callbacks.History()),
            r"`player` must be one of the players of the Lines, \['down', 'up'\]\. Received: player='left'",
        ),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_epoch(callback, message, model: Lines, tmp_path) -> None:
    with refused(message) as begun:
        count = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
        fit(model, 1, count, callback(tmp_path))


def test_a_rate_that_follows_a_schedule_is_not_set() -> None:
    model = Lines()
    halving = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=1, decay_rate=0.5)
    scheduled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(halving), initial_scale=8.0)
    plateau, halve = (
        keras.callbacks.ReduceLROnPlateau("up_loss"),
        keras.callbacks.LearningRateScheduler(lambda _, x: x / 2),
    )
    with pytest.raises(ValueError, match="compile"):
        fit(model, 1, plateau)
    model.compile({"down": keras.optimizers.SGD(0.125), "up": scheduled})
    for callback, name in (
        (plateau, "ReduceLROnPlateau"),
        (kg.callbacks.ForPlayer("up", halve), "LearningRateScheduler"),
    ):
        with refused(rf"a rate that follows a schedule, as that of \['up'\] does: .*Received: {name}"):
            fit(model, 1, callback)
    fit(model, 2, kg.callbacks.ForPlayer("down", halve))
    assert weights(model) == [-0.0625 - 0.03125, 0.5 + 0.25]


def test_loggers_get_the_configuration_of_each_optimizer(model: Lines) -> None:
    config = model.optimizer.get_config()
    assert {player: each["learning_rate"] for player, each in config.items()} == RATES


def test_models_of_one_optimizer_have_no_players() -> None:
    plain = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"`player` must be one of the players of the Sequential, \[\]"):
        kg.callbacks.ForPlayer("up", keras.callbacks.History()).set_model(plain)
    with pytest.raises(TypeError, match=r"`callback` must be a keras\.callbacks\.Callback\. Received: callback='x'"):
        kg.callbacks.ForPlayer("up", "x")


def test_the_optimizers_are_no_part_of_what_is_saved(model: Lines, tmp_path: pathlib.Path) -> None:
    assert Lines().optimizer is None
    refused = {"optimizer", "loss"}  # arguments of Keras' own
    assert set(model.get_compile_config()) == set(Lines.compile.__annotations__) - {"return"} - refused
    fit(model, 1)
    model.save_weights(tmp_path / "lines.weights.h5")
    import h5py

    with h5py.File(tmp_path / "lines.weights.h5") as file:
        assert [name for name in file if "optimizer" in name] == ["down_optimizer", "up_optimizer"]
    with pytest.raises(AttributeError, match=r"`optimizer` must not be set on a model of several players"):
        model.optimizer = keras.optimizers.SGD()
