"""What encoders beside generators keep of an image: against a VAE, an autoencoder, PCA, and the inversion of a GAN.

    python benchmarks/encoders_and_critics.py [--runs out]

in the root of the repository, after the recipes (`RECIPES`, below, and `INVERTED`) have run into `--runs`. A GAN
without an encoder is inverted by gradient descent: for each image, latents from several starts are moved until the
generated image is near the image, and the nearest is kept. The autoencoder, with the encoder of the others and codes as
long, is trained here. Prints the table and writes results/encoders_and_critics.json.
"""

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import finished
import keras
import numpy as np
from garments import fashion_mnist

import keras_genssl as kg
from keras_genssl import analysis
from keras_genssl.engine import input_gradient
from pipelines.results import without_places
from pipelines.runtime import code, device, store
from pipelines.tasks.generation import inverses
from pipelines.tasks.generation.recipe import GenerationRecipe

TABLE = Path("results/encoders_and_critics.json")
RECIPES = {"vae": "VAE", "vaegan": "VAEGAN", "bigan": "BiGAN", "ali": "ALI"}
INVERTED = "dcgan"
SHAPE, CODE, FILTERS = (28, 28, 1), 32, 32
IMAGES = 256  # held out, that are reconstructed; the search takes most of the time
KNOWN, JUDGED = 20_000, 10_000  # of the nearest neighbours
STARTS, STEPS, RATE = 3, 200, 0.1  # of the search
AUTOENCODER_STEPS, AUTOENCODER_BATCH, AUTOENCODER_RATE = 2000, 128, 1e-3


def of_run(runs: Path, name: str) -> tuple[Any, float]:
    """Returns the model of the last finished run of a recipe, and the FID that the run has measured."""
    _, model, measured = finished.last(runs, f"fashion_mnist/{name}", GenerationRecipe)
    return model, measured["evaluation"]["numbers"]["fid"]


def autoencoder(images: np.ndarray) -> kg.models.Autoencoder:
    """Returns an autoencoder with the encoder of the others, trained."""
    keras.utils.set_random_seed(0)
    networks = (
        kg.backbones.dcgan_encoder(CODE, FILTERS, input_shape=SHAPE),
        kg.backbones.convolutional_decoder(CODE, FILTERS, output_shape=SHAPE),
    )
    model = kg.models.Autoencoder(*networks)
    rate = keras.optimizers.schedules.CosineDecay(AUTOENCODER_RATE, AUTOENCODER_STEPS)
    model.compile(keras.optimizers.Adam(rate))
    data = kg.data.load({"image": images}, batch_size=AUTOENCODER_BATCH, seed=0)
    model.fit(data, epochs=1, steps_per_epoch=AUTOENCODER_STEPS, verbose=2)
    return model


def searched(generate: Callable[[Any], Any], latent_dim: int, images: np.ndarray) -> np.ndarray:
    """Returns, for images in [-1, 1], the nearest that a generator has made in a search for their latents."""
    best = np.full(len(images), np.inf)
    nearest = np.zeros_like(images)

    def distances(latents: Any) -> Any:
        return keras.ops.mean(keras.ops.square(generate(latents) - images), axis=(1, 2, 3))

    for start in range(STARTS):
        drawn = np.random.default_rng(start).standard_normal((len(images), latent_dim), dtype=np.float32)
        latents = keras.Variable(drawn)
        optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, STEPS))
        optimizer.build([latents])
        for _ in range(STEPS):
            optimizer.apply([input_gradient(distances, latents.value)], [latents])
        made = np.asarray(generate(latents.value))
        errors = np.mean(np.square(made - images), axis=(1, 2, 3))
        nearest[errors < best] = made[errors < best]
        best = np.minimum(errors, best)
    return nearest


def main(runs: Path) -> None:
    (train, classes), (test, labels) = fashion_mnist("train"), fashion_mnist("test")
    truth = analysis.to_float(test[:IMAGES])
    known = analysis.to_float(train[:KNOWN]), classes[:KNOWN]
    judged = analysis.to_float(test[:JUDGED]), labels[:JUDGED]
    rows = []

    def add(title: str, rebuilt: np.ndarray, encode: Any, fid: float | None, start: float) -> None:
        errors = inverses.errors(truth, rebuilt)
        neighbour = None if encode is None else inverses.nearest_neighbour(encode, judged, known)
        seconds = time.perf_counter() - start
        rows.append({"title": title, **errors, "nearest_neighbour": neighbour, "fid": fid, "seconds": seconds})
        print(rows[-1], flush=True)

    for name, title in RECIPES.items():
        start = time.perf_counter()
        model, fid = of_run(runs, name)
        add(title, np.asarray(model.reconstruct(truth)), model.encode, fid, start)
    start = time.perf_counter()
    gan, fid = of_run(runs, INVERTED)
    generate = gan.generator if gan.average is None else gan.average
    add("DCGAN, latents searched", searched(generate, gan.latent_dim, truth), None, fid, start)
    start = time.perf_counter()
    coder = autoencoder(train)
    add("Autoencoder", np.asarray(coder.reconstruct(truth)), coder.encode, None, start)
    start = time.perf_counter()
    pca = analysis.PCA(CODE).fit(train)
    add("PCA", pca.reconstruct(truth), pca.encode, None, start)
    start = time.perf_counter()
    keras.utils.set_random_seed(0)
    random = kg.backbones.dcgan_encoder(CODE, FILTERS, input_shape=SHAPE)
    for title, encode in (("random encoder", random), ("raw pixels", lambda batch: batch.reshape(len(batch), -1))):
        neighbour = inverses.nearest_neighbour(encode, judged, known)
        rows.append({"title": title, "nearest_neighbour": neighbour, "seconds": time.perf_counter() - start})
        print(rows[-1], flush=True)
    store.write_json(
        TABLE,
        {
            "kind": "encoders_and_critics",
            "command": without_places(shlex.join(["python", "benchmarks/encoders_and_critics.py", *sys.argv[1:]])),
            "data": "Fashion-MNIST",
            "images": IMAGES,
            "known": KNOWN,
            "judged": JUDGED,
            "code": CODE,
            "search": {"starts": STARTS, "steps": STEPS, "rate": RATE, "latents": gan.latent_dim},
            "autoencoder": {"steps": AUTOENCODER_STEPS, "batch_size": AUTOENCODER_BATCH},
            "rows": rows,
            "device": device.start(),
            "versions": code.versions(),
        },
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("out"), help="--output of the recipes' runs")
    main(parser.parse_args().runs)
