"""The command line: ``genssl``."""

import gc
import io
import logging
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import rich.table
import typer

import keras_genssl
from pipelines.cli import batch as batch_commands
from pipelines.cli import engine_options
from pipelines.cli import gallery as gallery_commands
from pipelines.cli import lineage as lineage_commands
from pipelines.cli import samples as sample_commands
from pipelines.console import Console, Terminal, complain, escape_what_streams_cannot_encode
from pipelines.errors import UserError
from pipelines.run import finding
from pipelines.runtime import engines, store

app = typer.Typer(
    name="genssl",
    help="Train, evaluate and export image models from recipes.",
    epilog="Start with `genssl recipes`, which lists them, or `genssl run super_resolution`, which needs no data.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(gallery_commands.app, name="gallery")
app.command()(sample_commands.sample)
app.command()(batch_commands.embed)
app.command()(batch_commands.cluster)
app.command()(lineage_commands.runs)
app.command()(lineage_commands.lineage)


def _version(value: bool) -> None:
    if value:
        Terminal().print(f"genssl {keras_genssl.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of genssl itself."""


@app.command()
def run(
    recipe: Annotated[str, typer.Argument(help="A name that `genssl recipes` lists, or the path of a YAML file.")],
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]PATH",
            help="A folder of your own images, or a CSV table of pairs, to use instead of the recipe's data. "
            "If the recipe has several inputs, name each: --data first=DIR --data second=DIR.",
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder for all results.")] = Path("out"),
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change a key of the recipe, such as train.epochs=5 (may be repeated)."
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="The number of processes that prepare the data.")] = 1,
    runner: engine_options.Runner = engines.FNAPI,
    strategy: Annotated[
        str | None, typer.Option(help="The devices to train on: default (one), auto, mirrored (all GPUs) or tpu.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of the training.")] = None,
    push_to: Annotated[
        Path | None, typer.Option(help="The folder to push a blessed model to, instead of OUTPUT/saved_models.")
    ] = None,
    full_scale: Annotated[bool, typer.Option("--full-scale", help="Use the settings of the paper.")] = False,
    no_cache: engine_options.NoCache = False,
    beam_options: engine_options.BeamOptions = None,
) -> None:
    """Run a recipe: from images to an evaluated SavedModel.

    Prepares the data, trains, evaluates and exports the model, and writes a report. A model whose numbers meet the
    bounds of the recipe is blessed, and is pushed to OUTPUT/saved_models. If a run is stopped, the same command
    continues it.

    The exit status is 0 if the model was blessed and its export passed its check, 1 if not, and 2 if the input cannot
    be used.
    """
    from pipelines.run import loading

    if strategy == "multi_worker":
        _refuse_cluster(strategy)
    paths = _paths(data or [])
    overrides = [*(changes or [])]
    overrides += [
        f"train.{key}={value}" for key, value in {"strategy": strategy, "seed": seed}.items() if value is not None
    ]
    checked = loading.load(recipe, overrides, full_scale, paths or None, thoroughly=True)
    _refuse_cluster(checked.train.strategy)
    engine = engine_options.engine(runner, workers, beam_options)
    console = Console()
    console.start(f"{checked.name}: {checked.description}")
    from pipelines.run import run as runs

    outcome = runs.run(checked, output, push_to, engine, console, cache=not no_cache)
    console.result("Prepared", runs.short(outcome.prepared))
    console.result("Report", runs.short(outcome.report))
    console.result("SavedModel", runs.short(outcome.saved_model))
    reasons = list(outcome.evaluation["reasons"])
    details: list[str] = []
    if not outcome.export["checked"]:
        first, *details = outcome.export["error"].splitlines()
        reasons.append(f"the SavedModel failed its check: {first}")
    for reason in reasons:
        console.result("Not pushed", reason, "bold yellow")
    for detail in details:
        console.note(detail)
    raise typer.Exit(1 if reasons else 0)


@app.command()
def upscale(
    model: Annotated[
        Path, typer.Argument(help="The directory of a SavedModel, such as saved_models/super_resolution_x2/4.")
    ],
    images: Annotated[list[Path], typer.Argument(help="Image files.")],
    output: Annotated[Path, typer.Option(help="The folder for the PNG files.")] = Path("upscaled"),
) -> None:
    """Enlarge image files by a SavedModel.

    Writes OUTPUT/<name>_x2.png for a model that enlarges twice, strip by strip while tiles of the image are computed.
    It never replaces an existing file.

    The exit status is 0 if all files were enlarged, 1 if some were not, and 2 if the model or OUTPUT cannot be used.
    """
    from pipelines.batch import apply

    console = Console()
    failures = 0
    for path, result in apply.files(model, images, output, console):
        failures += isinstance(result, str)
        style = "bold red" if isinstance(result, str) else "bold green"
        console.result(path.name, result, style)
    raise typer.Exit(1 if failures else 0)


@app.command("results")
def write_results(
    record: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="RUN_DIR", help="First write the record of this run, such as out/runs/RECIPE/ID (may be repeated)."
        ),
    ] = None,
    directory: Annotated[
        Path, typer.Option(help="The folder of the records; RESULTS.md is written next to it.")
    ] = Path("results"),
) -> None:
    """Write RESULTS.md from the records of measured runs."""
    from pipelines import results

    console = Console()
    for run_directory in record or []:
        console.result("Record", results.record(run_directory, directory))
    if not directory.is_dir():
        raise UserError(
            f"--directory {directory}: must be a folder of records. There is no such folder; --record RUN_DIR makes it"
        )
    page = directory.parent / "RESULTS.md"
    store.write_text(page, results.render(directory))
    console.result("Results", page)


@app.command("recipes")
def list_recipes() -> None:
    """List the recipes with their methods."""
    table = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    rows = list(finding.listed())
    table.add_column("recipe", no_wrap=True, min_width=max(len(name) for name, *_ in rows))  # never cut: it is typed
    table.add_column("method", no_wrap=True)
    table.add_column("description")
    for row in rows:
        table.add_row(*row)
    Terminal(soft_wrap=False).print(table)


def _paths(given: list[str]) -> dict[str, Path]:
    """Returns what ``--data`` names: name -> path; an unnamed one has the empty string as its name."""
    from pipelines.data import sources

    paths: dict[str, Path] = {}
    for text in given:
        named = re.fullmatch(r"([A-Za-z_]\w*)=(.+)", text)
        name, path = (named[1], named[2]) if named and not Path(text).exists() else ("", text)
        if name in paths:
            raise UserError(f"--data {text}: is given twice{f', as {name}' if name else ''}: {paths[name]}")
        paths[name] = Path(path)
        if sources.meant_by({"": paths[name]}) is None:
            why = "This file is neither" if paths[name].exists() else f"{path} does not exist"
            raise UserError(f"--data {text}: must be a folder of images or a CSV table of pairs. {why}")
        store.check_encodable(paths[name], "--data")
    return paths


def _refuse_cluster(strategy: str) -> None:
    """Refuses a strategy for several machines: a run is one process, and such trainings need the user's own program."""
    if strategy == "multi_worker" or (strategy == "auto" and "cluster" in os.environ.get("TF_CONFIG", "")):
        raise UserError(
            f"--strategy {strategy}: a run trains in one process. For several machines "
            'use keras_genssl.engine.strategy("multi_worker") in a program of your own, on the prepared data; here '
            "unset TF_CONFIG or choose default, mirrored or tpu"
        )


_UsageError: Any = typer.BadParameter.__mro__[1]  # the base of all usage errors; Typer gives it no public name


def _usage(error: Any) -> None:
    """Prints Typer's message of a usage error."""
    told = io.StringIO()
    error.show(file=told)
    for text in told.getvalue().splitlines():
        Terminal(stderr=True).print(text)


def main() -> None:
    """The entry point. A user's error prints one clear message and exits with status 2, without a traceback."""
    gc.set_threshold(10_000, 10, 10)  # imports create what stays: searching it for garbage takes 1 s of their 9 s
    logging.getLogger().setLevel(logging.ERROR)  # Beam and TensorFlow warn about things that are not used here
    logging.getLogger("pipelines").setLevel(logging.WARNING)
    escape_what_streams_cannot_encode()
    status = 0
    try:
        status = app(standalone_mode=False) or 0
    except _UsageError as error:
        _usage(error)
        sys.exit(2)
    except UserError as error:
        complain(*error.args)
        sys.exit(2)
    except OSError as error:  # for example a full disk, or a directory that vanished
        place = f"{error.filename}: " if error.filename else ""
        complain(f"{place}{error.strerror or error}")
        sys.exit(2)
    except UnicodeEncodeError as error:  # a path that is not UTF-8, which TensorFlow and SQLite need
        if error.reason != "surrogates not allowed":
            raise
        complain(f"{error.object}: must be a path in UTF-8, and the locale one of UTF-8 (LC_ALL=C.UTF-8)")
        sys.exit(2)
    except KeyboardInterrupt:
        status = 130
    if status == 130:  # Typer's status for Ctrl-C
        Terminal(stderr=True).print("interrupted; the same command continues from here")
    sys.exit(status)


if __name__ == "__main__":
    main()
