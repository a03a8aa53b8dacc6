"""An interrupted `fit` of a method under contract, and the whole one that it must equal."""

import contextlib
import functools
import pathlib
import shutil
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow_datasets as tfds

import keras_genssl as kg
from tests.contracts import Case
from tests.data.prepared import write_prepared

BATCH = 6
EPOCHS = 2
STEPS = 2


class Copy(keras.callbacks.Callback):
    """Copies a folder after a step of an epoch: what a kill at that moment leaves. tests/callbacks sends real kills."""

    def __init__(self, folder: pathlib.Path, to: pathlib.Path, epoch: int, step: int):
        super().__init__()
        self.folder, self.to = folder, to
        self.place = (epoch, step)
        self.epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch + 1) == self.place:
            shutil.copytree(self.folder, self.to)


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
    run_eagerly: bool,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Trains as a new process would, from the state in a folder if there is one.

    Returns:
        The values of the model's variables and of its metrics'.
    """
    images = kg.data.load(prepared, batch_size=BATCH, seed=3)
    with scope():
        model = case.make(run_eagerly=run_eagerly)
    resume = kg.callbacks.Resume(states, images, every=1)
    model.fit(images, epochs=EPOCHS, verbose=0, shuffle=False, callbacks=[*callbacks, resume])
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
    train = functools.partial(run, case, write(case, folder / "prepared"), scope=scope, run_eagerly=run_eagerly)
    whole = train(folder / "whole", callbacks=[Copy(folder / "whole", folder / "interrupted", EPOCHS - 1, STEPS)])
    assert [path.name for path in (folder / "interrupted").iterdir()] == ["state-00000001-0000000001"]
    continued = train(folder / "interrupted")
    for a, b in zip(whole[0], continued[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=rounding, atol=rounding * 1e-3)
    # A metric is a sum over replicas, which rounds otherwise once it has been saved as one number.
    for a, b in zip(whole[1], continued[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
