"""Anomaly detection on Fashion-MNIST: each class in turn is held out and detected by its reconstruction error.

Models are trained on the other nine classes of the training set and judged on the whole test set, by the AUROC of the
held-out class against the nine. PCA with a code of the same size is the baseline of the autoencoder and the VAE. Run it
as

    python benchmarks/anomaly.py [--seeds 5] [--steps 300] [--output DIR]

in the root of the repository. The result of each (seed, class) is kept in DIR, so the same command continues after an
interruption. The table, `results/anomaly.json`, is written when all are done; rows of other benchmarks
(`anomaly_gans.py`) stay in it.
"""

import argparse
import json
import shlex
import statistics
import sys
import time
from pathlib import Path

import keras
import numpy as np
from garments import fashion_mnist

import keras_genssl as kg
from keras_genssl import analysis
from pipelines.results import without_places
from pipelines.runtime import code, store

TABLE = Path("results/anomaly.json")
NAMES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")

CODE = 32
UNITS = 256
BATCH = 256
LEARNING_RATE = 2e-3
NUM_SAMPLES = 4  # of q(z|x), for the ELBO
RESIDUALS = 10_000  # training images on which the scale of each pixel's residual is measured
FLOOR = 0.01  # added to its variance, on the scale of [-1, 1], for pixels that are black in all training images
METHODS = {
    "pca_error": "PCA",
    "pca_scaled": "PCA, scaled",
    "pca_likelihood": "PCA, likelihood",
    "autoencoder_error": "autoencoder",
    "autoencoder_scaled": "autoencoder, scaled",
    "vae_error": "VAE",
    "vae_scaled": "VAE, scaled",
    "vae_elbo": "VAE, ELBO",
}


class Trainer:
    """Trains a model repeatedly from the same initial weights; its graph is traced once."""

    def __init__(self, model, steps):
        rate = keras.optimizers.schedules.CosineDecay(
            LEARNING_RATE / 10, steps - steps // 10, warmup_target=LEARNING_RATE, warmup_steps=steps // 10
        )
        model.compile(keras.optimizers.Adam(rate), jit_compile=False)
        self.model, self.steps = model, steps
        self.first = [variable.numpy() for variable in self.variables()]

    def variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def train(self, images, seed):
        for variable, value in zip(self.variables(), self.first, strict=True):
            variable.assign(value)
        rng = np.random.default_rng(seed)
        orders = [rng.permutation(len(images)) for _ in range(-(-self.steps * BATCH // len(images)))]
        for batch in np.concatenate(orders)[: self.steps * BATCH].reshape(self.steps, BATCH):
            self.model.train_on_batch(images[batch])
        return self.model


def errors(name, reconstruct, images):
    """Returns two scores of a reconstruction: by pixels, and by pixels over their residuals' training deviation."""
    known = images[:RESIDUALS]
    residuals = known - np.asarray(reconstruct(known))
    scale = np.sqrt(residuals.var(axis=0) + FLOOR)
    return {
        f"{name}_error": lambda new: analysis.reconstruction_error(reconstruct, new, batch_size=1000),
        f"{name}_scaled": lambda new: analysis.reconstruction_error(reconstruct, new, lambda x: x / scale, 1000),
    }


def principal_components(images):
    """Returns the baseline's training function for `analysis.leave_one_class_out`, which needs one seed only."""
    pca = analysis.PCA(CODE).fit(images)
    likelihood = {"pca_likelihood": lambda new: analysis.negative_elbo(pca.log_likelihood, new, batch_size=1000)}
    return {**errors("pca", pca.reconstruct, images), **likelihood}


def networks(seed, steps):
    """Returns the training function of `analysis.leave_one_class_out` for all networks of one seed."""
    keras.utils.set_random_seed(seed)
    encoder, decoder = (f(CODE, (UNITS,)) for f in (kg.backbones.dense_encoder, kg.backbones.dense_decoder))
    autoencoder = Trainer(kg.models.Autoencoder(encoder, decoder), steps)
    encoder, decoder = kg.backbones.dense_encoder(2 * CODE, (UNITS,)), kg.backbones.dense_decoder(CODE, (UNITS,))
    vae = Trainer(kg.models.VAE(encoder, decoder), steps)

    def fit(images):
        return {
            **errors("autoencoder", autoencoder.train(images, seed).reconstruct, images),
            **errors("vae", vae.train(images, seed).reconstruct, images),
            "vae_elbo": lambda new: analysis.negative_elbo(
                lambda batch: vae.model.elbo(batch, NUM_SAMPLES, seed), new, batch_size=1000
            ),
        }

    return fit


def measure(seeds, steps, output):
    """Measures what is missing; returns (seed, label) -> {name of the score: AUROC, "seconds": ...}."""
    train, test = fashion_mnist("train"), fashion_mnist("test")
    pieces = {}
    for seed in [None, *range(seeds)]:
        fit = principal_components if seed is None else None
        for label, name in enumerate(NAMES):
            path = output / ("pca" if seed is None else f"steps{steps}") / f"seed{seed}_class{label}.json"
            if not path.exists():
                fit = fit or networks(seed, steps)
                start = time.perf_counter()
                found = analysis.leave_one_class_out(fit, train, test, classes=[label])
                values = {score: by_class[label] for score, by_class in found.items()}
                path.parent.mkdir(parents=True, exist_ok=True)
                store.write_json(path, {**values, "seconds": time.perf_counter() - start})
                print(f"seed {seed}, {name}: " + ", ".join(f"{k} {v:.3f}" for k, v in values.items()), flush=True)
            pieces[seed, label] = json.loads(path.read_text(encoding="utf-8"))
    return pieces


def row(name, pieces, seeds):
    """Returns the numbers of one method over its seeds."""
    having = [None] if name.startswith("pca") else list(range(seeds))
    values = {label: [pieces[seed, label][name] for seed in having] for label in range(len(NAMES))}
    return {
        "method": name,
        "title": METHODS[name],
        "classes": {NAMES[label]: spread(values[label]) for label in values},
        "mean": spread([statistics.fmean(of_seed) for of_seed in zip(*values.values(), strict=True)]),
        "seeds": len(having),
    }


def spread(values):
    return {"mean": statistics.fmean(values), "deviation": statistics.stdev(values) if len(values) > 1 else 0.0}


def merged(record, rows):
    """Returns a record in which rows have taken the places of those of the same methods; the others stay.

    >>> merged({"seeds": 5, "rows": [{"method": "pca", "seeds": 1}]}, [{"method": "vae"}, {"method": "pca"}])
    {'seeds': 5, 'rows': [{'method': 'pca'}, {'method': 'vae'}]}
    """
    found = {row["method"]: row for row in [*record["rows"], *rows]}
    return {**record, "rows": list(found.values())}


def main(seeds, steps, output):
    pieces = measure(seeds, steps, output)
    rows = [row(name, pieces, seeds) for name in METHODS]
    record = {
        "kind": "anomaly",
        "command": without_places(shlex.join(["python", "benchmarks/anomaly.py", *sys.argv[1:]])),
        "data": "Fashion-MNIST, 60,000 training and 10,000 test images; the class held out is the anomaly",
        "metric": "AUROC on the test set, the class held out against the other nine",
        "rows": rows,
        "settings": {
            "code": CODE,
            "units": [UNITS],
            "batch_size": BATCH,
            "steps": steps,
            "learning_rate": LEARNING_RATE,
            "elbo_samples": NUM_SAMPLES,
            "residual_images": RESIDUALS,
            "residual_floor": FLOOR,
        },
        "seeds": seeds,
        "seconds": sum(piece["seconds"] for piece in pieces.values()),
        "versions": code.versions(),
    }
    TABLE.parent.mkdir(exist_ok=True)
    if TABLE.exists():
        landed = json.loads(TABLE.read_text(encoding="utf-8"))
        others = [value for value in landed["rows"] if value["method"] not in METHODS]
        record = {**merged(record, others), **{key: landed[key] for key in ("gans",) if key in landed}}
    store.write_json(TABLE, record)
    for value in rows:
        print(f"{value['title']}: {value['mean']['mean']:.3f} +- {value['mean']['deviation']:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--output", type=Path, default=Path("out/anomaly"))
    arguments = parser.parse_args()
    main(arguments.seeds, arguments.steps, arguments.output)
