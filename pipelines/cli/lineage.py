"""``genssl runs`` and ``genssl lineage``: what was run, and what a model was made of."""

import dataclasses
import enum
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import rich.box
import rich.table
import rich.tree
import typer
from rich.text import Text

from pipelines.console import Terminal, document, line
from pipelines.errors import UserError

if TYPE_CHECKING:
    from pipelines.runtime import history
    from pipelines.runtime.lineage import Artifact, Execution, Graph

_STATES = {"complete": "green", "cached": "cyan", "running": "yellow", "failed": "red", "interrupted": "magenta"}


class Form(enum.StrEnum):
    """The format of printed output."""

    text = "text"
    json = "json"


class DrawnForm(enum.StrEnum):
    """The format of printed output, or a drawing."""

    text = "text"
    json = "json"
    svg = "svg"


Number = Annotated[
    int | None,
    typer.Argument(
        metavar="[RUN]", min=1, max=2**63 - 1, help="The number of a run: show its details."
    ),  # SQLite's most
]
Output = Annotated[Path, typer.Option(help="The --output of the runs.")]
Format = Annotated[Form, typer.Option("--format", help="text for people, json for programs.")]


def runs(
    number: Number = None,
    output: Output = Path("out"),
    form: Format = Form.text,
) -> None:
    """List the runs, or show one.

    The list shows state, seconds, whether the model was blessed, and its numbers.
    """
    from pipelines.runtime import history, lineage
    from pipelines.runtime.metadata import Metadata

    metadata = Metadata(_there(output))
    if number is None:
        found = history.runs(metadata)
        if form == Form.json:
            _print_json([dataclasses.asdict(run) for run in found])
        else:
            _terminal().print(_table(found))
        return
    run, graph = history.run(metadata, number), lineage.of_run(metadata, number)
    if form == Form.json:
        _print_json({**dataclasses.asdict(run), **graph.json()})
    else:
        _terminal().print(_details(run), _components(graph))


def lineage(
    path: Annotated[Path, typer.Argument(help="A pushed model, or a directory of a run, of records or of vectors.")],
    output: Annotated[
        Path | None, typer.Option(help="The --output of the runs; by default it is found above PATH.")
    ] = None,
    images: Annotated[bool, typer.Option("--images", help="Also list every image by key and name.")] = False,
    form: Annotated[
        DrawnForm, typer.Option("--format", help="text for people, json for programs, svg for a drawing.")
    ] = DrawnForm.text,
) -> None:
    """Show what a model was made from.

    Shows the images, the code and the parameters that made a model, or any other result of a run.
    """
    from pipelines.runtime import lineage
    from pipelines.runtime.metadata import Metadata

    home = _there(output) if output is not None else lineage.home(path) or _there(Path("out"))
    graph = lineage.of_path(Metadata(home), path)
    if form == DrawnForm.svg:
        from pipelines.report import graph as drawing

        if images:
            raise UserError("--images: is for the forms text and json; it cannot be drawn")
        svg = drawing.document(graph)
        document(svg.encode("ascii", "xmlcharrefreplace").decode())  # a single text, whatever the stream can encode
        return
    shown = list(_images(graph)) if images else []
    if form == DrawnForm.json:
        _print_json({**graph.json(), **({"images": shown} if images else {})})
        return
    terminal = _terminal()
    for end in [graph.target] if graph.target is not None else graph.ends():
        terminal.print(_tree(graph, end))
    for image in shown:
        terminal.print(f"{image['split']}  {image['key']}  {image['name']}")


def _images(graph: "Graph") -> Iterator[dict[str, str]]:
    from pipelines.data import listed  # protobuf, which nothing else here needs

    return listed.images(graph)


def _there(output: Path) -> Path:
    if not output.expanduser().is_dir():
        raise UserError(f"--output {output}: must be the output of a run, and is no directory")
    return output.expanduser()


def _terminal() -> Terminal:
    """Returns a terminal of its real width; without a terminal nothing is cut."""
    terminal = Terminal()
    if not terminal.is_terminal and "COLUMNS" not in os.environ:
        terminal.width = 400
    return terminal


def _print_json(value: Any) -> None:
    document(json.dumps(value, indent=1))


def _table(runs: "list[history.Run]") -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    for heading, width in {"run": 3, "state": 11, "recipe": 12, "started": 16, "seconds": 7, "blessed": 7}.items():
        table.add_column(
            heading,
            min_width=width,
            no_wrap=heading != "recipe",
            overflow="fold",
            justify="right" if heading in ("run", "seconds") else "left",
        )
    table.add_column("numbers", overflow="fold")
    for run in runs:
        blessed = {None: "", True: "yes", False: "no"}[run.blessed]
        told = run.summary or (run.error or "").partition("\n")[0]
        table.add_row(str(run.id), _state(run.state), run.recipe, run.started[:16], _seconds(run), blessed, told)
    return table


def _details(run: "history.Run") -> rich.table.Table:
    table = rich.table.Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    facts: dict[str, Text | str | None] = {
        "run": str(run.id),
        "recipe": run.recipe,
        "state": _state(run.state),
        "command": run.command,
        "started": run.started,
        "ended": run.ended,
        "seconds": _seconds(run),
        "blessed": None if run.blessed is None else ("yes" if run.blessed else "no"),
        "numbers": ", ".join(f"{name} {_number(value)}" for name, value in run.numbers.items()),
        "directory": run.directory and _short(run.directory),
        "pushed": run.pushed and _short(run.pushed),
        "error": run.error and Text("\n").join(map(line, run.error.splitlines())),
    }
    for name, value in facts.items():
        if value:
            table.add_row(name, value)
    return table


def _components(graph: "Graph") -> rich.table.Table:
    table = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for heading, width in {"component": 9, "state": 8, "seconds": 7, "code": 12}.items():
        table.add_column(heading, min_width=width, no_wrap=True, justify="right" if heading == "seconds" else "left")
    table.add_column("outcome", overflow="fold")
    for it in graph.executions.values():
        told = it.summary or (it.error or "").partition("\n")[0]
        table.add_row(it.component, _state(it.state), _number(it.seconds), (it.code or "")[:12], told)
    return table


def _tree(graph: "Graph", end: int) -> rich.tree.Tree:
    shown: set[int] = set()

    def grow(above: rich.tree.Tree | None, number: int) -> rich.tree.Tree:
        artifact, maker = graph.artifacts[number], graph.maker(number)
        text = _artifact(artifact)
        known = maker is not None and maker.id in shown
        if known:
            text.append(" (above)", "dim")
        branch = rich.tree.Tree(text) if above is None else above.add(text)
        if maker is not None and not known:
            shown.add(maker.id)
            below = branch.add(_execution(maker))
            for read in maker.reads.values():
                grow(below, read)
        return branch

    return grow(None, end)


def _artifact(artifact: "Artifact") -> Text:
    return line((artifact.type, "bold"), " ", _short(artifact.path), " ", (artifact.content[:12], "dim"))


def _execution(it: "Execution") -> Text:
    """Describes what made an artifact, when, with which code and parameters."""
    seconds = "" if it.seconds is None else f", {_number(it.seconds)} s"
    lines = [
        line((it.component, "cyan"), ": ", it.summary or it.state),
        line((f"run {it.run}, {it.started[:19]}{seconds}; code {(it.code or '')[:12]}", "dim")),
    ]
    parameters = ", ".join(f"{name}={value}" for name, value in flat(it.parameters).items())
    if parameters:
        lines.append(line((parameters, "dim")))
    return Text("\n").join(lines)


def flat(parameters: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flattens sections of parameters to dotted names, without unset values.

    >>> flat({"model": {"filters": 4, "ema": None}})
    {'model.filters': 4}
    """
    found: dict[str, Any] = {}
    for name, value in parameters.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[f"{prefix}{name}"] = value
    return found


def _state(state: str) -> Text:
    return Text(state, _STATES[state])


def _seconds(run: "history.Run") -> str:
    return "" if run.seconds is None else f"{run.seconds:.1f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _short(path: str) -> str:
    """Returns the path relative to the current directory if it is below it; other texts stay unchanged."""
    if not os.path.isabs(path):
        return path
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
