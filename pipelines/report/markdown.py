"""What the sections of RESULTS.md share: tables, lists, versions."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

Record = dict[str, Any]


def groups(
    records: list[Record], alike: Callable[[Record], tuple[Any, ...]], worth: Callable[[Record], float]
) -> list[list[Record]]:
    """Returns the records that one table compares, table by table.

    Args:
        records: the records of a task.
        alike: what the records of one table have in common; tables are sorted by it.
        worth: records of one table are sorted by it, the smallest first, and then by the name of the recipe.
    """
    ordered = sorted(records, key=lambda record: (alike(record), worth(record), record["recipe"]))
    return [list(group) for _, group in groupby(ordered, alike)]


def versions(known: dict[str, str]) -> str:
    """Lists the versions that a number was measured with."""
    return ", ".join(f"{name} {known[name]}" for name in ("keras", "tensorflow") if name in known)


def joined(names: list[str]) -> str:
    """Returns ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def seconds(value: dict[str, Any]) -> str:
    """Returns the seconds of a record; empty if its training was interrupted."""
    return "" if value["seconds"] is None else f"{value['seconds']:.0f}"


def steps(value: dict[str, Any]) -> str:
    """Returns the steps of a record's phases."""
    return " + ".join(f"{number:,}" for number in value["phases"].values())


def commands(records: list[dict[str, Any]]) -> str:
    """Returns the commands that make the records again."""
    return "\n".join(
        f"- `{value['command']}` (seed {value['seed']}, {value['device']}, {versions(value['versions'])})"
        for value in records
    )


def table(rows: list[list[str]], text: int) -> str:
    """Returns a Markdown table; all columns but the first ``text`` are numbers and aligned right."""
    rule = ["---" if column < text else "---:" for column in range(len(rows[0]))]
    return "".join(f"| {' | '.join(row)} |\n" for row in [rows[0], rule, *rows[1:]])
