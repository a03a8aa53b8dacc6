"""What the sections of RESULTS.md share: tables, lists, versions."""

from typing import Any


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
