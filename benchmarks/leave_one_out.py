"""The gain of the recipe on every embedded colour photograph, each held out of training in turn.

Run as `python benchmarks/leave_one_out.py [--steps N] [--output DIR]`, in the root of the repository; then
`genssl results`. The two views of the motorcycle show one scene and are held out together. Each training is a run of
`super_resolution` in DIR, so the same command continues after an interruption. The table,
`results/leave_one_out.json`, is written when all are done.
"""

import argparse
import json
import shlex
import statistics
import sys
import time
from pathlib import Path

from pipelines.console import Console
from pipelines.results import without_places
from pipelines.run import loading as recipes
from pipelines.run import run
from pipelines.runtime import device, store

RECIPE = "super_resolution"
SCENES = [["motorcycle_left", "motorcycle_right"]]
TABLE = Path("results/leave_one_out.json")


def groups():
    """Returns groups of photographs: single ones, or those of one scene."""
    device.start()  # quietly: keras_genssl.data imports TensorFlow
    from keras_genssl.data import embedded_photographs

    twins = [name for scene in SCENES for name in scene]
    return [[name] for name in embedded_photographs() if name not in twins] + SCENES


def train(names, steps, output, console):
    """Returns the `metrics.json` of one run with these photographs held out."""
    changes = [
        f"data.held_out=[{', '.join(names)}]",
        f"train.steps={steps}",
        "evaluate.bless=null",  # measured but never blessed, so nothing is pushed
    ]
    outcome = run.run(recipes.load(RECIPE, changes), output, console=console)
    return json.loads((outcome.report.parent / "metrics.json").read_text(encoding="utf-8"))


def table(metrics):
    """Returns the record of all runs."""
    first = metrics[0]
    images = sorted((row for value in metrics for row in value["evaluation"]["images"]), key=lambda row: row["name"])
    interrupted = any(value["training"]["interrupted"] for value in metrics)
    numbers = [key for key, value in images[0].items() if isinstance(value, float)]
    return {
        "kind": "leave_one_out",
        "recipe": RECIPE,
        "command": without_places(shlex.join(["python", "benchmarks/leave_one_out.py", *sys.argv[1:]])),
        "scale": first["recipe"]["prepare"]["scale"],
        "metric": first["evaluation"]["metric"],
        "groups": [sorted(row["name"] for row in value["evaluation"]["images"]) for value in metrics],
        "images": images,
        "mean": {key: statistics.fmean(row[key] for row in images) for key in numbers},
        "seed": first["recipe"]["train"]["seed"],
        "steps": first["training"]["steps"],
        "seconds": None if interrupted else sum(value["training"]["seconds"] for value in metrics),
        "device": first["training"]["device"],
        "versions": first["versions"],
    }


def main(steps, output):
    console, metrics, everything = Console(), [], groups()
    started = time.monotonic()
    for number, names in enumerate(everything, 1):
        console.start(f"[{number}/{len(everything)}] held out: {', '.join(names)}")
        metrics.append(train(names, steps, output, console))
        left = (time.monotonic() - started) / number * (len(everything) - number) / 60
        for row in metrics[-1]["evaluation"]["images"]:
            console.result(row["name"], f"{row['gain_db']:+.2f} dB; about {left:.0f} minutes left")
    TABLE.parent.mkdir(exist_ok=True)
    store.write_json(TABLE, table(metrics))
    console.result("Table", TABLE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--output", type=Path, default=Path("out/leave_one_out"))
    arguments = parser.parse_args()
    main(arguments.steps, arguments.output)
