"""Representation: all methods of one data set in one table, above raw pixels, PCA and a random encoder."""

from itertools import groupby
from typing import Any

from pipelines.results.tables import commands, joined, seconds, steps, table
from pipelines.tasks.representation.methods import colour
from pipelines.tasks.representation.show import BASELINES, NAMES, caption, number, title

_SHARED = ("images", "known", "classes", "neighbours", "labels_per_class", "components")
_OWN_NETWORKS = [name for name, method in vars(colour).items() if getattr(method, "own_network", False)]
_FROM_LABELS = ("EmbeddingModel", "PairEmbeddingModel", "TripletEmbeddingModel")


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """What a run's record holds besides what all have."""
    evaluation = metrics["evaluation"]
    return {
        "data": metrics["data"],
        **{key: evaluation[key] for key in (*_SHARED, "numbers", "baselines", "penultimate", "dim")},
    }


def section(records: list[dict[str, Any]]) -> str:
    """One table for each data set, size and choice of classes; the best first."""

    def measured(value: dict[str, Any]) -> tuple[Any, ...]:
        prepare = value["parameters"]["prepare"]
        shared = [value[key] for key in _SHARED if key != "classes"]
        return value["data"], prepare["size"], prepare["channels"], value["classes"] or [], *shared

    def worth(value: dict[str, Any]) -> float:
        numbers = value["numbers"]
        return -next((numbers[name] for name in ("few_label", "unseen_recall_at_1", "knn") if name in numbers), 0.0)

    ordered = sorted(records, key=lambda value: (measured(value), worth(value), value["recipe"]))
    return "\n".join(_encoders(list(group)) for _, group in groupby(ordered, measured))


def _encoders(records: list[dict[str, Any]]) -> str:
    shown = [name for name in NAMES if any(name in value["numbers"] for value in records)]
    first = records[0]
    rows = [["recipe", "method", "encoder", "width", "steps", "seconds", *(title(name, first) for name in shown)]]
    for value in records:
        rows.append([*_about(value), *(number(name, value["numbers"]) for name in shown)])
        if value["penultimate"]:
            penultimate = [f"`{value['recipe']}`, below the embedding", *[""] * 5]
            rows.append([*penultimate, *(number(name, value["penultimate"]) for name in shown)])
    rows += _baselines(records, shown)
    prepare = first["parameters"]["prepare"]
    of = "" if first["classes"] is None else f", trained on the classes {' '.join(map(str, first['classes']))}"
    methods = {value["parameters"]["model"]["method"] for value in records}
    learners = [f"`{name}`" for name in _FROM_LABELS if name in methods]
    learn = "learns" if len(learners) == 1 else "learn"
    labels = f"{joined(learners)} {learn} from all labels, the other methods from none." if learners else ""
    return f"""## Representation: {first["data"]}, {prepare["size"]} x {prepare["size"]} pixels{of}

{caption(first)} The random encoder is the same architecture before any training. \
{labels or "No method learns from labels."}

{table(rows, text=3)}
{_not_above_random(records, shown)}{commands(records)}
"""


def _baselines(records: list[dict[str, Any]], shown: list[str]) -> list[list[str]]:
    """A row for each baseline, and of the random encoder for each encoder."""
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for value in records:
        for name, text in BASELINES.items():
            numbers = value["baselines"].get(name)
            who, encoder = text.format(components=value["components"]), _encoder(value) if name == "random" else ""
            if numbers:
                rows.setdefault((who, encoder), numbers)
    return [
        ["", who, encoder, "", "", "", *(number(key, numbers) for key in shown)]
        for (who, encoder), numbers in rows.items()
    ]


def _not_above_random(records: list[dict[str, Any]], shown: list[str]) -> str:
    """A line for each recipe whose features are not worth more than those of its encoder before any training."""
    lines = []
    for value in records:
        numbers, random = value["numbers"], value["baselines"].get("random") or {}
        lost = [
            f"{title(name, value)} ({number(name, numbers)} against {number(name, random)})"
            for name in shown
            if name in numbers and name in random and numbers[name] <= random[name]
        ]
        if lost:
            lines.append(f"`{value['recipe']}` does not beat the random encoder by {joined(lost)}.\n")
    return "".join(f"{line}\n" for line in lines)


def _about(value: dict[str, Any]) -> list[str]:
    model = value["parameters"]["model"]
    kind = f", {model['objective']['kind'].replace('_', ' ')}" if "objective" in model else ""
    return [
        f"`{value['recipe']}`",
        f"{model['method']}{kind}",
        _encoder(value),
        f"{value['dim']}",
        steps(value),
        seconds(value),
    ]


def _encoder(value: dict[str, Any]) -> str:
    method, encoder = (value["parameters"]["model"][key] for key in ("method", "encoder"))
    filters = "" if encoder["filters"] is None else f", {encoder['filters']} filters"
    normalization = ", layer normalisation" if encoder.get("normalization") == "layer" else ""
    owner = f" of {method}" if method in _OWN_NETWORKS else ""
    return f"{encoder['network']}{owner}{filters}{normalization}"
