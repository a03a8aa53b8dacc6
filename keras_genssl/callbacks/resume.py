"""Exact continuation of a killed training run, to the bit, also inside an epoch.

images = data.load("prepared/photographs", batch_size=16, seed=1)
resume = callbacks.Resume("out/train", images, every=50)
model.fit(images, epochs=20, callbacks=[resume])    # run the same program again after a kill
resume.history                                      # the logs of all 20 epochs
"""

import json
import os
import pathlib
import shutil
import tempfile
import uuid
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_genssl.data.order import Order

_PART = ".part-"

# The value of `stop_training` that ends an epoch which began in its middle, without ending `fit`. Keras would run the
# steps of a whole epoch, and a step without data still advances seeds and the optimizer's count.
_END_OF_EPOCH = "end of epoch"


class Resume(keras.callbacks.Callback):
    """Saves the whole state of a `fit` at intervals, and continues from it when `fit` is called again.

    The state holds the weights and everything else that `Model.save_weights` saves (every optimizer held as an
    attribute, the own state of layers and methods), the states of metrics and of `keras.random.SeedGenerator`s in the
    model, the position in the data, and the logs of the epochs so far. The program that calls `fit` again must build
    the same model on the same data. The run then ends with the weights of an uninterrupted run. If the state is that
    of the last epoch, `fit` returns at once. Keras' global seed generator and the memory of other callbacks are not
    saved. With `steps_per_execution`, use a divisor of the steps of an epoch.

    A state is one directory `state-EPOCH-STEP`. It is written under another name next to its place, flushed to disk and
    renamed. Only the newest state is kept. With several workers all read and only the chief writes, so all of them must
    see the directory. After a start in the middle of an epoch, Keras' progress bar counts from 0.

    Args:
        directory: local directory of the states, made if missing.
        dataset: the dataset of `data.load` or `data.join`, mapped or not, that `fit` is given.
        every: save after this many steps (with `steps_per_execution`, at the end of the execution that
            reaches them), in addition to the end of each epoch. `None` saves at the end of each epoch only.

    Attributes:
        history: list of dicts, the logs of each finished epoch since the start of training, over all
            interruptions.

    Raises:
        ValueError: in `__init__` for a wrong argument; in `fit` if the state in the directory belongs to
            another model or other data (see `order.config` in `data.load`), or if `fit` was given another
            dataset.
    """

    def __init__(self, directory: str | os.PathLike[str], dataset: tf.data.Dataset, every: int | None = None):
        super().__init__()
        order = getattr(dataset, "order", None)
        if not isinstance(order, Order):
            raise ValueError(
                "`dataset` must be what `data.load` or `data.join` returned, mapped or not; `batch` and others lose "
                f"its `order`. Received: {type(dataset).__name__} without an order"
            )
        if every is not None and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
            raise ValueError(f"`every` must be a positive integer or None. Received: every={every!r}")
        self.directory = pathlib.Path(directory)
        self.every = every
        self.history: list[dict[str, float]] = []
        self._order = order
        self._metrics: list[np.ndarray] | None = None
        self._epoch = self._first_step = self._saved_step = 0

    # Keras' hooks, in the order in which `fit` calls them.

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the newest state, if there is one."""
        steps = self._order.steps_per_epoch
        if self.params.get("steps") != steps:
            raise ValueError(
                f"`fit` must be given the dataset of `Resume` itself, of {steps} steps per epoch, without "
                f"`steps_per_epoch`. Received: a dataset of {self.params.get('steps')} steps"
            )
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            with self._strategy.scope():
                optimizer.build(self.model.trainable_variables)
        self.history, self._metrics, self._first_step = [], None, 0
        states = sorted(self.directory.glob("state-*"))
        if states:
            self._restore(states[-1])
        if self._is_chief:
            self.directory.mkdir(parents=True, exist_ok=True)
            for debris in [*self.directory.glob(f"{_PART}*"), *states[:-1]]:
                shutil.rmtree(debris)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets where the data start, and undoes the reset of the metrics in an epoch that continues."""
        self.model._initial_epoch = None  # `fit` has read it; an interrupted `fit` must not leave it to the next
        self._epoch, self._saved_step = epoch, self._first_step
        self._order.position = (epoch, self._first_step)
        if self._metrics is not None and self._first_step:
            self._assign(self._extras(), self._metrics)
        self._metrics = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves when a multiple of `every` steps has been reached inside the epoch."""
        step = self._first_step + batch + 1
        if step >= self._order.steps_per_epoch:
            if self._first_step and not self.model.stop_training:
                self.model.stop_training = _END_OF_EPOCH
        elif self.every is not None and step // self.every > self._saved_step // self.every:
            self._saved_step = step
            self._save(self._epoch, step)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves, and keeps the epoch's logs."""
        self._first_step = 0
        if self.model.stop_training == _END_OF_EPOCH:
            self.model.stop_training = False
        self.history.append({name: float(value) for name, value in (logs or {}).items()})
        self._save(epoch + 1, 0)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Removes what the callback set on the model."""
        self.model._initial_epoch = None

    # The state.

    @property
    def _strategy(self) -> tf.distribute.Strategy:
        return getattr(self.model, "distribute_strategy", None) or tf.distribute.get_strategy()

    @property
    def _is_chief(self) -> bool:
        return bool(self._strategy.extended.should_checkpoint)

    def _extras(self) -> list[keras.Variable]:
        """Returns the variables that `save_weights` leaves out: states of metrics and seed generators."""
        weights = {id(variable) for variable in self.model.weights}
        extras = {id(v): v for v in [*self.model.variables, *self.model.metrics_variables]}
        return [variable for key, variable in extras.items() if key not in weights]

    def _optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        attributes = {"optimizer": getattr(self.model, "optimizer", None), **vars(self.model)}
        found, seen = {}, set()
        for name, value in attributes.items():
            if isinstance(value, keras.optimizers.Optimizer) and id(value) not in seen:
                seen.add(id(value))
                found[name] = value
        return found

    def _signature(self) -> dict[str, Any]:
        """Returns what must be equal in the run that saved and the run that continues."""

        def shapes(variables: Any) -> list[list[Any]]:
            return [[list(variable.shape), str(variable.dtype)] for variable in variables]

        optimizers = {
            name: [type(optimizer).__name__, shapes(optimizer.variables)]
            for name, optimizer in self._optimizers().items()
        }
        return {
            "data": self._order.config,
            "model weights": shapes(self.model.weights),
            "optimizers": optimizers,
            "metrics and seeds": shapes(self._extras()),
        }

    def _save(self, epoch: int, step: int) -> None:
        # All workers read their variables, since some are reduced over all workers. The chief's values are kept.
        values = {f"{i:04d}": _to_numpy(variable) for i, variable in enumerate(self._extras())}
        if not self._is_chief:
            with tempfile.TemporaryDirectory() as folder:
                self.model.save_weights(pathlib.Path(folder) / "model.weights.h5")
            return
        part = self.directory / f"{_PART}{uuid.uuid4().hex}"
        part.mkdir(parents=True)
        self.model.save_weights(part / "model.weights.h5")
        np.savez(part / "extras.npz", allow_pickle=False, **values)
        state = {"epoch": epoch, "step": step, "history": self.history, "signature": self._signature()}
        (part / "state.json").write_text(json.dumps(state), encoding="utf-8")
        for path in [*part.iterdir(), part]:
            _flush(path)
        final = self.directory / f"state-{epoch:08d}-{step:010d}"
        part.rename(final)
        _flush(self.directory)
        for old in self.directory.glob("state-*"):
            if old != final:
                shutil.rmtree(old)

    def _restore(self, path: pathlib.Path) -> None:
        state = json.loads((path / "state.json").read_text(encoding="utf-8"))
        mine = json.loads(json.dumps(self._signature()))
        for name, value in mine.items():
            if value != state["signature"][name]:
                raise ValueError(
                    f"`directory` holds the state of a different run: the {name} differ. Received: {path} "
                    f"with {_shortened(state['signature'][name], value)}. Remove the directory to begin anew."
                )
        with self._strategy.scope():
            self.model.load_weights(path / "model.weights.h5")
        with np.load(path / "extras.npz") as arrays:
            self._metrics = [arrays[name] for name in sorted(arrays)]
        self._assign(self._extras(), self._metrics)
        self.history = state["history"]
        self._first_step = state["step"]
        self.model._initial_epoch = state["epoch"]

    def _assign(self, variables: list[keras.Variable], values: list[np.ndarray]) -> None:
        with self._strategy.scope():
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value.copy())  # a copy, since TensorFlow may use the array as the variable's memory


def _to_numpy(variable: keras.Variable) -> np.ndarray:
    array = keras.ops.convert_to_tensor(variable).numpy()
    return array.astype(np.float32) if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array


def _shortened(saved: Any, current: Any) -> str:
    """Returns the parts of two signatures that differ."""
    if isinstance(saved, dict) and isinstance(current, dict):
        names = [name for name in {**saved, **current} if saved.get(name) != current.get(name)]
        saved, current = ({name: side.get(name) for name in names} for side in (saved, current))
    elif isinstance(saved, list) and isinstance(current, list):
        if len(saved) != len(current):
            return f"{len(saved)} variables, here {len(current)}"
        number = next(i for i, pair in enumerate(zip(saved, current, strict=True)) if pair[0] != pair[1])
        saved, current = (f"variable {number}: {side[number]}" for side in (saved, current))
    return f"{str(saved)[:300]}, here {str(current)[:300]}"


def _flush(path: pathlib.Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
