"""A GAN as an additional loss: what realism costs, for an autoencoder and for super-resolution of Fashion-MNIST.

    python benchmarks/adversarial_term.py [--steps 2000]

in the root of the repository, about ten minutes. For each task and each weight of the adversarial loss, the same
network is trained from the same initial weights on the same batches; with the weight 0 it is trained alone. Test images
are then compared with what the network makes of them (PSNR), and as a set (Fashion-FID). Writes
results/adversarial_term.json and docs/images/adversarial_term.png.
"""

import argparse
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

RESULTS = Path("results/adversarial_term.json")
PICTURE = Path("docs/images/adversarial_term.png")
WEIGHTS = (0.0, 1e-3, 1e-2, 1e-1)
SCALE = 4
CODE_DIM, FILTERS = 8, 32
BATCH = 64
RATES = {"network": 1e-3, "discriminator": 5e-4}
SHOWN = 12  # images of each row of the picture


class OfCodes:
    """An autoencoder with few numbers a code."""

    name = "autoencoder"
    channels = 1

    def method(self):
        encoder = kg.backbones.lecture_encoder(CODE_DIM, filters=FILTERS, channels=1)
        decoder = kg.backbones.lecture_decoder(CODE_DIM, filters=FILTERS, channels=1)
        return kg.models.Autoencoder(encoder, decoder)

    def examples(self, images):
        return {"image": images}

    def made(self, method, images):
        return analysis.encode_images(method.reconstruct, images)


class OfSmallImages:
    """Super-resolution of images that are means of squares."""

    name = "super_resolution"
    channels = 3  # of equal values: networks of super-resolution take colour images

    def method(self):
        return kg.models.EDSR(kg.backbones.edsr(SCALE, FILTERS, 4, input_shape=(28 // SCALE, 28 // SCALE, 3)))

    def examples(self, images):
        return {"low": self.small(images), "high": np.repeat(images, 3, axis=-1)}

    def small(self, images):
        squares = images.reshape(len(images), 28 // SCALE, SCALE, 28 // SCALE, SCALE, 1)
        return np.repeat(np.rint(squares.mean(axis=(2, 4))).astype(np.uint8), 3, axis=-1)

    def made(self, method, images):
        return analysis.encode_images(method.upscale, self.small(images)).mean(axis=-1, keepdims=True)


def trained(task, weight, images, steps):
    """Returns the task's method, trained alone or with a discriminator."""
    keras.utils.set_random_seed(0)
    method = task.method()
    rates = {player: keras.optimizers.schedules.CosineDecay(rate, steps) for player, rate in RATES.items()}
    if weight == 0:
        model = method
        model.compile(keras.optimizers.Adam(rates["network"]))
    else:
        discriminator = kg.backbones.spectral_discriminator((28, 28, task.channels), filters=FILTERS)
        model = kg.models.AdversarialTerm(method, discriminator, weight=weight)
        optimizers = {
            "network": keras.optimizers.Adam(rates["network"]),
            "discriminator": keras.optimizers.Adam(rates["discriminator"], 0.5),
        }
        model.compile(optimizers)
    batches = kg.data.load(task.examples(images), batch_size=BATCH, seed=0)
    model.fit(batches.repeat(), steps_per_epoch=steps, verbose=0)
    return method


def main(steps):
    start = time.perf_counter()
    train, test = fashion_mnist("train")[0], fashion_mnist("test")[0]
    network = metrics.fashion_features()
    distance = metrics.FID(network, test)
    rows, shown = [], [test[:SHOWN]]
    for task in (OfCodes(), OfSmallImages()):
        for weight in WEIGHTS:
            began = time.perf_counter()
            method = trained(task, weight, train, steps)
            seconds = time.perf_counter() - began
            made = analysis.to_uint8(task.made(method, test))
            errors = np.square((made.astype(np.float64) - test) / 255).mean(axis=(1, 2, 3))
            rows.append(
                {
                    "task": task.name,
                    "weight": weight,
                    "psnr": float(np.mean(-10 * np.log10(errors))),
                    "mse": float(4 * errors.mean()),
                    "fid": float(distance(made)),
                    "seconds": seconds,
                }
            )
            print(rows[-1], flush=True)
            shown.append(made[:SHOWN])
    analysis.save_image_grid(PICTURE, np.concatenate(shown), columns=SHOWN)
    record = {
        "kind": "adversarial_term",
        "command": without_places(shlex.join(["python", "benchmarks/adversarial_term.py", *sys.argv[1:]])),
        "data": "Fashion-MNIST",
        "images": len(test),
        "code_dim": CODE_DIM,
        "scale": SCALE,
        "steps": steps,
        "batch_size": BATCH,
        "rows": rows,
        "seconds": time.perf_counter() - start,
        "device": device.start(),
        "versions": code.versions(),
    }
    store.write_json(RESULTS, record)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000)
    main(parser.parse_args().steps)
