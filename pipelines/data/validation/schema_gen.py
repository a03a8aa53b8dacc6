"""SchemaGen: statistics -> an inferred schema."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pipelines.data.statistics.statistics_gen import FILE as STATISTICS
from pipelines.data.validation import data_schema
from pipelines.data.validation.data_schema import DataSchema, ImageRules, Range, Shares
from pipelines.runtime import code, store
from pipelines.runtime.artifact import Artifact, publish
from pipelines.runtime.component import Component, Kind

SPEC = Component("SchemaGen", {"statistics": Kind.STATISTICS}, Kind.SCHEMA)
FILE = "schema.yaml"
SLACK = 0.25  # the share by which a size may be below the smallest or above the largest
BRIGHTNESS_SLACK = 16.0  # levels of 255
_CHANNELS: tuple[Literal[1], Literal[3]] = (1, 3)
_ENDS = ("smallest", "largest")


def schema_gen(statistics: Artifact, output_dir: str | os.PathLike[str]) -> Artifact:
    """Infers a schema: the features and labels that are there, and ranges around the values that were seen.

    A range of sizes extends a quarter beyond the smallest and the largest, unless all are equal: then it is exact. The
    range of mean levels extends 16 levels.

    Args:
        statistics: the artifact of `statistics_gen`.
        output_dir: the artifact is published as `<output_dir>/<digest>`.

    Returns:
        The artifact; `data_schema.load` reads its `schema.yaml`.
    """
    execution: dict[str, Any] = {
        "component": "SchemaGen",
        "inputs": {"statistics": statistics.content},
        "parameters": {"slack": SLACK, "brightness_slack": BRIGHTNESS_SLACK},
        "code": code.digest(__name__),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        schema = infer(json.loads((statistics.path / STATISTICS).read_text(encoding="utf-8")))
        store.write_text(directory / FILE, data_schema.dump(schema))
        return {
            "format": 1,
            "content": store.digest(schema.model_dump(mode="json")),
            **execution,
            "files": {FILE: (directory / FILE).stat().st_size},
        }

    return publish(output_dir, execution, build)


def infer(statistics: Mapping[str, Any]) -> DataSchema:
    """Infers the schema from statistics."""
    splits = statistics["splits"]
    rules = {}
    for feature, kind in statistics["features"].items():
        found = [split["images"][feature] for split in splits.values() if feature in split["images"]]
        found = [images for images in found if images["height"] is not None]
        if kind in ("image", "grey") and found:
            rules[feature] = _rules(found)
    return DataSchema(
        format=1,
        features=statistics["features"],
        labels=statistics["labels"] if "label" in statistics["features"] else None,
        images=rules,
        shares={name: _shares(split) for name, split in splits.items()},
    )


def _rules(found: Sequence[Mapping[str, Any]]) -> ImageRules:
    levels = [[value for value, _ in images["extremes"]["brightness"][end]] for images in found for end in _ENDS]
    low, high = min(map(min, levels)), max(map(max, levels))
    return ImageRules(
        height=_size([images["height"] for images in found]),
        width=_size([images["width"] for images in found]),
        channels=[channels for channels in _CHANNELS if any(str(channels) in images["channels"] for images in found)],
        brightness=Range(
            min=float(math.floor(max(0.0, low - BRIGHTNESS_SLACK))),
            max=float(math.ceil(min(255.0, high + BRIGHTNESS_SLACK))),
        ),
    )


def _size(sizes: Sequence[Mapping[str, int]]) -> Range:
    low, high = min(size["min"] for size in sizes), max(size["max"] for size in sizes)
    if low == high:
        return Range(min=float(low), max=float(high))
    return Range(min=float(max(1, math.floor(low * (1 - SLACK)))), max=float(math.ceil(high * (1 + SLACK))))


def _shares(split: Mapping[str, Any]) -> Shares:
    return Shares(
        labels=dict(zip(split.get("labels", {}), shares(list(split.get("labels", {}).values())), strict=True)),
        brightness={feature: shares(images["brightness"]) for feature, images in split["images"].items()},
        colour={
            feature: {channel: shares(counts) for channel, counts in images["colour"].items()}
            for feature, images in split["images"].items()
        },
    )


def shares(counts: Sequence[int]) -> list[float]:
    """Returns counts as shares of their sum, rounded to six digits.

    >>> shares([1, 2, 0])
    [0.333333, 0.666667, 0.0]
    """
    total = sum(counts)
    return [round(count / total, 6) if total else 0.0 for count in counts]
