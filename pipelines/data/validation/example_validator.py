"""ExampleValidator: statistics against a schema -> anomalies."""

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.data.statistics.counts import NAMES
from pipelines.data.statistics.statistics_gen import FILE as STATISTICS
from pipelines.data.validation import distances
from pipelines.data.validation.data_schema import DataSchema, Range
from pipelines.data.validation.schema_gen import shares
from pipelines.data.validation.section import Validate
from pipelines.runtime import code, store
from pipelines.runtime.artifact import Artifact, publish
from pipelines.runtime.component import Component, Kind

SPEC = Component("ExampleValidator", {"statistics": Kind.STATISTICS, "schema": Kind.SCHEMA}, Kind.ANOMALIES)
FILE = "anomalies.json"


@dataclasses.dataclass(frozen=True)
class Anomaly:
    """A part of the data that differs from the schema, or that no data should have.

    Attributes:
        rule: a key of `Validate`.
        split: the split with the anomaly; for a leak both, ``"train, eval"``.
        feature: the feature of the examples; for a leak all features with images.
        expected: the rule.
        received: what was found.
        names: the names of some examples that show it, if there are such.
    """

    rule: str
    split: str
    feature: str
    expected: str
    received: str
    names: tuple[str, ...] = ()


def example_validator(
    statistics: Artifact, schema: DataSchema, validate: Validate, output_dir: str | os.PathLike[str]
) -> Artifact:
    """Finds the anomalies of the data. It raises nothing; the `errors` of the artifact end a run.

    Args:
        statistics: the artifact of `statistics_gen`.
        schema: the schema to check against, from an earlier run or from the user.
        validate: the severity of each kind of anomaly.
        output_dir: the artifact is published as `<output_dir>/<digest>`.

    Returns:
        The artifact; `read` reads its `anomalies.json`.
    """
    execution: dict[str, Any] = {
        "component": "ExampleValidator",
        "inputs": {"statistics": statistics.content, "schema": store.digest(schema.model_dump(mode="json"))},
        "parameters": validate.model_dump(mode="json"),
        "code": code.digest(__name__),
        "versions": code.versions(),
    }

    def build(directory: Path) -> dict[str, Any]:
        found = anomalies(json.loads((statistics.path / STATISTICS).read_text(encoding="utf-8")), schema, validate)
        severities = [(anomaly, getattr(validate, anomaly.rule)) for anomaly in found]
        value = [
            {"severity": severity, **dataclasses.asdict(anomaly)}
            for anomaly, severity in sorted(severities, key=lambda one: one[1])  # errors first
            if severity != "ignore"
        ]
        store.write_json(directory / FILE, value)
        return {
            "format": 1,
            "content": store.digest(value),
            **execution,
            "files": {FILE: (directory / FILE).stat().st_size},
        }

    return publish(output_dir, execution, build)


def read(artifact: Artifact) -> list[dict[str, Any]]:
    """Returns the anomalies of an `example_validator`, errors first: `severity`, and the fields of `Anomaly`."""
    return json.loads((artifact.path / FILE).read_text(encoding="utf-8"))


def sentence(anomaly: Mapping[str, Any]) -> str:
    """Describes an anomaly in one line.

    >>> sentence({"rule": "size", "split": "eval", "feature": "image", "expected": "height 28 to 28", \
        "received": "29", "names": ["a"]})
    'size: `image` of split eval must have height 28 to 28. Received: 29 (a)'
    """
    names = f" ({', '.join(anomaly['names'])})" if anomaly["names"] else ""
    return (
        f"{anomaly['rule']}: `{anomaly['feature']}` of split {anomaly['split']} must have {anomaly['expected']}. "
        f"Received: {anomaly['received']}{names}"
    )


def anomalies(statistics: Mapping[str, Any], schema: DataSchema, validate: Validate) -> list[Anomaly]:
    """Yields all anomalies, whatever their severity, split by split."""
    found: list[Anomaly] = []
    for split, counts in statistics["splits"].items():
        found += _features(split, counts, statistics["features"], schema)
        if schema.labels is not None and "labels" in counts:
            found += _labels(split, counts, schema.labels)
        for feature, images in counts["images"].items():
            found += _images(split, feature, images, schema)
        found += _drift(split, counts, schema, validate)
    return [*found, *_untrained(statistics["splits"]), *_leaks(statistics["near_duplicates"])]


def _features(
    split: str, counts: Mapping[str, Any], features: Mapping[str, str], schema: DataSchema
) -> Iterator[Anomaly]:
    for feature, kind in schema.features.items():
        expected = f"a value ({kind}) in every example"
        if feature not in features:
            yield Anomaly("missing_feature", split, feature, expected, f"examples of {', '.join(sorted(features))}")
        elif feature in counts["missing"]:
            missing = counts["missing"][feature]
            received = f"{missing['examples']} of {counts['examples']} without"
            yield Anomaly("missing_feature", split, feature, expected, received, tuple(missing["names"]))
    for feature, images in counts["images"].items():
        bad = images["undecodable"]
        if bad["examples"]:
            received = f"{bad['examples']} that no decoder reads"
            yield Anomaly("unreadable_image", split, feature, "images only", received, tuple(bad["names"]))


def _labels(split: str, counts: Mapping[str, Any], labels: list[str]) -> Iterator[Anomaly]:
    for label, number in counts["labels"].items():
        if label not in labels and number:
            expected = f"one of the {len(labels)} labels of the schema"
            names = tuple(counts["of_label"][label])
            yield Anomaly("unseen_label", split, "label", expected, f"{label!r} in {number} examples", names)


def _untrained(splits: Mapping[str, Any]) -> Iterator[Anomaly]:
    """Yields classes that are evaluated but were never learnt."""
    known = {label for label, number in splits.get("train", {}).get("labels", {}).items() if number}
    for split, counts in splits.items():
        only = [label for label, number in counts.get("labels", {}).items() if number and label not in known]
        if only and split != "train" and "train" in splits:
            told = [f"{label!r} in {counts['labels'][label]} examples" for label in only[:NAMES]]
            more = f" and {len(only) - NAMES} more labels" if len(only) > NAMES else ""
            names = tuple(counts["of_label"][label][0] for label in only[:NAMES])
            received = f"{', '.join(told)}{more}"
            yield Anomaly("untrained_label", split, "label", "labels that split train has too", received, names)


def _images(split: str, feature: str, images: Mapping[str, Any], schema: DataSchema) -> Iterator[Anomaly]:
    rules = schema.images.get(feature)
    if rules is None or images["height"] is None:
        return
    for key, rule in (("height", "size"), ("width", "size"), ("brightness", "brightness")):
        allowed: Range = getattr(rules, key)
        ends = images["extremes"][key]
        outside = [(value, name) for value, name in ends["smallest"] if value < allowed.min]
        outside += [(value, name) for value, name in ends["largest"] if value > allowed.max]
        if outside:
            values = sorted({value for value, _ in outside})
            received = f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"
            expected = f"{key} {allowed.min:g} to {allowed.max:g}"
            yield Anomaly(rule, split, feature, expected, received, tuple(name for _, name in outside))
    for channels, number in images["channels"].items():
        if int(channels) not in rules.channels:
            expected = f"{' or '.join(map(str, rules.channels))} channels"
            names = tuple(images["of_channels"][channels])
            yield Anomaly("channels", split, feature, expected, f"{channels} channels in {number} images", names)


def _drift(split: str, counts: Mapping[str, Any], schema: DataSchema, validate: Validate) -> Iterator[Anomaly]:
    before = schema.shares.get(split)
    if before is None:
        return
    if before.labels and "labels" in counts:
        now = dict(zip(counts["labels"], shares(list(counts["labels"].values())), strict=True))
        distance, label = distances.largest_difference(before.labels, now)
        if distance > validate.label_distance:
            expected = f"shares of labels within {validate.label_distance:g} of the schema's"
            received = f"{now.get(label, 0):.3f} of {label!r} instead of {before.labels.get(label, 0):.3f}"
            yield Anomaly("label_drift", split, "label", expected, received)
    for feature, images in counts["images"].items():
        histograms = {"brightness": (before.brightness.get(feature), images["brightness"])}
        for channel, levels in images["colour"].items():
            histograms[channel] = (before.colour.get(feature, {}).get(channel), levels)
        for name, (old, new) in histograms.items():
            if not old or not sum(old) or not sum(new):
                continue
            distance = distances.jensen_shannon(old, shares(new))
            if distance > validate.image_distance:
                expected = f"a histogram of {name} within {validate.image_distance:g} of the schema's"
                yield Anomaly("image_drift", split, feature, expected, f"a divergence of {distance:.3f} bits")


def _leaks(near_duplicates: Mapping[str, Any] | None) -> Iterator[Anomaly]:
    if near_duplicates is None:
        return
    for between in near_duplicates["between"]:
        one, other = between["splits"]
        if one != other:
            number = between["pairs"]
            names = tuple(" = ".join(pair["names"]) for pair in between["nearest"][:5])
            received = f"{number} {'pair' if number == 1 else 'pairs'} of nearly equal images"
            feature = ", ".join(near_duplicates["features"])
            yield Anomaly("leak", f"{one}, {other}", feature, "no image in both", received, names)
