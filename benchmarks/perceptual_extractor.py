"""The small perceptual extractor: can it be trained without labels, and does this help?

`train` learns without labels to predict how a crop was degraded (`models.DegradationPrediction`), on the photographs
inside scikit-image and scikit-learn except coffee and china, and writes the weights, which were not good enough to
ship. `compare` fine-tunes one pixel-trained x4 EDSR with the features of the extractor in the loss, with those of
random weights and with neither, and writes results/perceptual_extractor.json.

    python benchmarks/perceptual_extractor.py train
    python benchmarks/perceptual_extractor.py compare
"""

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import pathlib
import statistics
import tempfile
import time

import keras
import numpy as np
import skimage.filters
import skimage.metrics
import tensorflow as tf
from PIL import Image

import keras_genssl as kg
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare

ROOT = pathlib.Path(__file__).parents[1]
WEIGHTS = ROOT / "out" / "small_extractor.weights.h5"
RESULTS = ROOT / "results" / "perceptual_extractor.json"
HELD_OUT = ("coffee", "china")
VALIDATION = ("camera", "chelsea", "flower")  # also held out when super-resolution is trained

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv2")
SEED = 1
STEPS = 3500
BATCH = 32
LEARNING_RATE = 2e-3
TILE = 96  # pixels; crops are drawn from tiles
TILES = 192  # per photograph, divided among its sizes
SIZES = (1.0, 1.5, 2.0, 3.0)  # divisors; the short side stays at 120 pixels or more
SHORTEST = 120

SCALE = 4
BASE_STEPS = 3000
TUNING_STEPS = 300
LAYER = "block3_conv2"
# Strengths tried: the gradient norm of the feature distance over that of the pixels; `VALIDATION` chooses.
OURS = (0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
RANDOM = (1.0, 2.0, 4.0, 8.0)
RANDOM_SEEDS = (0, 1, 2)


def embedded(*without):
    found = kg.data.embedded_photographs(colour_only=False)
    return {name: path for name, path in found.items() if name not in without}


def judged_photographs():
    """Returns split -> name -> image.

    The test split has the two held-out photographs and matplotlib's portrait, which no training here reads either.
    """
    paths = {"validation": {}, "test": {}}
    for name, path in embedded().items():
        if name in (*VALIDATION, *HELD_OUT):
            paths["test" if name in HELD_OUT else "validation"][name] = path
    package = pathlib.Path(importlib.util.find_spec("matplotlib").submodule_search_locations[0])
    portrait = package / "mpl-data" / "sample_data" / "grace_hopper.jpg"
    if portrait.is_file():
        paths["test"]["grace_hopper"] = portrait
    return {
        split: {name: kg.pretext.decode_image(path.read_bytes())[0] for name, path in found.items()}
        for split, found in paths.items()
    }


# train --------------------------------------------------------------------------------------------------------


class WarmUpThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises over 50 steps, then falls linearly to 2 % of the peak."""

    def __init__(self, peak, steps):
        self.peak, self.steps = peak, steps

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        return self.peak * keras.ops.minimum((step + 1) / 50, keras.ops.maximum(0.02, 1 - step / self.steps))


def write_tiles(folder):
    """Writes squares from all parts of every photograph, at several sizes, the same number for each photograph."""
    rng = np.random.default_rng(SEED)
    for name, path in embedded(*HELD_OUT).items():
        photograph = Image.fromarray(kg.pretext.decode_image(path.read_bytes())[0])
        sizes = [(round(photograph.width / by), round(photograph.height / by)) for by in SIZES]
        sizes = [size for size in sizes if min(size) >= SHORTEST]
        for size in sizes:
            level = np.asarray(photograph.resize(size, Image.Resampling.BICUBIC))
            for index in range(TILES // len(sizes)):
                top, left = (int(rng.integers(side - TILE + 1)) for side in level.shape[:2])
                tile = level[top : top + TILE, left : left + TILE]
                Image.fromarray(tile).save(folder / f"{name}-{size[0]}-{index:03d}.png")


def degraded_tile(example, seed):
    tile = {"image": example["image"]}
    return kg.pretext.degraded_pair(kg.pretext.dihedral(tile, seed, permute_channels=True), seed + 1)


def train(weights):
    start = time.perf_counter()
    keras.utils.set_random_seed(SEED)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "tiles").mkdir()
        write_tiles(folder / "tiles")
        examples = image_example_gen(folder / "tiles", folder / "examples", {"train": 1.0}, name="tiles")
        tiles = kg.data.load(examples.path, "train", BATCH, seed=SEED, features=["image"], transform=degraded_tile)
        print(f"{sum(1 for _ in (folder / 'tiles').iterdir())} tiles, {time.perf_counter() - start:.0f} s", flush=True)
        network = kg.backbones.small_extractor()
        model = kg.models.DegradationPrediction(network, LAYERS)
        rate = WarmUpThenLinear(LEARNING_RATE, STEPS)
        model.compile(keras.optimizers.Adam(rate, global_clipnorm=5.0))
        per_epoch = int(tiles.cardinality())
        stop = StopAfter(STEPS)
        model.fit(tiles, epochs=-(-STEPS // per_epoch), callbacks=[stop], shuffle=False, verbose=2)
    weights.parent.mkdir(parents=True, exist_ok=True)
    network.save_weights(weights)
    print(f"{weights}: {weights.stat().st_size} bytes, {time.perf_counter() - start:.0f} s")


class StopAfter(keras.callbacks.Callback):
    """Ends the training in the middle of an epoch."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        self.model.stop_training = self.left <= 0


# compare ------------------------------------------------------------------------------------------------------


def fit(model, pairs, rate, steps):
    """Trains for a fixed number of steps; `rate` falls linearly to zero."""
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.PolynomialDecay(rate, steps, 0.0)))
    epochs = -(-steps // int(pairs.cardinality()))
    model.fit(pairs, epochs=epochs, callbacks=[StopAfter(steps)], shuffle=False, verbose=0)


def edge_ssim(true, made):
    """Returns the SSIM of the Sobel magnitudes of Y, without borders of `SCALE` pixels."""
    inner = slice(SCALE, -SCALE)
    weights = np.array([65.481, 128.553, 24.966]) / 255
    true, made = (skimage.filters.sobel((image @ weights + 16)[inner, inner]) for image in (true, made))
    return float(skimage.metrics.structural_similarity(true, made, data_range=true.max()))


def measure(upscale):
    return {split: measure_all(images, upscale) for split, images in judged_photographs().items()}


def measure_all(images, upscale):
    rows = {}
    for name, image in images.items():
        pair = kg.pretext.low_high(image, SCALE)
        made = upscale(pair["low"])
        psnr = kg.metrics.psnr(*(x[None].astype("float32") for x in (pair["high"], made)), border=SCALE, max_value=255)
        rows[name] = {"edge_ssim": edge_ssim(pair["high"], made), "psnr_y": float(psnr[0])}
    return {**rows, "mean": {key: statistics.fmean(row[key] for row in rows.values()) for key in rows[name]}}


def by_model(model):
    def upscale(low):
        made = np.asarray(model.upscale(low[None].astype("float32") / 127.5 - 1))[0]
        return np.rint((made + 1) * 127.5).clip(0, 255).astype(np.uint8)

    return upscale


def calibrated(extractor, network, batch, strength):
    """Returns the weight at which the feature distance has `strength` times the pixels' gradient norm at the start."""
    low, high = (tf.cast(batch[key], tf.float32) / 127.5 - 1 for key in ("low", "high"))
    made = network(low, training=False)
    pixels = tf.norm(kg.engine.input_gradient(lambda x: tf.reduce_mean(tf.abs(x - high), axis=(1, 2, 3)), made))
    loss = kg.losses.PerceptualLoss(extractor, [1.0], pixel=None, distance="l1")
    features = tf.norm(kg.engine.input_gradient(lambda x: loss.call(high, x), made))
    return float(strength * pixels / features)


def tune(network, pairs, source, strength):
    """Fine-tunes in place with an extractor: a file, "default", a seed of random weights, or None for pixels only."""
    loss, weight = None, 0.0
    if source is not None:
        keras.utils.set_random_seed(source if isinstance(source, int) else 0)
        file = None if isinstance(source, int) else source
        extractor = kg.backbones.perceptual_extractor("small", [LAYER], file)
        weight = calibrated(extractor, network, next(iter(load(pairs, 64, seed=123))), strength)
        loss = kg.losses.PerceptualLoss(extractor, [weight], distance="l1")
    model = kg.models.EDSR(network, loss=loss)
    fit(model, load(pairs, 8, seed=7), 2e-4, TUNING_STEPS)
    return {"lambda": strength, "weight": weight, **measure(by_model(model))}


def load(pairs, batch_size, seed):
    return kg.data.load(pairs, "train", batch_size, seed=seed, features=["low", "high"], transform=kg.pretext.dihedral)


def make_pairs(folder):
    examples = image_example_gen(embedded(*HELD_OUT, *VALIDATION), folder / "examples", {"train": 1.0})
    patches = SuperResolution(scale=SCALE, patch_size=64, stride=48, pyramid=[1.0, 0.7, 0.5])
    return prepare(examples, folder / "pairs", patches).path


def make_base(pairs):
    keras.utils.set_random_seed(0)
    network = kg.backbones.edsr(SCALE, 32, 4, upsampler="pixelshuffledirect")
    fit(kg.models.EDSR(network), load(pairs, 16, seed=0), 1e-3, BASE_STEPS)
    return network


def compare(weights, results):
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        pairs = make_pairs(pathlib.Path(scratch))
        network = make_base(pairs)
        base = network.get_weights()
        rows = {"bicubic": [measure(lambda low: kg.pretext.upscale(low, SCALE))]}
        rows["base"] = [measure(by_model(kg.models.EDSR(network)))]
        runs = {"pixels alone": (None, (0.0,)), "ours": (weights, OURS)}
        runs |= {f"random {seed}": (seed, RANDOM) for seed in RANDOM_SEEDS}
        runs["default"] = ("default", RANDOM)
        for name, (source, strengths) in runs.items():
            rows[name] = []
            for strength in strengths:
                network.set_weights(base)
                rows[name].append(tune(network, pairs, source, strength))
                means = {split: rows[name][-1][split]["mean"] for split in ("validation", "test")}
                print(f"{time.perf_counter() - start:.0f} s: {name}, {strength}, {means}", flush=True)
    chosen = {name: max(tried, key=lambda row: row["validation"]["mean"]["edge_ssim"]) for name, tried in rows.items()}
    test = {name: row["test"]["mean"]["edge_ssim"] for name, row in chosen.items()}
    random = [test[f"random {seed}"] for seed in RANDOM_SEEDS]
    record = {
        "kind": "perceptual_extractor",
        "command": "python benchmarks/perceptual_extractor.py compare",
        "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "scale": SCALE,
        "layer": LAYER,
        "steps": {"extractor": STEPS, "base": BASE_STEPS, "tuning": TUNING_STEPS},
        "chosen_lambda": {name: row["lambda"] for name, row in chosen.items() if "lambda" in row},
        "edge_ssim": {**test, "random_mean": statistics.fmean(random), "random_deviation": statistics.stdev(random)},
        "rows": rows,
        "seconds": round(time.perf_counter() - start),
        "versions": {name: importlib.metadata.version(name) for name in ("keras", "tensorflow", "scikit-image")},
    }
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({key: record[key] for key in ("chosen_lambda", "edge_ssim")}, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("train", "compare"))
    parser.add_argument("--weights", type=pathlib.Path, default=WEIGHTS)
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.command == "train":
        train(arguments.weights)
    else:
        compare(arguments.weights, arguments.results)


if __name__ == "__main__":
    main()
