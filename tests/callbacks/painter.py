"""A model to look at while it trains; as a program, it trains on two replicas or in two processes.

python -m tests.callbacks.painter STRATEGY OUTPUT, with a folder OUTPUT.files of what the callbacks wrote
"""

import json
import pathlib
import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_genssl import callbacks, layers, metrics
from keras_genssl.engine import Anything, Image, Method, replicas, strategy

SIZE = 8


class Painter(Method):
    """Batch norm, Dropout, noise; `sample` draws from the training's own seed first, as a careless method might."""

    latent_dim = 3

    def __init__(self) -> None:
        super().__init__()
        latent = keras.Input((self.latent_dim,))
        x = keras.layers.Dropout(0.3, seed=1)(keras.layers.Dense(32)(latent))
        x = keras.layers.Reshape((4, 4, 2))(layers.BatchNormalization(synchronized=True)(x))
        self.network = keras.Model(
            latent, keras.layers.Conv2DTranspose(1, 4, 2, "same", activation="tanh", dtype="float32")(x)
        )
        self.seed = keras.random.SeedGenerator(7)
        self.calls: list[Any] = []

    def inputs(self):
        return {"image": Image((SIZE, SIZE, 1)), "label": Anything(required=False)}

    def call(self, images: Any, training: bool = False) -> Any:
        latents = replicas.normal((keras.ops.shape(images)[0], self.latent_dim), self.seed)
        return self.network(latents, training=training)

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        return batch["image"], batch["image"]

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        return keras.ops.mean(keras.ops.square(y - y_pred), axis=(1, 2, 3))

    def generate(self, latents: Any, labels: Any = None) -> Any:
        images = self.network(latents, training=False)
        return images if labels is None else 0.1 * images + (labels[:, None, None, None] - 5) / 10

    def decode(self, codes: Any) -> Any:
        return self.network(codes, training=False)

    def encode(self, images: Any) -> Any:
        return keras.ops.mean(images, axis=(1, 3))[:, : self.latent_dim]

    def reconstruct(self, images: Any) -> Any:
        return -images

    def sample(self, num_images: int, seed: int | None = None, labels: Any = None) -> np.ndarray:
        keras.random.normal((2,), seed=self.seed)
        self.calls.append((num_images, seed, labels))
        latents = np.random.default_rng(seed).normal(size=(num_images, self.latent_dim)).astype(np.float32)
        return keras.ops.convert_to_numpy(self.generate(latents, labels))


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(count, SIZE, SIZE, 1), dtype=np.uint8)


def train(model: Painter, looks: list[keras.callbacks.Callback], epochs: int = 2) -> dict[str, list[float]]:
    with model.distribute_strategy.scope():
        model.compile(keras.optimizers.Adam(1e-2))
    fit = model.fit(images(24), epochs=epochs, batch_size=8, shuffle=False, verbose=0, callbacks=looks)
    return fit.history


def features(batch: np.ndarray) -> np.ndarray:
    """Means of the four quarters, from 0 to 1."""
    halves = batch.reshape(len(batch), 2, SIZE // 2, 2, SIZE // 2) / 255
    return halves.mean((2, 4)).reshape(-1, 4)


def looks(folder: Any) -> list[keras.callbacks.Callback]:
    """All callbacks."""
    real = features(images(40, seed=5))
    return [
        callbacks.SampleGrid(folder / "samples", num_images=6, log_dir=folder / "logs"),
        callbacks.LatentWalk(folder / "walk", num_points=3, steps=4),
        callbacks.LatentWalk(folder / "codes", steps=2, images=images(2)),
        callbacks.ReconstructionGrid(folder / "pairs", images(3)),
        callbacks.KNNProbe((images(12), np.arange(12) % 2), k=3, every=1),
        callbacks.ImageMetrics([metrics.FID(features, real), metrics.PrecisionRecall(features, real)], num_images=30),
    ]


def main(name: str, output: str) -> None:
    if name == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    chosen = strategy(name)
    weights, history = [], {}
    for watched in (False, True):
        with chosen.scope():
            keras.utils.set_random_seed(0)
            model = Painter()
        history = train(model, looks(pathlib.Path(f"{output}.files")) if watched else [])
        weights.append(model.get_weights())
    result = {
        "replicas": chosen.num_replicas_in_sync,
        "undisturbed": all(np.array_equal(a, b) for a, b in zip(*weights, strict=True)),
        "history": {name: [float(value) for value in values] for name, values in history.items()},
    }
    pathlib.Path(output).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
