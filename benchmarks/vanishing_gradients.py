"""The generator's gradient while the discriminator gets better: minimax loss against non-saturating loss.

    python benchmarks/vanishing_gradients.py

Real points are drawn from a ring of Gaussians, fakes from an untrained generator that does not change. A discriminator
is trained to tell them apart. After some of its steps, the gradients of both mean losses with respect to the
generator's output are computed on the same fakes. With respect to the logit l of a fake, the gradient is -σ(l) for the
minimax loss and σ(l) - 1 for the non-saturating loss: as D(G(z)) goes to 0, the first vanishes and the second does not
(Goodfellow et al., 2014, Section 3; Arjovsky and Bottou, 2017, https://arxiv.org/abs/1701.04862, Theorem 2.4). Prints
the table and writes results/vanishing_gradients.json.
"""

import argparse
import json
import pathlib
import shlex
import sys
import time

import keras
import numpy as np

import keras_genssl as kg
from keras_genssl.engine import input_gradient
from pipelines.runtime import code, device, store

RESULTS = pathlib.Path(__file__).parents[1] / "results" / "vanishing_gradients.json"
OBJECTIVES = {"minimax": kg.losses.MinimaxGANLoss(), "non_saturating": kg.losses.NonSaturatingGANLoss()}
LOOKS = (0, 25, 50, 100, 200, 400, 800, 1600)  # discriminator steps after which the gradients are taken
BATCH = 512
RADIUS, SIGMA = 2.0, 0.02
LATENT_DIM = 2
WIDTH = 64


def mlp(inputs: int, outputs: int) -> keras.Model:
    layers = [keras.layers.Dense(WIDTH, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(outputs)])


def look(discriminator: keras.Model, fakes: np.ndarray) -> dict[str, float]:
    """Returns how good the discriminator is on fakes, and the gradients that a generator would get from it."""
    logits = np.asarray(discriminator(fakes), np.float64)
    row = {"discriminator_on_fakes": float(np.mean(1 / (1 + np.exp(-logits))))}
    for name, loss in OBJECTIVES.items():
        gradient = input_gradient(lambda x, loss=loss: keras.ops.mean(loss.generator(discriminator(x))), fakes)
        row[name] = float(np.linalg.norm(np.asarray(gradient, np.float64)))
    return row


def measure(seed: int) -> list[dict[str, float]]:
    keras.utils.set_random_seed(seed)
    generator, discriminator = mlp(LATENT_DIM, 2), mlp(2, 1)
    ring = kg.data.gaussian_ring(8, RADIUS, SIGMA)
    latents = np.random.default_rng(seed).standard_normal((LOOKS[-1] + 1, BATCH, LATENT_DIM)).astype(np.float32)
    fakes = np.asarray(generator(latents[-1]))  # the same at each measurement, not used in training

    discriminator.compile(keras.optimizers.Adam(1e-3), loss=keras.losses.BinaryCrossentropy(from_logits=True))
    labels = np.repeat([1.0, 0.0], BATCH)[:, None]
    rows = []
    for step in range(LOOKS[-1] + 1):
        if step in LOOKS:
            rows.append({"steps": step, **look(discriminator, fakes)})
        points = np.concatenate([ring.sample(BATCH, seed=step), np.asarray(generator(latents[step]))])
        discriminator.train_on_batch(points, labels)
    return rows


def main(seed: int) -> None:
    started = time.monotonic()
    rows = measure(seed)
    print(f"{'D steps':>8} {'mean D(G(z))':>13} {'minimax':>10} {'non-saturating':>15} {'ratio':>9}")
    for row in rows:
        print(
            f"{row['steps']:8d} {row['discriminator_on_fakes']:13.2e} {row['minimax']:10.2e} "
            f"{row['non_saturating']:15.2e} {row['non_saturating'] / row['minimax']:9.1f}"
        )
    record = {
        "kind": "vanishing_gradients",
        "command": shlex.join(["python", "benchmarks/vanishing_gradients.py", *sys.argv[1:]]),
        "data": {"modes": 8, "radius": RADIUS, "sigma": SIGMA},
        "batch_size": BATCH,
        "rows": rows,
        "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
        "device": device.start(),
        "versions": code.versions(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    store.write_json(RESULTS, record)
    print(json.dumps({key: record[key] for key in ("seed", "seconds", "device")}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args().seed)
