"""``genssl sample``: pictures from an exported generator."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.errors import UserError


def sample(
    model: Annotated[
        str,
        typer.Argument(
            metavar="SAVED_MODEL",
            help="The directory of a SavedModel, of its versions (the newest counts) or of a run; or the name of a "
            "pushed model or a recipe, or the number of a run.",
        ),
    ],
    num: Annotated[int, typer.Option("-n", "--num", min=1, help="The number of images.")] = 64,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The seed: the same one gives the same images.")] = 0,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            metavar="CLASS",
            help="A class to show, by number or by name; several take turns (may be repeated). By default all classes "
            "of the model take turns.",
        ),
    ] = None,
    truncation: Annotated[
        float | None,
        typer.Option(help="How far samples may lie from the mean, for models with this input; 1 is no truncation."),
    ] = None,
    output: Annotated[Path, typer.Option(help="The PNG file of a sheet, or a folder for single files.")] = Path(
        "samples.png"
    ),
    runs: Annotated[Path, typer.Option(help="The --output of the runs, where names are looked for.")] = Path("out"),
) -> None:
    """Draw images from an exported generator.

    Writes one sheet, or a folder of PNG files. It never replaces anything.

    The exit status is 0, or 2 if the model or an option cannot be used; nothing is written then.
    """
    from pipelines.batch import generators, samples

    if truncation is not None and not -1e9 < truncation < 1e9:
        raise UserError(f"--truncation {truncation}: must be a finite number")
    generator = generators.Generator(generators.find(model, runs.expanduser()))
    console = Console()
    console.start(f"sample: {num:,} images of {generator.path}, seed {seed}")
    written = samples.write(generator, num, seed, output.expanduser(), labels or (), truncation)
    console.result("Samples", written)
