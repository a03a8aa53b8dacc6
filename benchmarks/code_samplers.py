"""Samples of autoencoders: densities fitted to the codes of a plain autoencoder, beside variational autoencoders.

    python benchmarks/code_samplers.py [--runs out] [--output DIR]

in the root of the repository, after `genssl run fashion_mnist/vae` and `genssl run fashion_mnist/iwae` into `--runs`.
A plain autoencoder of the same networks is trained here for as many steps, on the same images; its weights are kept in
DIR. Codes of the 60,000 training images are fitted by one Gaussian and by a mixture of ten. Samples are compared
with training images as in the table of generation, and reconstructions with test images. Writes
results/code_samplers.json and docs/images/code_samplers.png.
"""

import argparse
import shlex
import sys
import time
from pathlib import Path

import finished
import keras
import numpy as np
from garments import fashion_mnist

import keras_genssl as kg
from keras_genssl import analysis, metrics
from pipelines.results import without_places
from pipelines.runtime import code, device, store
from pipelines.tasks.generation.recipe import GenerationRecipe
from pipelines.tasks.generation.reference import distances

RESULTS = Path("results/code_samplers.json")
PICTURE = Path("docs/images/code_samplers.png")
VARIATIONAL = {"vae": "VAE", "iwae": "IWAE"}  # recipes
COMPONENTS = (1, 10)
IMAGES = 10_000
SHOWN = 12  # samples of each row of the picture


def plain(recipe, images, output):
    """Returns an autoencoder of the networks and the training of a recipe, or with the weights that were kept."""
    keras.utils.set_random_seed(0)
    model = kg.models.Autoencoder(**recipe.model.encoder_decoder(recipe.prepare.shape))
    path = output / f"autoencoder_{recipe.train.steps}.weights.h5"
    if not path.exists():
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, recipe.train.steps - 100, warmup_target=1e-3, warmup_steps=100
        )
        model.compile(keras.optimizers.Adam(rate))
        batches = kg.data.load({"image": images}, batch_size=recipe.train.batch_size)
        model.fit(batches.repeat(), steps_per_epoch=recipe.train.steps, verbose=2)
        output.mkdir(parents=True, exist_ok=True)
        model.save_weights(path)
    model.load_weights(path)
    return model


def main(runs, output):
    start = time.perf_counter()
    train, test = fashion_mnist("train")[0], fashion_mnist("test")[0]
    network = metrics.fashion_features()
    real, held_out = (metrics.extract_features(network, images[:IMAGES]) for images in (train, test))
    variational = {name: finished.last(runs, f"fashion_mnist/{name}", GenerationRecipe) for name in VARIATIONAL}
    recipe = variational["vae"][0]
    models = {name: model for name, (_, model, _) in variational.items()}
    models = {"autoencoder": plain(recipe, train, output), **models}
    rows, shown = [], []

    def judge(name, density, samples, log_prob=None):
        drawn = analysis.to_uint8(samples)
        found = distances(real, metrics.extract_features(network, drawn))
        rows.append({"model": name, "density": density, "code_log_prob": log_prob, **found})
        shown.append(drawn[:SHOWN])
        print(rows[-1], flush=True)

    for name in ("autoencoder", "vae"):
        model = models[name]
        for components in COMPONENTS:
            sampler = analysis.GaussianMixtureSampler(model.encode, model.decode, components).fit(train)
            judge(name, components, sampler.sample(IMAGES, seed=0), float(sampler.log_prob(test).mean()))
    for name in VARIATIONAL:
        judge(name, "prior", models[name].sample(IMAGES, seed=0))
    reconstructions = {}
    for name, model in models.items():
        made = analysis.encode_images(model.reconstruct, test[:IMAGES])
        features = metrics.extract_features(network, analysis.to_uint8(made))
        error = float(np.mean(np.square(made - analysis.to_float(test[:IMAGES]))))
        reconstructions[name] = {"mse": error, "fid": distances(held_out, features)["fid"]}
    analysis.save_image_grid(PICTURE, np.concatenate(shown), columns=SHOWN)
    record = {
        "kind": "code_samplers",
        "command": without_places(shlex.join(["python", "benchmarks/code_samplers.py", *sys.argv[1:]])),
        "data": "Fashion-MNIST",
        "images": IMAGES,
        "fitted_to": len(train),
        "code_dim": recipe.model.code_dim,
        "steps": recipe.train.steps,
        "batch_size": recipe.train.batch_size,
        "rows": rows,
        "reconstructions": reconstructions,
        "seconds": time.perf_counter() - start,
        "device": device.start(),
        "versions": code.versions(),
    }
    store.write_json(RESULTS, record)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("out"), help="--output of the recipes' runs")
    parser.add_argument("--output", type=Path, default=Path("out/code_samplers"))
    arguments = parser.parse_args()
    main(arguments.runs, arguments.output)
