"""The report of a run: one self-contained HTML file."""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import jinja2
import yaml

from pipelines.data.validation.checked import Checked
from pipelines.recipe.base import Recipe
from pipelines.report import curves, data
from pipelines.report import graph as drawing
from pipelines.report.judgement import Judgement, Picture
from pipelines.runtime.component import Step
from pipelines.runtime.lineage import Graph


@dataclasses.dataclass(frozen=True)
class Input:
    """What the report shows of one input.

    Attributes:
        table: statistic -> value.
        picture: a picture of the prepared examples.
        dead_letters: dicts of ``path``, ``stage``, ``error`` and ``message``.
        checked: the result of the data checks.
    """

    table: dict[str, Any]
    picture: Picture
    dead_letters: list[dict[str, Any]]
    checked: Checked | None = None

    @property
    def statistics(self) -> dict[str, Any] | None:
        """Returns what the template needs from the statistics."""
        return data.view(self.checked.statistics) if self.checked else None


@dataclasses.dataclass(frozen=True)
class Contents:
    """Everything that the report shows.

    Attributes:
        recipe: the recipe as it was run, with overrides applied.
        evaluation: the result of the evaluator.
        judgement: what the task shows of the evaluation.
        history: phase -> metric -> one value per epoch.
        training: the result of the trainer.
        export: the result of the exporter.
        usage: Python code that uses the pushed model; ``{path}`` stands for its directory.
        pushed: where the model was pushed; None if it was not.
        inputs: the inputs by name; a single unnamed input has the empty string as its name.
        steps: the components in order.
        versions: package -> version.
        command: the command that was typed.
        started: date and time, ISO 8601.
        graph: what each component read and made; None if it is not drawn.
    """

    recipe: Recipe
    evaluation: dict[str, Any]
    judgement: Judgement
    history: dict[str, dict[str, list[float]]]
    training: dict[str, Any]
    export: dict[str, Any]
    usage: str
    pushed: Path | None
    inputs: dict[str, Input]
    steps: list[Step]
    versions: dict[str, str]
    command: str
    started: str
    graph: Graph | None = None


def render(contents: Contents) -> str:
    """Renders the report as HTML text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["grouped"] = lambda value: (
        f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if isinstance(value, int) else value
    )
    environment.filters["inline"] = _inline
    usage = None if contents.pushed is None else contents.usage.replace("{path}", json.dumps(str(contents.pushed)))
    parameters = contents.recipe.model_dump(mode="json", by_alias=True, exclude={"full_scale", "name", "description"})
    return environment.get_template("report.html.j2").render(
        vars(contents)
        | {
            "usage": usage,
            "drawn": drawing.svg(contents.graph) if contents.graph else None,
            "curves": curves.svgs(contents.history),
            "parameters": yaml.safe_dump(parameters, sort_keys=False),
            "seconds": sum(step.seconds for step in contents.steps),
        }
    )


def _inline(path: Path) -> str:
    """Returns a PNG file as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
