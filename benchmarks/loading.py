"""The speed of `data.load`, compared with plain `tf.data` that reads, decodes, shuffles and batches the same.

    python benchmarks/loading.py [--rounds 7]

Rows are arrays in memory, prepared records (PNG in TFRecord files) and a folder of JPEG files, in batches of 32 and
256. Plain `tf.data` shuffles with a buffer of the whole set and decodes with `tf.io`; JPEG with the accurate DCT, whose
pixels are Pillow's. A last row compares a transform that computes in Python on processes with the same on threads. The
two take turns. It prints examples a second of both and the ratio with its spread, which go to
`results/speed/loading.json`.
"""

import argparse
import hashlib
import json
import pathlib
import tempfile
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

import keras_genssl as kg
from pipelines.results.benchmarks import speed

BATCHES = (32, 256)
ARRAYS = {"28x28x1": (28, 28, 1), "32x32x3": (32, 32, 3)}
NUM_ARRAYS, NUM_RECORDS, NUM_FILES, SIDE = 102_400, 10_240, 4_096, 224
AUTOTUNE = tf.data.AUTOTUNE

NUM_SLOW = 1_024

Way = Callable[[int], tf.data.Dataset]


def arrays(shape: tuple[int, ...]) -> tuple[Way, Way, int]:
    images = np.random.default_rng(0).integers(0, 256, (NUM_ARRAYS, *shape)).astype(np.uint8)
    held = {"image": images, "label": np.arange(NUM_ARRAYS) % 10}

    def ours(batch: int) -> tf.data.Dataset:
        return kg.data.load(held, batch_size=batch)

    def plain(batch: int) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(held).shuffle(NUM_ARRAYS).batch(batch, drop_remainder=True)

    return ours, plain, NUM_ARRAYS


def patches(count: int, side: int) -> np.ndarray:
    """Parts of the two photographs that scikit-learn ships, uint8 `(count, side, side, 3)`."""
    paths = list(kg.data.embedded_photographs().values())
    photographs = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        whole = photographs[number % len(photographs)]
        top, left = (rng.integers(size - side + 1) for size in whole.shape[:2])
        made.append(whole[top : top + side, left : left + side])
    return np.stack(made)


def records(folder: pathlib.Path) -> tuple[Way, Way, int]:
    """Small photographs as PNG in records, the layout of a prepared directory: one shard and its manifest."""
    features = tfds.features.FeaturesDict(
        {"image": tfds.features.Image(shape=(32, 32, 3)), "label": tfds.features.Scalar(np.int64)}
    )
    directory = folder / "records"
    directory.mkdir()
    path = directory / "photographs-train.tfrecord-00000-of-00001"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number, image in enumerate(patches(NUM_RECORDS, 32)):
            writer.write(features.serialize_example(features.encode_example({"image": image, "label": number % 10})))
    size, digest = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    shard = {"file": path.name, "records": NUM_RECORDS, "bytes": size, "sha256": digest}
    split = tfds.core.SplitInfo(name="train", shard_lengths=[NUM_RECORDS], num_bytes=size)
    tfds.folder_dataset.write_metadata(data_dir=directory, features=features, split_infos=[split])
    splits = {"train": {"records": NUM_RECORDS, "shards": [shard]}}
    manifest = json.dumps({"format": 1, "name": "photographs", "splits": splits})
    (directory / "manifest.json").write_text(manifest, encoding="utf-8")
    described = {"image": tf.io.FixedLenFeature((), tf.string), "label": tf.io.FixedLenFeature((), tf.int64)}

    def parsed(record: tf.Tensor) -> dict[str, tf.Tensor]:
        example = tf.io.parse_single_example(record, described)
        image = tf.ensure_shape(tf.io.decode_png(example["image"], channels=3), (32, 32, 3))
        return {"image": image, "label": example["label"]}

    def plain(batch: int) -> tf.data.Dataset:
        data = tf.data.TFRecordDataset(str(path)).shuffle(NUM_RECORDS).map(parsed, num_parallel_calls=AUTOTUNE)
        return data.batch(batch, drop_remainder=True)

    return lambda batch: kg.data.load(directory, batch_size=batch), plain, NUM_RECORDS


def files(folder: pathlib.Path) -> tuple[Way, Way, int]:
    root = folder / "photographs"
    root.mkdir()
    for number, image in enumerate(patches(NUM_FILES, SIDE)):
        Image.fromarray(image).save(root / f"{number:05}.jpg", quality=90)
    paths = sorted(map(str, root.iterdir()))

    def decoded(path: tf.Tensor) -> dict[str, tf.Tensor]:
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3, dct_method="INTEGER_ACCURATE")
        return {"image": tf.ensure_shape(image, (SIDE, SIDE, 3))}

    def plain(batch: int) -> tf.data.Dataset:
        data = tf.data.Dataset.from_tensor_slices(paths).shuffle(NUM_FILES).map(decoded, num_parallel_calls=AUTOTUNE)
        return data.batch(batch, drop_remainder=True)

    return lambda batch: kg.data.load(root, batch_size=batch, features=["image"]), plain, NUM_FILES


def slow(example: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """Spends some milliseconds in Python."""
    total = seed
    for number in range(50_000):
        total = (total * 31 + number) % 251
    return {"image": example["image"] + np.uint8(total)}


def on_processes() -> tuple[Way, Way, int]:
    held = {"image": np.zeros((NUM_SLOW, 32, 32, 3), np.uint8)}

    def processes(batch: int) -> tf.data.Dataset:
        return kg.data.load(held, batch_size=batch, transform=kg.pretext.OnProcesses(slow))

    def threads(batch: int) -> tf.data.Dataset:
        return kg.data.load(held, batch_size=batch, transform=slow)

    return processes, threads, NUM_SLOW


def rate(data: tf.data.Dataset, batch: int) -> float:
    """Returns examples a second of one epoch."""
    started, count = time.perf_counter(), 0
    for _ in data:
        count += batch
    return count / (time.perf_counter() - started)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=7, help="times that each way reads all examples")
    rounds = arguments.parse_args().rounds
    rows = []
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        sources = {f"arrays {name}": arrays(shape) for name, shape in ARRAYS.items()}
        sources |= {"records of PNG 32x32x3": records(folder), f"folder of JPEG {SIDE}x{SIDE}": files(folder)}
        compared = {(name, batch): ways for name, ways in sources.items() for batch in BATCHES}
        compared["slow transform, processes against threads", BATCHES[0]] = on_processes()
        for (name, batch), (ours, other, _) in compared.items():
            ways = ours(batch), other(batch).prefetch(2)
            rates = np.array([[rate(way, batch) for way in ways] for _ in range(rounds + 1)])[1:]
            row = speed.ratio(f"{name}, batches of {batch}", (rates[:, 0] / rates[:, 1]).tolist())
            rows.append(row)
            median = np.median(rates, axis=0)
            print("{what}: {median:.2f} times the other ({low:.2f} to {high:.2f})".format(**row), end="")
            print(f", {median[0]:,.0f} and {median[1]:,.0f} a second", flush=True)
    speed.write(
        "loading",
        "Loading",
        "Examples a second of `data.load`, shuffled and restartable, times those of plain `tf.data` with the same "
        "decoder and a shuffle buffer of the whole set. The last row: a transform of some milliseconds in Python, with "
        "`pretext.OnProcesses` and without.",
        rows,
    )


if __name__ == "__main__":
    main()
