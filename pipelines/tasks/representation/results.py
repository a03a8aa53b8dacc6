"""The section on representation: all methods of one data set in one table, above pixels, PCA and a random encoder."""

from typing import Any

from pipelines.recipe.numbers import Number, Values
from pipelines.report.markdown import commands, groups, joined, seconds, steps, table
from pipelines.tasks.representation.methods import colour
from pipelines.tasks.representation.numbers import NUMBERS, RANDOM
from pipelines.tasks.representation.task import TASK

_SHARED = ("images", "known", "classes", "neighbours", "labels_per_class", "components")
_OWN_NETWORKS = [name for name, method in vars(colour).items() if getattr(method, "own_network", False)]
_FROM_LABELS = ("EmbeddingModel", "PairEmbeddingModel", "TripletEmbeddingModel")


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns what a run's record contains besides what all records contain."""
    evaluation = metrics["evaluation"]
    return {
        "data": metrics["data"],
        **{key: evaluation[key] for key in (*_SHARED, "numbers", "baselines", "penultimate", "dim")},
    }


def section(records: list[dict[str, Any]]) -> str:
    """Writes one table for each data set, size and choice of classes; the best first."""

    def measured(value: dict[str, Any]) -> tuple[Any, ...]:
        prepare = value["parameters"]["prepare"]
        shared = [value[key] for key in _SHARED if key != "classes"]
        return value["data"], prepare["size"], prepare["channels"], value["classes"] or [], *shared

    def worth(value: dict[str, Any]) -> float:
        number = NUMBERS.first(value["numbers"])
        return 0.0 if number is None else -value["numbers"][number.name]

    return "\n".join(map(_encoders, groups(records, measured, worth)))


def _encoders(records: list[dict[str, Any]]) -> str:
    columns = NUMBERS.columns(*(value["numbers"] for value in records))
    first = records[0]
    head = ["recipe", "method", "encoder", "width", "steps", "seconds"]
    rows = [[*head, *(NUMBERS.title(number, first) for number in columns)]]
    for value in records:
        rows.append([*_about(value), *(number.written(value["numbers"]) for number in columns)])
        if value["penultimate"]:
            penultimate = [f"`{value['recipe']}`, below the embedding", *[""] * 5]
            rows.append([*penultimate, *(number.written(value["penultimate"]) for number in columns)])
    rows += _baselines(records, columns)
    prepare = first["parameters"]["prepare"]
    of = "" if first["classes"] is None else f", trained on the classes {' '.join(map(str, first['classes']))}"
    methods = {value["parameters"]["model"]["method"] for value in records}
    learners = [f"`{name}`" for name in _FROM_LABELS if name in methods]
    learn = "learns" if len(learners) == 1 else "learn"
    labels = f"{joined(learners)} {learn} from all labels, the other methods without labels." if learners else ""
    return f"""## Representation: {first["data"]}, {prepare["size"]} x {prepare["size"]} pixels{of}

{TASK.caption(first)} The random encoder is the same network before any training. \
{labels or "No method learns from labels."}

{table(rows, text=3)}
{_not_above_random(records, columns)}{commands(records)}
"""


def _baselines(records: list[dict[str, Any]], columns: list[Number]) -> list[list[str]]:
    """Returns a row for each baseline; the random encoder has one for each encoder."""
    rows: dict[tuple[str, str], Values] = {}
    for value in records:
        for heading, values in NUMBERS.rows(value):
            rows.setdefault((heading, _encoder(value) if heading == RANDOM.heading else ""), values)
    return [
        ["", heading, encoder, "", "", "", *(number.written(values) for number in columns)]
        for (heading, encoder), values in rows.items()
    ]


def _not_above_random(records: list[dict[str, Any]], columns: list[Number]) -> str:
    """Writes a line for each recipe whose features are no better than those of its encoder before any training."""
    lines = []
    for value in records:
        numbers, random = value["numbers"], value["baselines"].get(RANDOM.name) or {}
        lost = [
            f"{NUMBERS.title(number, value)} ({number.written(numbers)} against {number.written(random)})"
            for number in columns
            if number.name in numbers and number.name in random and numbers[number.name] <= random[number.name]
        ]
        if lost:
            lines.append(f"`{value['recipe']}` does not beat the random encoder by {joined(lost)}.\n")
    return "".join(f"{line}\n" for line in lines)


def _about(value: dict[str, Any]) -> list[str]:
    model = value["parameters"]["model"]
    kind = f", {model['loss']['kind'].replace('_', ' ')}" if "loss" in model else ""
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
