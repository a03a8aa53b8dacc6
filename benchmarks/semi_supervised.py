"""A classifier of Fashion-MNIST from few labels: learnt with an autoencoder at once, after it, and alone.

    python benchmarks/semi_supervised.py [--steps 400] [--output DIR]
    python benchmarks/semi_supervised.py --gan [--gan-steps 1000] [--output DIR]

All methods have the same encoder and the same labels. The encoder is that of the recipes of reconstruction, half as
wide. Labels are drawn five times, and each draw begins with other weights. The autoencoder is trained once, without
labels; a classifier then learns from its codes (frozen), or together with its encoder (fine-tuned). What has been
measured is kept in DIR, so the same command continues after an interruption. Writes results/semi_supervised.json.

The second command trains semi-supervised GANs alone, on the same draws, and adds their row to that file. Their network
is another: that of the recipe fashion_mnist/semi_supervised_gan, since the autoencoder's gives no features to match.
"""

import argparse
import json
import shlex
import sys
import time
from pathlib import Path

import keras
import numpy as np
from garments import fashion_mnist

import keras_genssl as kg
from keras_genssl import analysis, metrics
from pipelines.results import without_places
from pipelines.runtime import code, device, store

RESULTS = Path("results/semi_supervised.json")
SHAPE, CLASSES = (28, 28, 1), 10
CODE, FILTERS, UNITS = 128, 16, 128
LABELS = (10, 100)  # per class
DRAWS = range(5)
BATCH, LABELLED = 96, 32  # images of a step of the autoencoders, and how many of them are labelled
WEIGHT, DROPOUT = 1.0, 0.5  # of the cross-entropy; of the code that the classifier sees
CLASSIFIER_STEPS, CLASSIFIER_BATCH = 300, 32
GAN_FILTERS, GAN_LATENT, GAN_EMA = 32, 64, 0.99  # of both networks
GAN_DROPOUT, GAN_INPUT_DROPOUT = 0.2, 0.0
GAN_RATES = {"generator": 1e-3, "discriminator": 1e-3}


def encoder():
    """Returns the encoder with new weights."""
    return kg.backbones.convolutional_encoder(CODE, FILTERS, UNITS)


def decoder():
    """Returns the decoder with new weights."""
    return kg.backbones.convolutional_decoder(CODE, FILTERS, UNITS)


def fitted(model, batches, steps):
    """Returns the model after as many steps, with a rate that falls to 0."""
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps)))
    model.fit(batches.repeat(), steps_per_epoch=steps, verbose=0)
    return model


def pretrained(images, steps):
    """Returns an autoencoder of all images."""
    keras.utils.set_random_seed(0)
    batches = kg.data.load({"image": images}, batch_size=BATCH)
    return fitted(kg.models.Autoencoder(encoder(), decoder()), batches, steps)


def at_once(train, test, labels, seed, steps):
    """Returns the accuracy of code and classifier that are learnt together."""
    keras.utils.set_random_seed(seed)
    codes = keras.Input((CODE,))
    classifier = keras.Model(codes, keras.layers.Dense(CLASSES)(keras.layers.Dropout(DROPOUT)(codes)))
    model = kg.models.SemiSupervisedAutoencoder(encoder(), decoder(), classifier, weight=WEIGHT)
    few_labels = kg.data.FewLabels(labels, seed, LABELLED)
    arrays = dict(zip(("image", "label"), train, strict=True))
    fitted(model, kg.data.load(arrays, batch_size=BATCH, seed=seed, few_labels=few_labels), steps)
    predicted = analysis.encode_images(model.classify, test[0]).argmax(axis=-1)
    return float(np.mean(predicted == test[1]))


def gan(train, test, labels, seed, steps):
    """Returns the accuracy of a semi-supervised GAN's classifier."""
    keras.utils.set_random_seed(seed)
    generator = kg.backbones.dcgan_generator(SHAPE, GAN_LATENT, GAN_FILTERS)
    dropout = {"input_dropout": GAN_INPUT_DROPOUT, "dropout": GAN_DROPOUT}
    judge = kg.backbones.semi_supervised_discriminator(SHAPE, CLASSES, GAN_FILTERS, **dropout)
    model = kg.models.SemiSupervisedGAN(generator, judge, GAN_LATENT, ema=GAN_EMA)
    falling = {player: keras.optimizers.schedules.CosineDecay(rate, steps) for player, rate in GAN_RATES.items()}
    model.compile({player: keras.optimizers.Adam(rate, beta_1=0.5) for player, rate in falling.items()})
    few_labels = kg.data.FewLabels(labels, seed, LABELLED)
    arrays = dict(zip(("image", "label"), train, strict=True))
    batches = kg.data.load(arrays, batch_size=BATCH, seed=seed, few_labels=few_labels)
    model.fit(batches.repeat(), steps_per_epoch=steps, verbose=0)
    predicted = analysis.encode_images(model.classify, test[0]).argmax(axis=-1)
    return float(np.mean(predicted == test[1]))


def tuned(first, train, test, labels, seed):
    """Returns the accuracy of an encoder that is trained with a linear classifier on the labelled images alone."""
    settings = {"steps": CLASSIFIER_STEPS, "batch_size": CLASSIFIER_BATCH, "seed": seed}
    return analysis.fine_tuned_accuracy(first, train, test, labels, **settings)


def accuracies(train, test, labels, first, encode, steps):
    """Returns name of a method -> its accuracies, one for each draw."""
    known, judged = (analysis.encode_images(encode, images) for images, _ in (train, test))
    pixels = [images.reshape(len(images), -1).astype(np.float32) / 255 for images, _ in (train, test)]
    few = {
        "pixels": metrics.few_label_accuracy(pixels[1], test[1], pixels[0], train[1], labels, DRAWS),
        "frozen": metrics.few_label_accuracy(judged, test[1], known, train[1], labels, DRAWS),
    }
    found = {name: row["accuracies"] for name, row in few.items()} | {"alone": [], "tuned": [], "at_once": []}
    for seed in DRAWS:
        keras.utils.set_random_seed(seed)
        found["alone"].append(tuned(encoder(), train, test, labels, seed))
        found["tuned"].append(tuned(first, train, test, labels, seed))
        found["at_once"].append(at_once(train, test, labels, seed, steps))
        print(labels, seed, {name: round(values[seed], 4) for name, values in found.items()}, flush=True)
    return found


def add_gans(steps, output):
    """Measures the GANs that are missing in the directory, and adds all of them to the record."""
    train, test = fashion_mnist("train"), fashion_mnist("test")
    output.mkdir(parents=True, exist_ok=True)
    found = {}
    for labels in LABELS:
        for seed in DRAWS:
            file = output / f"gan_{labels}_{seed}_{steps}.json"
            if not file.exists():
                began = time.perf_counter()
                accuracy = gan(train, test, labels, seed, steps)
                store.write_json(file, {"accuracy": accuracy, "seconds": time.perf_counter() - began})
                print(labels, seed, round(accuracy, 4), flush=True)
            found[labels, seed] = json.loads(file.read_text(encoding="utf-8"))
    record = json.loads(RESULTS.read_text(encoding="utf-8"))
    row = {str(labels): [found[labels, seed]["accuracy"] for seed in DRAWS] for labels in LABELS}
    record["accuracies"]["gan"] = row
    record["gan"] = {
        "command": without_places(shlex.join(["python", "benchmarks/semi_supervised.py", *sys.argv[1:]])),
        "steps": steps,
        "filters": GAN_FILTERS,
        "seconds": sum(one["seconds"] for one in found.values()),
        "device": device.start(),
        "versions": code.versions(),
    }
    store.write_json(RESULTS, record)


def main(steps, output):
    start = time.perf_counter()
    train, test = fashion_mnist("train"), fashion_mnist("test")
    output.mkdir(parents=True, exist_ok=True)
    missing = [labels for labels in LABELS if not (output / f"{labels}_{steps}.json").exists()]
    if missing:
        model = pretrained(train[0], steps)
        for labels in missing:
            began = time.perf_counter()
            found = accuracies(train, test, labels, model.encoder, model.encode, steps)
            value = {"accuracies": found, "seconds": time.perf_counter() - min(began, start)}
            start = time.perf_counter()  # the first also counts the autoencoder
            store.write_json(output / f"{labels}_{steps}.json", value)
    parts = [json.loads((output / f"{labels}_{steps}.json").read_text(encoding="utf-8")) for labels in LABELS]
    record = {
        "kind": "semi_supervised",
        "command": without_places(shlex.join(["python", "benchmarks/semi_supervised.py", *sys.argv[1:]])),
        "data": "Fashion-MNIST",
        "images": {"train": len(train[0]), "test": len(test[0])},
        "labels": list(LABELS),
        "draws": len(DRAWS),
        "steps": steps,
        "batch_size": BATCH,
        "labelled": LABELLED,
        "weight": WEIGHT,
        "dropout": DROPOUT,
        "code_dim": CODE,
        "classifier": {"steps": CLASSIFIER_STEPS, "batch_size": CLASSIFIER_BATCH},
        "accuracies": {
            name: {str(labels): part["accuracies"][name] for labels, part in zip(LABELS, parts, strict=True)}
            for name in parts[0]["accuracies"]
        },
        "seconds": sum(part["seconds"] for part in parts),
        "device": device.start(),
        "versions": code.versions(),
    }
    if RESULTS.is_file():  # the GANs have a command of their own
        before = json.loads(RESULTS.read_text(encoding="utf-8"))
        if "gan" in before:
            record["gan"], record["accuracies"]["gan"] = before["gan"], before["accuracies"]["gan"]
    RESULTS.parent.mkdir(exist_ok=True)
    store.write_json(RESULTS, record)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--output", type=Path, default=Path("out/semi_supervised"))
    parser.add_argument("--gan", action="store_true", help="train the semi-supervised GANs alone")
    parser.add_argument("--gan-steps", type=int, default=1000)
    arguments = parser.parse_args()
    if arguments.gan:
        add_gans(arguments.gan_steps, arguments.output)
    else:
        main(arguments.steps, arguments.output)
