"""The cost of preparing super-resolution data: against a bare loop, by workers, and in the driver's memory.

    python benchmarks/preparation.py [--images 1000] [--loop-images 200] [--memory-images 1000] [--rounds 3]

Prints three ratios with the values that they come from, and writes them to `results/speed/preparation.json`. Run it on
an idle machine.

1. Throughput of `prepare` on one worker (verifying, sharding, checksums, counting and publishing included) divided by
   that of a loop which decodes the same PNG files, shrinks, crops and encodes by the same Pillow calls and writes the
   bytes to one file. The two take turns, and the ratio of each round is printed. The same ratio is given for ExampleGen
   and Prepare together, which decode and encode each image once more than the loop.
2. Throughput of `prepare` with two workers, their start included, divided by that with one, on `--images` images.
3. Peak memory of the driver with ten times `--memory-images` small images divided by that with `--memory-images`:
   ExampleGen and Prepare run in a separate process with two workers.
"""

import argparse
import concurrent.futures
import io
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from PIL import Image

from keras_genssl.pretext import codec
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare
from pipelines.results.benchmarks import speed

SCALE, PATCH = 2, 64
PARAMETERS = {"scale": SCALE, "patch_size": PATCH, "stride": PATCH}


def photographs(folder: Path, num: int, side: int) -> Path:
    """Writes `num` different crops of a photograph as PNG files; the first is held out."""
    folder.mkdir()
    photograph = skimage.data.astronaut()
    for number in range(num):
        moved = np.roll(photograph, (number % 512, 37 * (number // 512) + number % 7), (0, 1))[:side, :side].copy()
        moved[0, 0] = number % 256, number // 256 % 256, number // 65536
        (folder / f"{number:06d}.png").write_bytes(codec.encode_png(moved))
    return folder


def loop(folder: Path, out: Path) -> tuple[float, int]:
    """Returns the seconds and the number of pairs of the bare loop."""
    started, pairs = time.perf_counter(), 0
    with open(out, "wb") as file:
        for path in sorted(folder.iterdir())[1:]:
            high = Image.open(path).convert("RGB")
            low = high.resize((high.width // SCALE, high.height // SCALE), Image.Resampling.BICUBIC)
            for top in range(0, high.height - PATCH + 1, PATCH):
                for left in range(0, high.width - PATCH + 1, PATCH):
                    box = (left, top, left + PATCH, top + PATCH)
                    for patch in (low.crop([edge // SCALE for edge in box]), high.crop(box)):
                        buffer = io.BytesIO()
                        patch.save(buffer, "PNG")
                        file.write(buffer.getvalue())
                    pairs += 1
    return time.perf_counter() - started, pairs


def pipeline(folder: Path, out: Path, workers: int) -> tuple[float, float, int]:
    """Returns the seconds of ExampleGen, the seconds of Prepare, and the number of training pairs."""
    started = time.perf_counter()
    examples = image_example_gen(folder, out / "examples", {"eval": ["000000"]}, workers=workers)
    generated = time.perf_counter()
    prepared = prepare(examples, out / "prepared", SuperResolution(**PARAMETERS), workers=workers)
    pairs = prepared.manifest["splits"]["train"]["records"]
    return generated - started, time.perf_counter() - generated, pairs


def peak(folder: Path, out: Path, workers: int) -> tuple[float, int]:
    """Returns the peak memory in MB of a process that runs the pipeline (since its start), and the number of pairs."""
    pairs = pipeline(folder, out, workers)[-1]
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (kilobytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(kilobytes) / 1e3, pairs


def fresh(function: Callable[..., Any], *arguments: Any) -> Any:
    """Returns the result of a function that runs in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def against_loop(home: Path, num: int, rounds: int) -> dict[str, Any]:
    """Returns the row of one worker's throughput divided by the loop's."""
    folder, ratios = photographs(home / "photographs", num, 512), []
    for number in range(rounds):
        bare, pairs = fresh(loop, folder, home / "loop")
        generated, prepared, ours = fresh(pipeline, folder, home / f"one{number}", 1)
        assert pairs == ours, (pairs, ours)
        ratios.append(bare / prepared)
        print(
            f"round {number}: {pairs:,} pairs: loop {bare:.1f} s, Prepare {prepared:.1f} s "
            f"({ratios[-1]:.2f} of the loop), with ExampleGen {generated + prepared:.1f} s "
            f"({bare / (generated + prepared):.2f})",
            flush=True,
        )
    print(f"throughput in that of the loop: {np.median(ratios):.2f}, the median (asked: at least 0.7)", flush=True)
    return speed.ratio(f"one worker's throughput over the loop's, {num:,} images", ratios, "at least 0.7")


def against_one(home: Path, num: int) -> dict[str, Any]:
    """Returns the row of two workers' throughput divided by one worker's."""
    folder = photographs(home / "many", num, 512)
    seconds = {workers: fresh(pipeline, folder, home / f"with{workers}", workers)[1] for workers in (1, 2)}
    print(
        f"Prepare of {num:,} images: one worker {seconds[1]:.1f} s, two {seconds[2]:.1f} s: "
        f"{seconds[1] / seconds[2]:.2f} times (asked: at least 1.5, on a job of at least 60 s)",
        flush=True,
    )
    what = f"two workers' throughput over one's, {num:,} images, {seconds[1]:.0f} s with one"
    return speed.ratio(what, [seconds[1] / seconds[2]], "at least 1.5")


def memory(home: Path, num: int) -> dict[str, Any]:
    """Returns the row of the driver's peak memory with ten times the images divided by that with these images."""
    megabytes = {}
    for factor in (1, 10):
        folder = photographs(home / f"small{factor}", num * factor, PATCH)
        megabytes[factor], pairs = fresh(peak, folder, home / f"driver{factor}", 2)
        assert pairs == num * factor - 1
    print(
        f"driver with {num:,} images {megabytes[1]:.0f} MB, with {10 * num:,} {megabytes[10]:.0f} MB: "
        f"{megabytes[10] / megabytes[1] - 1:+.1%} (asked: less than 10%)",
        flush=True,
    )
    what = f"driver's peak memory with {10 * num:,} images over that with {num:,} ({megabytes[1]:.0f} MB)"
    return speed.ratio(what, [megabytes[10] / megabytes[1]], "less than 1.1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=1000, help="of 512 x 512 pixels, one worker against two")
    parser.add_argument("--loop-images", type=int, default=200, help="of 512 x 512 pixels, against the loop")
    parser.add_argument("--memory-images", type=int, default=1000, help="of 64 x 64 pixels, and ten times as many")
    parser.add_argument("--rounds", type=int, default=3, help="of Prepare against the loop")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        rows = [
            against_loop(home, asked.loop_images, asked.rounds),
            against_one(home, asked.images),
            memory(home, asked.memory_images),
        ]
    speed.write(
        "preparation",
        "Preparation of super-resolution",
        f"`prepare` of photographs of 512 pixels to pairs of {PATCH} (of {PATCH} pixels for the driver's memory); the "
        "loop makes the same Pillow calls on the same files and writes one file.",
        rows,
    )


if __name__ == "__main__":
    main()
