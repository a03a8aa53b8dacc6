"""Ratios of what is measured to something in the same process or run (``benchmarks/``), and what they compare."""

from __future__ import annotations

import shlex
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.report.markdown import table, versions
from pipelines.runtime import code, store

BELOW = None

DIRECTORY = Path("results/speed")


def ratio(what: str, values: Sequence[float], asked: str = "") -> dict[str, Any]:
    """Returns a row with the median, the smallest and the largest of a ratio's rounds.

    >>> ratio("batch 256", [3.0, 1.0, 2.0])
    {'what': 'batch 256', 'median': 2.0, 'low': 1.0, 'high': 3.0, 'rounds': 3, 'asked': ''}
    """
    return {
        "what": what,
        "median": statistics.median(values),
        "low": min(values),
        "high": max(values),
        "rounds": len(values),
        "asked": asked,
    }


def write(name: str, title: str, text: str, rows: Sequence[dict[str, Any]], notes: Sequence[str] = ()) -> Path:
    """Writes ``results/speed/<name>.json`` below the current directory.

    Args:
        name: the name of the file.
        title: the title of the table.
        text: what is compared with what.
        rows: rows made by `ratio`.
        notes: sentences with other measurements, below the table.
    """
    from pipelines.runtime import device

    DIRECTORY.mkdir(parents=True, exist_ok=True)
    record = {
        "kind": "speed",
        "title": title,
        "text": text,
        "rows": list(rows),
        "notes": list(notes),
        "command": shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "device": device.start(),
        "versions": code.versions(),
    }
    path = DIRECTORY / f"{name}.json"
    store.write_json(path, record)
    return path


def section(records: list[dict[str, Any]]) -> str:
    """Writes all comparisons in one section."""
    return "\n".join(["## Speed\n", *(_comparison(value) for value in sorted(records, key=lambda one: one["title"]))])


def _comparison(value: dict[str, Any]) -> str:
    is_asked = any(row["asked"] for row in value["rows"])
    rows = [["", "median", "of rounds", "least to largest", *(["asked"] if is_asked else [])]]
    for row in value["rows"]:
        numbers = [f"{row['median']:.2f}", f"{row['rounds']}", f"{row['low']:.2f} to {row['high']:.2f}"]
        rows.append([row["what"], *numbers, *([row["asked"]] if is_asked else [])])
    notes = "".join(f"{note}\n\n" for note in value["notes"])
    return f"""### {value["title"]}

{value["text"]}

{table(rows, text=1)}
{notes}- `{value["command"]}` ({value["device"]}, {versions(value["versions"])})
"""
