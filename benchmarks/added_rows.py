"""Rows of new settings in a record whose other rows are not measured again."""

import json
import pathlib
from typing import Any

OF_A_RUN = ("command", "rows", "truth", "device", "versions")  # what two runs of one benchmark may differ in


def added(path: pathlib.Path, record: dict[str, Any]) -> dict[str, Any]:
    """Returns the record in a file with the rows of a new one; rows of the same setting and seed are replaced.

    Args:
        path: the file.
        record: a record of the same benchmark, whose ``rows`` have a ``setting`` and a ``seed``.

    Raises:
        SystemExit: there is no such file, or the two were not made by the same numbers.
    """
    if not path.is_file():
        raise SystemExit(f"{path}: holds no record to add rows to; run without --add first")
    old = json.loads(path.read_text(encoding="utf-8"))
    unlike = [
        key for key in sorted(old.keys() | record.keys()) if key not in OF_A_RUN and old.get(key) != record.get(key)
    ]
    if unlike:
        told = ", ".join(f"{key}={old.get(key)!r} there and {record.get(key)!r} here" for key in unlike)
        raise SystemExit(f"{path}: rows can only be added to a record of the same numbers. Received: {told}")
    rows = {(row["setting"], row["seed"]): row for row in (*old["rows"], *record["rows"])}
    return {**old, "rows": list(rows.values())}
