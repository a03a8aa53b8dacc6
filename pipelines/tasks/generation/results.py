"""The section on generation: all generators of one data set and feature network in one table."""

from typing import Any

from pipelines.recipe.numbers import Number
from pipelines.report.markdown import commands, groups, joined, seconds, steps, table
from pipelines.tasks.generation.numbers import NUMBERS, PCA, REAL
from pipelines.tasks.generation.task import TASK

LIKELIHOODS = ("nll", "nll_below_ppca")  # they have a table of their own


def record(metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns what a run's record contains besides what all records contain."""
    evaluation = metrics["evaluation"]
    kept = ("numbers", "baselines", "images", "held_out", "learnt_from", "components", "features", "dim", "likelihood")
    return {
        "data": metrics["data"],
        **{key: evaluation[key] for key in kept if key in evaluation},
    }


def section(records: list[dict[str, Any]]) -> str:
    """Writes one table for each data set, image size and way of measuring; the best first."""

    def measured(value: dict[str, Any]) -> tuple[Any, ...]:
        prepare = value["parameters"]["prepare"]
        few = value.get("learnt_from", 0)
        return value["data"], prepare["size"], prepare["channels"], value["features"], value["images"], few

    return "\n".join(
        map(_generators, groups(records, measured, lambda value: value["numbers"].get("fid", float("inf"))))
    )


def _generators(records: list[dict[str, Any]]) -> str:
    first = records[0]
    measured = NUMBERS.columns(*(value["numbers"] for value in records))
    columns = [number for number in measured if number.name not in LIKELIHOODS]
    # Only some records also have the numbers of labelled samples for real images.
    real = {name: value for of in reversed(records) for name, value in of["baselines"]["real"].items()}
    baselines = {**first["baselines"], "real": real}
    beside = dict(TASK.numbers.rows({**first, "baselines": baselines}))
    head = ["recipe", "method", "trained weights", "steps", "seconds"]
    rows = [[*head, *(TASK.numbers.title(number, first) for number in columns)]]

    def row(heading: str, weights: str) -> list[list[str]]:
        if heading not in beside:
            return []
        return [["", heading, weights, "", "", *(number.written(beside[heading]) for number in columns)]]

    rows += row(TASK.numbers.heading(REAL, first), "")
    for value in records:
        rows.append(
            [
                f"`{value['recipe']}`",
                value["parameters"]["model"]["method"],
                f"{value['weights']:,}",
                steps(value),
                seconds(value),
                *(number.written(value["numbers"]) for number in columns),
            ]
        )
    if first["baselines"]["pca"]:
        rows += row(TASK.numbers.heading(PCA, first), "0")
    prepare = first["parameters"]["prepare"]
    return f"""## Generation: {first["data"]}, {prepare["size"]} x {prepare["size"]} pixels

{TASK.caption({**first, "baselines": baselines})}
KID is the unbiased estimate over subsets; precision and recall are those of Kynkaanniemi et al. 2019, density and
coverage those of Naeem et al. 2020. Seconds are those of training alone, on the device named after the command; they
are missing if the training was interrupted or waited for others.

{table(rows, text=2)}
{_of_methods(records)}{_likelihoods(records)}{commands(records)}
"""


def _of_methods(records: list[dict[str, Any]]) -> str:
    """Writes the numbers that only some methods have, one table for all methods with the same ones."""
    alike: dict[tuple[Number, ...], list[dict[str, Any]]] = {}
    for value in records:
        columns = tuple(it for it in TASK.numbers.columns(value["numbers"]) if it.name not in NUMBERS.names)
        if columns:
            alike.setdefault(columns, []).append(value)
    return "".join(f"{_own(columns, having)}\n" for columns, having in alike.items())


def _own(columns: tuple[Number, ...], records: list[dict[str, Any]]) -> str:
    """Writes one table of numbers of methods; below each record are the baselines that its method has."""
    rows = [["recipe", "method", *(TASK.numbers.title(number, records[0]) for number in columns)]]
    for value in records:
        method = value["parameters"]["model"]["method"]
        rows.append([f"`{value['recipe']}`", method, *(number.written(value["numbers"]) for number in columns)])
        own = {name: values for name, values in value["baselines"].items() if name not in (REAL.name, PCA.name)}
        for heading, values in TASK.numbers.rows({**value, "baselines": own}):
            rows.append(["", heading, *(number.written(values) for number in columns)])
    return table(rows, text=2)


def _likelihoods(records: list[dict[str, Any]]) -> str:
    """Writes the likelihoods of models that have one, next to those of probabilistic PCA."""
    having = [value for value in records if "likelihood" in value]
    if not having:
        return ""
    rows = [["recipe", "likelihood", "latents", "K", "-ELBO", "NLL", "NLL of probabilistic PCA", "difference"]]
    for value in having:
        of, numbers = value["likelihood"], value["numbers"]
        rows.append(
            [
                f"`{value['recipe']}`",
                of["likelihood"],
                f"{of['latents']}",
                f"{of['num_samples']:,}",
                f"{of['negative_elbo']:.1f}",
                TASK.numbers["nll"].written(numbers),
                "" if "ppca" not in of else f"{of['ppca']:.1f}",
                "" if "nll_below_ppca" not in numbers else f"{-numbers['nll_below_ppca']:.1f}",
            ]
        )
    images = joined(sorted({f"{value['likelihood']['images']:,}" for value in having}))
    return f"""NLL is the negative log-likelihood of {images} held-out images, in nats an image: the importance-weighted
estimate (Burda et al. 2015) from K draws, on average an upper bound. If the likelihood is a density, images are
dequantised. The likelihood of probabilistic PCA, with as many latents, is exact, on the same images.

{table(rows, text=2)}
"""
