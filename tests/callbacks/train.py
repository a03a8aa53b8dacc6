"""A small training run for test_resume.py, which kills it: train.py DATA STATES RESULT KILL.

KILL is "none", "step EPOCH BATCH" (SIGKILL after that batch of that epoch) or "save N" (in the N-th save).
"""

import hashlib
import json
import os
import pathlib
import signal
import sys

import keras
import numpy as np

from keras_genssl import callbacks, data, pretext


def transform(example, seed):
    low = pretext.dihedral({"low": example["low"]}, seed)["low"]
    return {"low": low.astype(np.float32), "target": np.float32(example["high"].mean() / 255)}


class Pair(keras.Model):
    """Two dropout layers, batch norm, and a target that `fit` finds in the batch."""

    def __init__(self):
        super().__init__()
        inputs = keras.Input((4, 4, 3))
        x = keras.layers.Rescaling(1 / 255)(inputs)
        x = keras.layers.Conv2D(8, 3, padding="same")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Dropout(0.3, seed=11)(keras.ops.relu(x))
        x = keras.layers.GlobalAveragePooling2D()(x)
        self.network = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dropout(0.3)(x)))
        self.noise = keras.random.SeedGenerator(5)
        self.built = True

    def call(self, batch, training=None):
        low = batch["low"]
        if training:
            low = low + keras.random.normal((4, 4, 4, 3), seed=self.noise)
        return self.network(low, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean((y_pred[:, 0] - x["target"]) ** 2)


def make(steps_per_execution=1):
    keras.utils.set_random_seed(0)
    model = Pair()
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 40)),
        jit_compile=False,
        steps_per_execution=steps_per_execution,
    )
    return model


def digest(model):
    values = [*model.variables, *model.optimizer.variables]
    digest = hashlib.sha256()
    for value in values:
        digest.update(keras.ops.convert_to_tensor(value).numpy().tobytes())
    return digest.hexdigest()


def kill_at(kind, *numbers):
    def kill():
        os.kill(os.getpid(), signal.SIGKILL)

    if kind == "step":
        epoch, batch = map(int, numbers)

        class Kill(keras.callbacks.Callback):
            def on_epoch_begin(self, now, logs=None):
                self.now = now

            def on_train_batch_end(self, index, logs=None):
                if (self.now, index) == (epoch, batch):
                    kill()

        return [Kill()]
    if kind == "save":
        left = [int(numbers[0])]
        write = pathlib.Path.write_text

        def dying(path, *arguments, **options):
            left[0] -= path.name == "state.json"
            if not left[0]:
                kill()
            return write(path, *arguments, **options)

        pathlib.Path.write_text = dying
    return []


def main(directory, states, result, kind, *numbers):
    model = make()
    dataset = data.load(directory, batch_size=4, seed=7, transform=transform)
    resume = callbacks.Resume(states, dataset, every=4)
    model.fit(dataset, epochs=3, verbose=0, shuffle=False, callbacks=[*kill_at(kind, *numbers), resume])
    outcome = {"digest": digest(model), "history": resume.history}
    again = make()
    fit = again.fit(dataset, epochs=3, verbose=0, shuffle=False, callbacks=[callbacks.Resume(states, dataset, every=4)])
    outcome["again"] = [
        len(fit.epoch),
        all(np.array_equal(a, b) for a, b in zip(model.get_weights(), again.get_weights(), strict=True)),
    ]
    pathlib.Path(result).write_text(json.dumps(outcome))


if __name__ == "__main__":
    main(*sys.argv[1:])
