"""Anomaly detection by GANs on Fashion-MNIST: rows for the table of `anomaly.py`, of some classes held out.

For each class a WGAN-GP is trained on the other nine, then an encoder for f-AnoGAN. f-AnoGAN is judged on the whole
test set, as the other rows of the table. AnoGAN searches for each image, and is judged on a part of the test set, with
as many images of the class as of the other nine; so is f-AnoGAN, for comparison. Run it as

    python benchmarks/anomaly_gans.py [--classes 1 5 8] [--seeds 1] [--output DIR]

in the root of the repository, about eight minutes for each class and seed on two cores. The result of each (seed,
class) is kept in DIR, so the same command continues after an interruption. The rows are put into
`results/anomaly.json`, whose other rows stay as they are.
"""

import argparse
import json
import shlex
import sys
import time
from pathlib import Path

import keras
import numpy as np
from anomaly import NAMES, TABLE, merged, spread
from garments import fashion_mnist

import keras_genssl as kg
from keras_genssl import analysis
from pipelines.results import without_places
from pipelines.runtime import store

SHAPE, LATENT, FILTERS = (28, 28, 1), 64, 32
CRITIC_STEPS, BATCH, EMA, RATE = 2, 64, 0.99, 1e-3
ENCODER_BATCH = 128
SEARCHED = 512  # images for which AnoGAN searches, half of them of the class held out
SEARCH_BATCH = 64
METHODS = {
    "anogan": f"AnoGAN, {SEARCHED} images",
    "f_anogan_same": f"f-AnoGAN, the same {SEARCHED} images",
    "f_anogan": "f-AnoGAN",
}


def gan(images, seed, steps):
    """Returns the generator and the critic of a WGAN-GP that is trained on images; the generator is an average."""
    keras.utils.set_random_seed(seed)
    critic = kg.backbones.dcgan_discriminator(SHAPE, FILTERS, batch_norm=False, name="dcgan_critic")
    generator = kg.backbones.dcgan_generator(SHAPE, LATENT, FILTERS)
    model = kg.models.WGANGP(generator, critic, LATENT, critic_steps=CRITIC_STEPS, ema=EMA)
    model.compile({player: keras.optimizers.Adam(RATE, 0.0, 0.9) for player in ("generator", "critic")})
    train(model, images, seed, steps, BATCH * (CRITIC_STEPS + 1))
    return model.average.copy, critic


def encoding(generator, critic, images, seed, steps):
    """Returns f-AnoGAN with a trained encoder."""
    model = kg.models.FAnoGAN(kg.backbones.dcgan_encoder(LATENT, FILTERS, input_shape=SHAPE), generator, critic)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)))
    train(model, images, seed, steps, ENCODER_BATCH)
    return model


def train(model, images, seed, steps, batch_size):
    data = kg.data.load({"image": images}, batch_size=min(batch_size, len(images)), seed=seed)
    epochs = -(-steps // data.order.steps_per_epoch)
    model.fit(data, epochs=epochs, steps_per_epoch=min(steps, data.order.steps_per_epoch), verbose=0)


def measure(label, seed, settings, data):
    """Returns the AUROC of each method for one class held out, and the seconds that it took."""
    (images, labels), (test, test_labels) = data
    start = time.perf_counter()
    normal = images[labels != label]
    generator, critic = gan(normal, seed, settings["gan_steps"])
    encoder = encoding(generator, critic, normal, seed, settings["encoder_steps"])
    search = kg.models.AnoGAN(generator, critic, steps=settings["search_steps"])
    kinds = [test[test_labels != label], test[test_labels == label]]
    some = [np.random.default_rng(0).permutation(kind)[: SEARCHED // 2] for kind in kinds]
    found = {
        "anogan": analysis.detect_anomalies(search.score, *some, batch_size=SEARCH_BATCH),
        "f_anogan_same": analysis.detect_anomalies(encoder.score, *some),
        "f_anogan": analysis.detect_anomalies(encoder.score, *kinds),
    }
    return {**{name: value.roc_auc for name, value in found.items()}, "seconds": time.perf_counter() - start}


def rows(pieces, classes, seeds):
    """Returns the rows of the table: of some classes, so without a mean."""
    return [
        {
            "method": name,
            "title": title,
            "classes": {
                NAMES[label]: spread([pieces[seed, label][name] for seed in range(seeds)]) for label in classes
            },
            "seeds": seeds,
        }
        for name, title in METHODS.items()
    ]


def main(classes, seeds, settings, output):
    data, pieces = (fashion_mnist("train"), fashion_mnist("test")), {}
    for seed in range(seeds):
        for label in classes:
            kept = "_".join(f"{name}{value}" for name, value in settings.items())
            path = output / kept / f"seed{seed}_class{label}.json"
            if not path.exists():
                values = measure(label, seed, settings, data)
                path.parent.mkdir(parents=True, exist_ok=True)
                store.write_json(path, values)
                print(f"seed {seed}, {NAMES[label]}: {values}", flush=True)
            pieces[seed, label] = json.loads(path.read_text(encoding="utf-8"))
    own = {
        "command": without_places(shlex.join(["python", "benchmarks/anomaly_gans.py", *sys.argv[1:]])),
        "settings": {**settings, "latents": LATENT, "searched": SEARCHED},
        "seconds": sum(piece["seconds"] for piece in pieces.values()),
    }
    record = json.loads(TABLE.read_text(encoding="utf-8"))
    store.write_json(TABLE, {**merged(record, rows(pieces, classes, seeds)), "gans": own})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, nargs="+", default=[1, 5, 8], choices=range(len(NAMES)), metavar="CLASS")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--gan-steps", type=int, default=2500)
    parser.add_argument("--encoder-steps", type=int, default=2000)
    parser.add_argument("--search-steps", type=int, default=500)
    parser.add_argument("--output", type=Path, default=Path("out/anomaly_gans"))
    arguments = parser.parse_args()
    lengths = {name: getattr(arguments, name) for name in ("gan_steps", "encoder_steps", "search_steps")}
    main(sorted(set(arguments.classes)), arguments.seeds, lengths, arguments.output)
