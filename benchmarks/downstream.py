"""The value of each pretext task downstream: classifiers of Fashion-MNIST with few labels, frozen and fine-tuned.

The table is that of the lectures: the same encoder starts from random weights, from each method's weights, from an
autoencoder's, and from those of a classifier that saw all labels. Run it as

    python benchmarks/downstream.py [--runs out] [--output DIR]

in the root of the repository, after the recipes (`RECIPES`, below) have run into `--runs`. The numbers of each
initialisation are kept in DIR, so the same command continues after an interruption. The table,
`results/downstream.json`, is written when all are done.
"""

import argparse
import json
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
from pipelines.tasks.representation.recipe import RepresentationRecipe

TABLE = Path("results/downstream.json")
RECIPES = {
    "rotation": "Rotation",
    "relative_position": "RelativePosition",
    "jigsaw": "Jigsaw",
    "context_encoder": "ContextEncoder",
    "context_encoder_adversarial": "AdversarialContextEncoder",
    "cpc": "CPC",
    "simclr": "SimCLR",
    "classifier": "a classifier that saw all labels",
}
RANDOM = {"cpc": "random_layer"}  # the row of random weights with the same normalisation; others: "random"
SHAPE = (28, 28, 1)
FILTERS = 32
LABELS = (10, 100)  # per class
DRAWS = range(3)
STEPS, BATCH = 200, 64  # of fine-tuning
AUTOENCODER_STEPS, AUTOENCODER_BATCH = 550, 256  # as many images as the context encoder sees


def of_run(runs, name):
    """Returns, from a finished run of a recipe, the encoder of whole images and the function of its frozen features."""
    recipe, model, _ = finished.last(runs, f"fashion_mnist/{name}", RepresentationRecipe)
    encoder = recipe.model.encoder.build(SHAPE)
    encoder.set_weights(model.encoder.get_weights())
    return encoder, recipe.model.penultimate(model) or model.encode


def autoencoder(images, output):
    """Returns the encoder of an autoencoder of the same shape, trained or with the weights that were kept."""
    keras.utils.set_random_seed(0)
    encoder = kg.backbones.small_encoder(SHAPE, FILTERS)
    model = kg.models.Autoencoder(encoder, kg.backbones.convolutional_decoder(encoder.output_shape[-1], FILTERS))
    path = output / f"autoencoder_{AUTOENCODER_STEPS}.weights.h5"
    if not path.exists():
        model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, AUTOENCODER_STEPS)))
        rng = np.random.default_rng(0)
        for step in range(AUTOENCODER_STEPS):
            logs = model.train_on_batch(images[rng.integers(len(images), size=AUTOENCODER_BATCH)], return_dict=True)
            if step % 100 == 99:
                print(f"autoencoder {step + 1}: loss {float(logs['loss']):.4f}", flush=True)
        model.save_weights(path)
    model.load_weights(path)
    return model.encoder, model.encode


def beginning(name, runs, train, output):
    """Returns the encoder and the function of its frozen features for one row."""
    if name.startswith("random"):
        keras.utils.set_random_seed(0)
        normalization = keras.layers.LayerNormalization if name == "random_layer" else None
        encoder = kg.backbones.small_encoder(SHAPE, FILTERS, normalization=normalization)
        return encoder, lambda images: encoder(images, training=False)
    return autoencoder(train[0], output) if name == "autoencoder" else of_run(runs, name)


def measure(name, encoder, encode, train, test):
    """Returns the accuracies of one initialisation; random weights are drawn again for each draw of labels."""
    start = time.perf_counter()
    known, judged = (analysis.encode_images(encode, images) for images, _ in (train, test))
    pairs = judged, test[1], known, train[1]
    row = {"knn": metrics.knn_accuracy(*pairs, k=20, temperature=0.07)}
    for labels in LABELS:
        few = metrics.few_label_accuracy(*pairs, labels_per_class=labels, seeds=DRAWS)
        row[f"frozen_{labels}"] = {key: few[key] for key in ("mean", "deviation")}
        tuned = []
        for seed in DRAWS:
            if name.startswith("random"):
                keras.utils.set_random_seed(seed)
            first = keras.models.clone_model(encoder) if name.startswith("random") else encoder
            tuned.append(
                analysis.fine_tuned_accuracy(first, train, test, labels, steps=STEPS, batch_size=BATCH, seed=seed)
            )
        row[f"tuned_{labels}"] = {"mean": float(np.mean(tuned)), "deviation": float(np.std(tuned, ddof=1))}
    return {**row, "seconds": time.perf_counter() - start}


def main(runs, output):
    titles = {
        "random": "random",
        "random_layer": "random, layer normalisation (as CPC's)",
        "autoencoder": "Autoencoder",
        **RECIPES,
    }
    train, test = fashion_mnist("train"), fashion_mnist("test")
    output.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, title in titles.items():
        path = output / f"{name}.json"
        if not path.exists():
            store.write_json(path, measure(name, *beginning(name, runs, train, output), train, test))
        random = None if name.startswith("random") else RANDOM.get(name, "random")
        rows.append({"name": name, "title": title, "random": random, **json.loads(path.read_text(encoding="utf-8"))})
        print(title, {key: value for key, value in rows[-1].items() if key not in ("name", "title")}, flush=True)
    record = {
        "kind": "downstream",
        "command": without_places(shlex.join(["python", "benchmarks/downstream.py", *sys.argv[1:]])),
        "data": "Fashion-MNIST",
        "images": {"train": len(train[0]), "test": len(test[0])},
        "labels": list(LABELS),
        "draws": len(DRAWS),
        "steps": STEPS,
        "batch_size": BATCH,
        "autoencoder": {"steps": AUTOENCODER_STEPS, "batch_size": AUTOENCODER_BATCH},
        "rows": rows,
        "seconds": sum(row["seconds"] for row in rows),
        "device": device.start(),
        "versions": code.versions(),
    }
    TABLE.parent.mkdir(exist_ok=True)
    store.write_json(TABLE, record)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("out"), help="--output of the recipes' runs")
    parser.add_argument("--output", type=Path, default=Path("out/downstream"))
    arguments = parser.parse_args()
    main(arguments.runs, arguments.output)
