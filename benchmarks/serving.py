"""The speed of the served x2 model and of `genssl upscale`, compared with calling its network in memory.

    python benchmarks/serving.py [--rounds 5] [--sides 256 1024] [--at-once 1 4] [--width 4000 --height 3000]

Requests come alone and four at once: the signature `serving_default` answers with a PNG file for a PNG file. The
network, a Keras model compiled by `tf.function`, computes as many pictures in as many threads, in memory. The two take
turns. Then the function of `genssl upscale` enlarges a photograph; its pixels a second are a share of those of the
network on one tile. It prints the ratios with their spread, and writes them, with the peak memory of the process, to
`results/speed/serving.json`.
"""

import argparse
import pathlib
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

import keras_genssl as kg
from keras_genssl.kinds.tiles import TILE
from keras_genssl.pretext import codec
from pipelines import shipped
from pipelines.batch import apply
from pipelines.results.benchmarks import speed

LEAST = 30  # seconds that a row is measured, about, at least: one small picture takes a second


def seconds(function: Callable[[], Any]) -> float:
    """Returns how long a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def photograph(width: int, height: int) -> np.ndarray:
    """A photograph that scikit-learn ships, at a size, uint8 `(height, width, 3)`."""
    path = kg.data.embedded_photographs()["china"]
    return np.asarray(Image.open(path).convert("RGB").resize((width, height), Image.Resampling.BICUBIC))


def at_once(count: int, function: Callable[[], Any]) -> Callable[[], Any]:
    """A call that makes `count` calls on as many threads, and waits for all."""
    pool = ThreadPoolExecutor(count)
    return lambda: [call.result() for call in [pool.submit(function) for _ in range(count)]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=5, help="times that each way is measured at least")
    arguments.add_argument("--sides", type=int, nargs="*", default=[256, 1024], help="sides of the requests' pictures")
    arguments.add_argument("--at-once", type=int, nargs="*", default=[1, 4], help="requests that come together")
    arguments.add_argument("--width", type=int, default=4000, help="of the photograph that is enlarged")
    arguments.add_argument("--height", type=int, default=3000, help="of the photograph that is enlarged")
    given = arguments.parse_args()
    (version,) = (path for path in shipped.versions() if path.parent.name == "super_resolution_x2")
    upscale = tf.saved_model.load(str(version)).signatures["serving_default"]
    model = shipped.model(version)
    network = tf.function(lambda images: model.network(images, training=False), autograph=False, reduce_retracing=True)
    rows = []

    def add(what: str, values: list[float], asked: str) -> None:
        rows.append(speed.ratio(what, values, asked))
        print("{what}: {median:.2f} of the network ({low:.2f} to {high:.2f})".format(**rows[-1]), flush=True)

    def of_network(side: int) -> Callable[[], Any]:
        values = kg.engine.Image((None, None, 3)).values(photograph(side, side)[np.newaxis])
        return lambda: network(values).numpy()

    for side in given.sides:
        file = tf.constant([codec.encode_png(photograph(side, side))])
        for count in given.at_once:
            ways = [
                at_once(count, of_network(side)),
                at_once(count, lambda file=file: upscale(image_bytes=file)["image_bytes"].numpy()),
            ]
            first = sum(seconds(way) for way in ways)  # builds the graphs, too
            rounds = max(given.rounds, round(LEAST / first))
            taken = np.array([[seconds(way) for way in ways] for _ in range(rounds)])
            add(f"{side} x {side} pixels, {count} at once", (taken[:, 0] / taken[:, 1]).tolist(), "at least 0.9")
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        path = folder / "photograph.png"
        path.write_bytes(codec.encode_png(photograph(given.width, given.height)))
        tile = of_network(TILE)
        tile()
        shares = []
        for number in range(max(1, given.rounds // 2)):
            of_tile = seconds(tile) / TILE**2
            whole = seconds(lambda to=folder / str(number): list(apply.files(version, [path], to)))
            shares.append(of_tile * given.width * given.height / whole)
    add(f"genssl upscale, {given.width} x {given.height} pixels", shares, "at least 0.8")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    speed.write(
        "serving",
        "Serving",
        "Pixels a second of the x2 model that ships, from PNG file to PNG file, as a share of those of its network in "
        f"memory (`tf.function`, floats in and out). `genssl upscale` is compared with the network on a tile of {TILE} "
        "pixels a side.",
        rows,
        [f"The process, in which the network worked on whole pictures too, held {peak:.2f} GB at its peak."],
    )
    print(f"{peak:.2f} GB at the peak")


if __name__ == "__main__":
    main()
