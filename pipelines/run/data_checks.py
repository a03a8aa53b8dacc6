"""The part of a run between ExampleGen and Prepare: statistics, schema, and the anomalies that end a run."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.console import Console
from pipelines.data.sources import Source as DataSource
from pipelines.data.validation.checked import Checked
from pipelines.errors import UserError
from pipelines.recipe.base import Recipe
from pipelines.run.steps import Steps
from pipelines.runtime import store
from pipelines.runtime.component import Kind, Source
from pipelines.runtime.engines import Workers

if TYPE_CHECKING:
    from pipelines.data.validation.data_schema import DataSchema


def check(
    recipe: Recipe,
    examples: Any,
    output: Path,
    workers: Workers,
    steps: Steps,
    console: Console,
    name: str = "",
) -> Checked:
    """Runs StatisticsGen, SchemaGen and ExampleValidator on the examples.

    The data is checked against ``data.schema``. Without it, it is checked against the schema that was inferred in the
    first valid run of the recipe on this source (`accepted`), which a user may edit or remove.

    Args:
        recipe: a checked recipe.
        examples: the examples of the input.
        output: the directory for everything that runs write.
        workers: the number of processes that count, or the engine that has them.
        steps: executes the components.
        console: shows the progress.
        name: the name of the input; empty for a single unnamed input.

    Raises:
        UserError: a shard is damaged, the schema cannot be used, or an anomaly is an error.
    """
    from pipelines.data.statistics import statistics_gen
    from pipelines.data.validation import data_schema, example_validator, schema_gen

    def count() -> Any:
        with console.preparing() as shown:
            return statistics_gen.statistics_gen(examples, output / "statistics", workers=workers, tell=shown.update)

    source, of = recipe.inputs[name], f"{name}: " if name else ""
    statistics = steps.run(
        statistics_gen.SPEC,
        {"examples": examples},
        count,
        lambda it: of + _counted(_json(it.path / statistics_gen.FILE)),
    )
    inferred = steps.run(
        schema_gen.SPEC,
        {"statistics": statistics},
        lambda: schema_gen.schema_gen(statistics, output / "schemas" / "inferred"),
        lambda it: of + _described(data_schema.load(it.path / schema_gen.FILE)),
    )
    home, named = accepted(recipe, output, name), source.schema_file
    against = Path(named) if named is not None else home if home.is_file() else None
    schema = given(source) or data_schema.load(against or inferred.path / schema_gen.FILE)
    validated = steps.run(
        example_validator.SPEC,
        {"statistics": statistics, "schema": Source(Kind.SCHEMA, str(against)) if against else inferred},
        lambda: example_validator.example_validator(statistics, schema, source.validation, output / "validation"),
        lambda it: of + _judged(example_validator.read(it)),
    )
    anomalies = example_validator.read(validated)
    errors = [example_validator.sentence(anomaly) for anomaly in anomalies if anomaly["severity"] == "error"]
    if errors:
        which, key = (f" of {name}", f"data.{name}.validate") if name else ("", "data.validate")
        raise UserError(
            f"The data{which} {f'is not as {against} says' if against else 'cannot be used'}; nothing was trained.\n  "
            + "\n  ".join(errors)
            + f"\nAll anomalies: {validated.path / example_validator.FILE}; `{key}` says which end a run"
        )
    if against is None:
        home.parent.mkdir(parents=True, exist_ok=True)
        store.write_text(home, (inferred.path / schema_gen.FILE).read_text(encoding="utf-8"))
    return Checked(_json(statistics.path / statistics_gen.FILE), anomalies, str(against) if against else None)


def given(source: DataSource) -> "DataSchema | None":
    """Reads the schema that a source names.

    Raises:
        UserError: the schema cannot be used.
    """
    from pipelines.data.validation import data_schema

    return None if source.schema_file is None else data_schema.load(source.schema_file)


def accepted(recipe: Recipe, output: Path, name: str = "") -> Path:
    """Returns the file of the schema that later runs of a recipe on the same source are checked against."""
    identity = store.digest(recipe.inputs[name].identity())[:12]
    file = f"{name}-{identity}.yaml" if name else f"{identity}.yaml"
    return output / "schemas" / "accepted" / recipe.name / file


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _counted(statistics: dict[str, Any]) -> str:
    number = sum(split["examples"] for split in statistics["splits"].values())
    between = (statistics["near_duplicates"] or {"between": []})["between"]
    within = sum(one["pairs"] for one in between if len(set(one["splits"])) == 1)
    across = sum(one["pairs"] for one in between if len(set(one["splits"])) == 2)
    return f"{number:,} examples, {within:,} near-duplicates in a split, {across:,} across splits"


def _described(schema: Any) -> str:
    sizes = [
        f"{name} {rules.height.min:g} to {rules.height.max:g} x {rules.width.min:g} to {rules.width.max:g}"
        for name, rules in schema.images.items()
    ]
    labels = [f"{len(schema.labels)} labels"] if schema.labels else []
    return ", ".join([f"{len(schema.features)} features", *sizes, *labels])


def _judged(anomalies: list[dict[str, Any]]) -> str:
    if not anomalies:
        return "no anomaly"
    errors = sum(anomaly["severity"] == "error" for anomaly in anomalies)
    warnings = len(anomalies) - errors
    rules = ", ".join(dict.fromkeys(anomaly["rule"] for anomaly in anomalies))
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}: {rules}"
