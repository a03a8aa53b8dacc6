"""An interrupted `fit` of a method under contract, and the whole one that it must equal."""

import contextlib
import functools
import pathlib
from collections.abc import Callable

import keras
import numpy as np
import tensorflow_datasets as tfds

import keras_genssl as kg
from tests.contracts import Case
from tests.data.prepared import write_prepared

BATCH = 6
EPOCHS = 2
STEPS = 3


class InterruptedFit(Exception):  # noqa: N818, it stands for a kill, not for an error
    """tests/callbacks sends real kills."""


class Interrupt(keras.callbacks.Callback):
    """Raises after one step of one epoch."""

    def __init__(self, epoch: int, batch: int):
        super().__init__()
        self.place = (epoch, batch)
        self.epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            raise InterruptedFit


def write(case: Case, directory: pathlib.Path) -> pathlib.Path:
    """A prepared directory of the case's examples; of a stack the images lie below one another in one."""
    batch = case.batches(1, BATCH * STEPS)[0]
    stacks = {name: values.shape[1] for name, values in batch.items() if values.ndim == 5}
    for name in stacks:
        num, stack, height, *rest = batch[name].shape
        batch[name] = batch[name].reshape(num, stack * height, *rest)
    features = {
        name: tfds.features.Image(shape=values.shape[1:]) if values.ndim == 4 else tfds.features.Scalar(np.int32)
        for name, values in batch.items()
    }
    examples = [dict(zip(batch, images, strict=True)) for images in zip(*batch.values(), strict=True)]
    write_prepared(directory, {"train": examples}, features, stacks=stacks)
    return directory


def run(
    case: Case,
    prepared: pathlib.Path,
    states: pathlib.Path,
    scope: Callable[[], contextlib.AbstractContextManager],
    interrupt: tuple[int, int] | None = None,
    run_eagerly: bool = False,
) -> tuple[list[np.ndarray], list[np.ndarray]] | None:
    """Trains as a new process would; returns its variables and its metrics', or None where it was interrupted."""
    images = kg.data.load(prepared, batch_size=BATCH, seed=3)
    with scope():
        model = case.make(run_eagerly=run_eagerly)
    callbacks = [Interrupt(*interrupt)] if interrupt else []
    try:
        model.fit(
            images,
            epochs=EPOCHS,
            verbose=0,
            shuffle=False,
            callbacks=[*callbacks, kg.callbacks.Resume(states, images, every=2)],
        )
    except InterruptedFit:
        return None
    return tuple([keras.ops.convert_to_numpy(v) for v in each] for each in (model.variables, model.metrics_variables))


def assert_interrupted_equals_whole(
    case: Case,
    folder: pathlib.Path,
    scope: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext,
    run_eagerly: bool = False,
) -> None:
    """An interruption inside the second epoch, after a step whose state was not saved and is therefore taken again.

    On one device weights are equal to the bit; operations of several devices run in no fixed order, and sums may round
    otherwise.
    """
    rounding = 0.0 if scope is contextlib.nullcontext else 1e-9
    prepared = write(case, folder / "prepared")
    train = functools.partial(run, case, prepared, scope=scope, run_eagerly=run_eagerly)
    whole = train(states=folder / "whole")
    assert train(states=folder / "states", interrupt=(1, 1)) is None
    continued = train(states=folder / "states")
    for a, b in zip(whole[0], continued[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=rounding, atol=rounding * 1e-3)
    # A metric is a sum over replicas, which rounds otherwise once it has been saved as one number.
    for a, b in zip(whole[1], continued[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
