"""How much faster a training step is with the fused batch normalisation than with Keras' own.

    python benchmarks/batch_normalization.py

Prints the ratio of the times of one SRResNet step (blocks of convolution, batch norm, PReLU). The two layers take turns
in one process, and the median of the rounds reduces noise from other processes. It is written to
`results/speed/batch_normalization.json`.
"""

import statistics
import time
from unittest import mock

import keras
import numpy as np

import keras_genssl as kg
from keras_genssl.backbones import super_resolution
from pipelines.results.benchmarks import speed

ROUNDS = 15
STEPS = 3
SHAPE = (8, 24, 24, 3)


def model(layer: type[keras.layers.Layer]) -> kg.models.SRResNet:
    with mock.patch.object(super_resolution, "BatchNormalization", layer):
        made = kg.models.SRResNet(kg.backbones.srresnet(scale=2, filters=64, blocks=8))
    made.compile("adam")
    return made


def main() -> None:
    rng = np.random.default_rng(0)
    low = rng.integers(0, 256, SHAPE, np.uint8)
    high = rng.integers(0, 256, (SHAPE[0], 2 * SHAPE[1], 2 * SHAPE[2], 3), np.uint8)
    models = {"keras": model(keras.layers.BatchNormalization), "fused": model(kg.layers.BatchNormalization)}
    times: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(ROUNDS + 1):
        for name, each in models.items():
            started = time.perf_counter()
            for _ in range(STEPS):
                each.train_on_batch({"low": low, "high": high})
            if turn:  # the first compiles
                times[name].append((time.perf_counter() - started) / STEPS)
    ratios = [slow / fast for slow, fast in zip(times["keras"], times["fused"], strict=True)]
    for name, seconds in times.items():
        print(f"{name}: {1e3 * statistics.median(seconds):.0f} ms a step")
    row = speed.ratio("SRResNet, 64 filters, 8 blocks", ratios)
    print("keras / fused: {median:.2f} ({low:.2f} to {high:.2f})".format(**row))
    text = "A training step with `layers.BatchNormalization`, times faster than with Keras' own layer."
    speed.write("batch_normalization", "Batch normalisation", text, [row])


if __name__ == "__main__":
    main()
