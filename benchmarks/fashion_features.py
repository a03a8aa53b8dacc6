"""Trains the network of the Fashion-FID on two cores, and writes the weights and the card that the package ships.

    python benchmarks/fashion_features.py [--output DIRECTORY]

Training images are shifted by up to two pixels and mirrored; the rate rises for 200 steps and falls along a cosine.
Kernels are rounded to float16: the card's accuracy is that of the rounded network. The network is judged once, at the
end; no choice was made on the test images.
"""

import argparse
import hashlib
import importlib.metadata
import json
import math
import pathlib
import time

import keras
import numpy as np

import keras_genssl as kg

ROOT = pathlib.Path(__file__).parents[1]
SEED = 0
EPOCHS = 6
BATCH = 128
LEARNING_RATE = 3e-3
WARM_UP = 200
WEIGHT_DECAY = 1e-2
SHIFT = 2


class Shifted(keras.utils.PyDataset):
    """Batches in a random order, with each image shifted and mirrored at random: a function of seed, epoch and step."""

    def __init__(self, images, labels):
        super().__init__()
        self.padded = np.pad(images, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
        self.labels, self.epoch = labels, 0
        self.order = np.random.default_rng([SEED, 0]).permutation(len(labels))

    def __len__(self):
        return len(self.labels) // BATCH

    def __getitem__(self, step):
        rng = np.random.default_rng([SEED, self.epoch, step])
        chosen = self.order[step * BATCH : (step + 1) * BATCH]
        down, right = rng.integers(2 * SHIFT + 1, size=(2, BATCH, 1, 1))
        rows = down + np.arange(28)[:, None]
        columns = right + np.arange(28)
        columns = np.where(rng.random((BATCH, 1, 1)) < 0.5, columns, columns[:, :, ::-1])
        images = self.padded[chosen[:, None, None], rows, columns]
        return images[..., None].astype(np.float32) / 127.5 - 1, self.labels[chosen]

    def on_epoch_end(self):
        self.epoch += 1
        self.order = np.random.default_rng([SEED, self.epoch]).permutation(len(self.labels))


class WarmUpThenCosine(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, steps):
        self.steps = steps

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        falling = 0.5 * (1 + keras.ops.cos(math.pi * keras.ops.minimum(step / self.steps, 1.0)))
        return LEARNING_RATE * keras.ops.minimum((step + 1) / WARM_UP, falling)


def train(images, labels):
    """Trains the network.

    bfloat16 is 1.3 times as fast as float32 if the processor has it; the trained network is used in float32.
    """
    batches = Shifted(images, labels)
    keras.config.set_dtype_policy("mixed_bfloat16")
    network = kg.backbones.fashion_classifier(seed=SEED)
    model = keras.Model(network.input, network.outputs[1])
    optimizer = keras.optimizers.AdamW(WarmUpThenCosine(EPOCHS * len(batches)), weight_decay=WEIGHT_DECAY)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    model.fit(batches, epochs=EPOCHS, shuffle=False, verbose=2)
    keras.config.set_dtype_policy("float32")
    return network


def accuracy(features, images, labels):
    return float(np.mean(features.classify(images) == labels))


def load(split):
    """Returns all images of a split, uint8 (count, 28, 28), in the order of the files, and their labels."""
    batches = list(kg.data.load("fashion_mnist", split, 1000, shuffle=False, drop_remainder=False))
    images, labels = (np.concatenate([np.asarray(batch[key]) for batch in batches]) for key in ("image", "label"))
    return images[..., 0], labels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "keras_genssl" / "metrics" / "weights")
    folder = parser.parse_args().output
    start = time.perf_counter()
    network = train(*load("train"))
    seconds = round(time.perf_counter() - start)
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "fashion_features.npz"
    kg.metrics.FashionFeatures(network).save(weights)
    features = kg.metrics.fashion_features(weights)
    images, labels = load("test")
    guesses = features.classify(images[..., None])
    card = {
        "name": "fashion_features",
        "what": "Fashion-MNIST classifier; 128 features before the logits, for the Fashion-FID",
        "command": "python benchmarks/fashion_features.py",
        "trained_on": "the 60,000 training images",
        "test_accuracy": float(np.mean(guesses == labels)),
        "correct_of_first_500": int(np.sum(guesses[:500] == labels[:500])),
        "seed": SEED,
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "seconds_on_two_cores": seconds,
        "parameters": network.count_params(),
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "versions": {name: importlib.metadata.version(name) for name in ("keras", "tensorflow")},
    }
    weights.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(card, indent=2))


if __name__ == "__main__":
    main()
