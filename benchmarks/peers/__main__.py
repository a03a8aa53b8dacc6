"""Training steps of this library against PyTorch and against plain Keras code, in one run.

    python benchmarks/peers                              # all rows
    python benchmarks/peers --rows dcgan,vae

Each side is a process of its own with two threads, float32 and the same batch; networks of the same sizes are trained
by the same optimizers, which the equal numbers of parameters show. Ours and plain Keras code go through `fit`. The
sides take turns, in rounds of about a second, and a ratio is computed in each round. PyTorch is installed in an
environment of its own (`--environment`). Rows are written one by one, `results/speed/peers_<row>.json`. `torch.compile`
needs a C++ compiler (`--sides` leaves a side out).
"""

import argparse
import os
import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, os.getcwd())

import peak
from environment import python
from processes import Child
from rows import ROWS, THREADS

from pipelines.results.benchmarks import speed

SIDES = {
    "ours": ("here", "ours.py", ()),
    "ours with XLA": ("here", "ours.py", ("--xla",)),
    "PyTorch eager": ("torch", "pytorch.py", ()),
    "torch.compile": ("torch", "pytorch.py", ("--compile",)),
    "plain Keras": ("here", "keras_io.py", ()),
}
ROUND = 1.0  # seconds of a side in a round


def measured(children: dict[str, Child], rounds: int) -> dict[str, list[float]]:
    """Seconds of a step of each side, by rounds in which the sides take turns."""
    steps = {name: max(1, round(ROUND / child.seconds(1))) for name, child in children.items()}
    found: dict[str, list[float]] = {name: [] for name in children}
    for turn in range(rounds):
        names = list(children) if turn % 2 == 0 else list(children)[::-1]
        for name in names:
            found[name].append(children[name].seconds(steps[name]) / steps[name])
    return found


def compare(row: str, sides: list[str], interpreters: dict[str, Any], rounds: int) -> None:
    """Measures a row and writes its record."""
    children = {}
    for name in sides:
        where, script, arguments = SIDES[name]
        children[name] = Child(interpreters[where], script, [row, *arguments], THREADS)
    parameters = {name: child.ready() for name, child in children.items()}
    print(row, parameters, flush=True)
    assert len(set(parameters.values())) == 1, f"The sides train different networks: {parameters}"
    times = measured(children, rounds)
    for child in children.values():
        child.end()
    ours = times.pop("ours")
    rate = {name: ROWS[row].batch / statistics.median(each) for name, each in {"ours": ours, **times}.items()}
    goals = {"plain Keras": "at least 1.3", "PyTorch eager": "at least 1.2" if ROWS[row].players else "at least 1.0"}
    goals["torch.compile"] = goals["PyTorch eager"]
    rows = []
    for name, each in times.items():
        ratios = [theirs / here for theirs, here in zip(each, ours, strict=True)]
        rows.append(speed.ratio(f"against {name}", ratios, goals.get(name, "")))
        print("{what}: {median:.2f} ({low:.2f} to {high:.2f})".format(**rows[-1]), flush=True)
    rates = ", ".join(f"{name} {value:,.4g}" for name, value in rate.items())
    print(rates, flush=True)
    speed.write(
        f"peers_{row}",
        f"Training steps: {ROWS[row].title}",
        f"Times faster than others: whole steps of `fit`, float32, {THREADS} threads, taking turns in one run. All "
        f"train {parameters['ours']:,} parameters with Adam.",
        rows,
        [f"Images a second: {rates}."],
    )


def limits(interpreters: dict[str, Any], rounds: int) -> None:
    """Measures the peak of the machine and writes its record."""
    rows, notes = [], []
    for kind in ("matmul", "convolution"):
        children = {
            "TensorFlow": Child(interpreters["here"], "peak.py", ["tensorflow", kind], THREADS),
            "PyTorch": Child(interpreters["torch"], "peak.py", ["torch", kind], THREADS),
        }
        for child in children.values():
            child.ready()
        times = measured(children, rounds)
        for child in children.values():
            child.end()
        ratios = [theirs / here for theirs, here in zip(times["PyTorch"], times["TensorFlow"], strict=True)]
        rows.append(speed.ratio(kind, ratios))
        reached = [f"{name} {peak.billions(kind) / min(each):.0f}" for name, each in times.items()]
        notes.append(f"GFLOP/s of the {kind} at best: {', '.join(reached)}.")
        print(notes[-1], flush=True)
    speed.write(
        "peers_peak",
        "Training steps: the machine's peak",
        f"TensorFlow's kernels with oneDNN, times faster than PyTorch's: a matrix multiplication of {peak.SIDE} and a "
        f"3x3 convolution of {peak.CHANNELS} channels, {peak.PIXELS} pixels, {peak.BATCH} images.",
        rows,
        notes,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join([*ROWS, "peak"]), help="separated by commas")
    parser.add_argument("--sides", default=",".join(SIDES), help="separated by commas; ours is one of them")
    parser.add_argument("--environment", type=Path, default=Path(".peers"), help="where PyTorch is, or is installed")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    interpreters = {"here": sys.executable, "torch": python(options.environment)}
    for row in options.rows.split(","):
        if row == "peak":
            limits(interpreters, options.rounds)
        else:
            compare(row, options.sides.split(","), interpreters, options.rounds)
