"""Records of measured results, and RESULTS.md, which is generated from them and never edited.

A record is one JSON file in ``results/`` and names its ``kind``, which selects its section of RESULTS.md. Runs of
recipes (`record`) have the kind of their task, whose module ``results`` makes record and section. Benchmarks write
records of kinds of their own: a module in `pipelines.results.benchmarks` with the name of the kind has ``section``, a
function of the records, and ``BELOW``, the task below which the section is placed, or None for the end of the page.
"""

import functools
import importlib
import json
import pkgutil
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import tasks
from pipelines.errors import UserError
from pipelines.results import benchmarks
from pipelines.runtime import store

PLACES = ("--output", "--push-to", "--workers", "--runner")  # options of `genssl run` that do not change any number

HEAD = """# Results

`genssl results` generates this page from the records in `results/`; do not edit it by hand. `genssl results --record
RUN_DIR` writes the record of a run.
"""


Section = Callable[[list[dict[str, Any]]], str]


@functools.cache
def sections() -> dict[str, Section]:
    """Returns kind of record -> its section, in the order of the page: each task, followed by its benchmarks."""
    modules = {
        it.name: importlib.import_module(f"{benchmarks.__name__}.{it.name}")
        for it in pkgutil.iter_modules(benchmarks.__path__)
    }
    found: dict[str, Section] = {}
    for task in (*tasks.names(), None):
        if task is not None:
            found[task] = tasks.results_of(task).section
        found |= {kind: module.section for kind, module in modules.items() if task == module.BELOW}
    return found


def record(run: Path, directory: Path) -> Path:
    """Writes the record of a run as ``<directory>/<recipe>.json``.

    Args:
        run: the directory of a finished run, ``<output>/runs/<recipe>/<id>``.
        directory: the directory of the records; made if missing.

    Raises:
        UserError: ``run`` has no ``metrics.json``.
    """
    try:
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{run}: is no directory of a finished run: it holds no metrics.json") from None
    recipe, evaluation, training = (metrics[key] for key in ("recipe", "evaluation", "training"))
    kind = recipe.get("task", "super_resolution")
    value = {
        "kind": kind,
        "recipe": recipe["name"],
        "command": without_places(metrics["command"]),
        **tasks.results_of(kind).record(metrics),
        "blessed": evaluation["blessed"],
        "seed": recipe["train"]["seed"],
        "steps": training["steps"],
        "phases": {name: phase["steps"] for name, phase in training["phases"].items()},
        "seconds": None if training["interrupted"] else training["seconds"],
        "device": training["device"],
        "weights": training["weights"],
        "bytes": metrics["export"]["bytes"],
        "parameters": {key: recipe[key] for key in ("prepare", "model", "loss", "train") if key in recipe},
        "versions": metrics["versions"],
    }
    path = directory / f"{recipe['name']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    store.write_json(path, value)
    return path


def render(directory: Path) -> str:
    """Returns RESULTS.md as text, made from all records.

    Raises:
        UserError: the kind of a record is unknown.
    """
    kinds: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(directory.rglob("*.json")):
        value = json.loads(path.read_text(encoding="utf-8"))
        if value.get("kind") not in sections():
            raise UserError(f"{path}: `kind` must be one of {', '.join(sections())}. Received: {value.get('kind')!r}")
        kinds.setdefault(value["kind"], []).append(value)
    return "\n".join([HEAD, *(section(kinds[kind]) for kind, section in sections().items() if kind in kinds)])


def without_places(command: str) -> str:
    """Returns a command without the options that only say where things are and how many processes work.

    >>> without_places("genssl run srgan --output out --set train.steps=3 --runner dask -- --dask_npartitions=2")
    'genssl run srgan --set train.steps=3'
    """
    kept, words = [], iter(shlex.split(command))
    for word in words:
        if word == "--":  # options for Beam follow
            break
        if word in PLACES:
            next(words, None)
        elif word.split("=")[0] not in PLACES:
            kept.append(word)
    return shlex.join(kept)
