"""How long `genssl` and `import keras_genssl` take to start, in times of `import tensorflow`.

    python benchmarks/import_cost.py [--rounds 5] [--recipe super_resolution]

The warm run finds everything done: a run of 20 steps before the measurement prepares, trains, exports and pushes. All
commands take turns in fresh processes, so a busy machine slows all. It prints the seconds of each, their median and
spread. The ratios go to `results/speed/import_cost.json`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from pipelines.results.benchmarks import speed

BASE = "import tensorflow"
GENSSL = ("-m", "pipelines.cli.main")
PUSHED_ANYHOW = ("train.steps=20", "evaluate.bless.gain_db.min=-50", "evaluate.bless.least_gain_db.min=-50")


def commands(recipe: str, output: str) -> dict[str, tuple[str, ...]]:
    changes = [part for change in PUSHED_ANYHOW for part in ("--set", change)]
    return {
        BASE: ("-c", BASE),
        "import keras_genssl": ("-c", "import keras_genssl"),
        "import keras, then keras_genssl": ("-c", "import keras, keras_genssl"),
        "genssl --help": (*GENSSL, "--help"),
        "genssl recipes": (*GENSSL, "recipes"),
        f"genssl run {recipe}, all done before": (*GENSSL, "run", recipe, "--output", output, *changes),
    }


def seconds(command: tuple[str, ...]) -> float:
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    started = time.perf_counter()
    subprocess.run([sys.executable, *command], env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=5, help="times that each command runs")
    arguments.add_argument("--recipe", default="super_resolution", help="a recipe of super-resolution")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as output:
        run = commands(given.recipe, output)
        for command in (*run.values(), list(run.values())[-1]):  # the first run trains, the second pushes nothing
            seconds(command)
        taken = {name: [] for name in run}
        for _ in range(given.rounds):
            for name, command in run.items():
                taken[name].append(seconds(command))
    for name, values in taken.items():
        print(f"{statistics.median(values):7.2f} s ({min(values):.2f} to {max(values):.2f})  {name}")
    rows = []
    for name, values in taken.items():
        if name != BASE:
            rows.append(speed.ratio(name, [one / base for one, base in zip(values, taken[BASE], strict=True)]))
            print("{what}: {median:.2f} times ({low:.2f} to {high:.2f})".format(**rows[-1]))
    told = "; ".join(f"{name} {statistics.median(values):.2f} s" for name, values in taken.items())
    speed.write(
        "import_cost",
        "Start-up",
        "Wall time of a fresh process, divided by that of `import tensorflow` in the same round.",
        rows,
        [f"Medians: {told}."],
    )


if __name__ == "__main__":
    main()
