"""``genssl gallery``: who is on a photograph."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.console import Console, Terminal
from pipelines.errors import UserError
from pipelines.plain_text import visible

if TYPE_CHECKING:  # this import would load NumPy
    from pipelines.batch import faces

app = typer.Typer(
    help="Recognise people on photographs by an embedding model.", no_args_is_help=True, rich_markup_mode=None
)

Model = Annotated[Path, typer.Argument(help="The directory of a SavedModel that maps image bytes to a vector.")]
File = Annotated[Path, typer.Option("--gallery", help="The file of the gallery.")]
Threshold = Annotated[
    float | None,
    typer.Option(min=0.0, help="The largest distance at which photographs show one person; by default the gallery's."),
]


@app.command()
def enrol(
    model: Model,
    folder: Annotated[
        Path, typer.Argument(help="Photographs: a sub-folder for each person, or files named after the person.")
    ],
    gallery: File = Path("gallery.npz"),
    add: Annotated[bool, typer.Option("--add", help="Add the people to an existing gallery.")] = False,
    false_accept_rate: Annotated[
        float | None,
        typer.Option(
            help="Set the threshold so that at most this share of the pairs of different people is accepted, 0 to 1."
        ),
    ] = None,
) -> None:
    """Add the people of a folder to a gallery.

    The exit status is 0 if all photographs were added, 1 if some could not be added or the threshold could not be set,
    and 2 if nothing was written.
    """
    from pipelines.batch import faces

    if false_accept_rate is not None and not 0 < false_accept_rate < 1:
        raise UserError(f"--false-accept-rate {false_accept_rate}: must lie inside (0, 1)")
    if gallery.exists() != add:
        there = "is there already: pass --add to put people into it"
        raise UserError(f"--gallery {gallery}: {there if gallery.exists() else 'is not there: leave out --add'}")
    people = faces.photographs(folder)
    encoder = faces.Encoder(model)
    with faces.held(gallery) if add else contextlib.nullcontext():
        failures = _enrol(gallery, encoder, people, folder, add, false_accept_rate)
    raise typer.Exit(1 if failures else 0)


def _enrol(
    gallery: Path,
    encoder: "faces.Encoder",
    people: Sequence[tuple[str, Path]],
    folder: Path,
    add: bool,
    false_accept_rate: float | None,
) -> int:
    """Returns how many photographs were not enrolled and thresholds not set."""
    from keras_genssl.gallery import Gallery
    from pipelines.batch import faces

    file = faces.open_gallery(gallery, encoder) if add else Gallery(encoder=encoder.digest)
    before = len(file)
    console = Console()
    failures = 0
    for identity, path, reason in faces.enrol(file, encoder, people):
        failures += 1
        console.result(identity, f"{path}: {reason}", "bold red")
    if not len(file):
        raise UserError(f"{folder}: none of its {len(people)} photographs could be taken up")
    if false_accept_rate is not None:
        calibration = faces.calibrate(file, false_accept_rate)
        if isinstance(calibration, str):
            failures += 1
            console.result("Not calibrated", calibration, "bold yellow")
        else:
            console.result(
                "Threshold",
                f"{calibration.threshold:.4f}: takes {calibration.false_accept_rate:.2%} of the "
                f"{calibration.num_impostors} pairs of different people for one, and "
                f"{calibration.true_accept_rate:.2%} of the {calibration.num_genuine} pairs of one",
            )
    file.save(gallery)
    count = f"{len(file.identities)} people, {len(file)} photographs, {len(file) - before} new"
    console.result("Gallery", f"{gallery}: {count}")
    return failures


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAMES...", help="The names of the people to remove.")],
    gallery: File = Path("gallery.npz"),
    photographs: Annotated[
        list[Path] | None,
        typer.Option(
            "--photograph", help="Remove only this photograph of the person (may be repeated); needs --model."
        ),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="The SavedModel that made the gallery.")] = None,
) -> None:
    """Remove people or single photographs from a gallery.

    The exit status is 0, or 2 if a name or a photograph is not in the gallery; nothing is removed then.
    """
    from pipelines.batch import faces

    if photographs and (model is None or len(names) > 1):
        raise UserError("--photograph: needs the --model that the gallery was made with, and one name")
    if model is not None and not photographs:
        raise UserError("--model: is for --photograph only")
    console = Console()
    with faces.held(gallery):
        encoder = None if model is None else faces.Encoder(model)
        file = faces.read_gallery(gallery) if encoder is None else faces.open_gallery(gallery, encoder)
        forgotten = faces.remove(file, names, encoder, photographs or ())
        file.save(gallery)
    for name, count in forgotten.items():
        left = f", {len(file.embeddings(name))} left" if name in file else ""
        console.result(name, f"{count} {'photograph' if count == 1 else 'photographs'} forgotten{left}")
    console.result("Gallery", f"{gallery}: {len(file.identities)} people, {len(file)} photographs")


@app.command()
def identify(
    model: Model,
    images: Annotated[list[Path], typer.Argument(help="Image files.")],
    gallery: File = Path("gallery.npz"),
    k: Annotated[int, typer.Option("-k", min=1, help="The number of nearest photographs that vote on the name.")] = 1,
    threshold: Threshold = None,
) -> None:
    """Print the name of the person on each photograph.

    Each line holds the file, the name or "unknown", and the distance to the nearest photograph of that person.

    The exit status is 0, 1 if some files could not be read (the others are named), or 2 if the model or the gallery
    cannot be used.
    """
    from pipelines.batch import faces

    answers, problems = Terminal(), Terminal(stderr=True)
    encoder = faces.Encoder(model)
    file = faces.open_gallery(gallery, encoder)
    if k > len(file):
        raise UserError(f"-k {k}: must not exceed the {len(file)} photographs of {gallery}")
    if threshold is None and file.threshold is None:
        problems.print("no threshold: nobody is unknown (enrol with --false-accept-rate, or pass --threshold)")
    paths = _width(map(str, images))
    names = _width([*file.identities, faces.UNKNOWN])
    failures = 0
    for path, match in faces.identify(file, encoder, images, k, threshold):
        if isinstance(match, str):
            failures += 1
            problems.print(f"{path}: {match}")
        else:
            who = match.identity or faces.UNKNOWN
            answers.print(f"{visible(path):{paths}}  {visible(who):{names}}  {match.distance:.4f}")
    raise typer.Exit(1 if failures else 0)


@app.command()
def verify(
    model: Model,
    first: Annotated[Path, typer.Argument(help="An image file.")],
    second: Annotated[Path, typer.Argument(help="Another image file.")],
    gallery: Annotated[Path | None, typer.Option(help="The file of a gallery, whose threshold is used.")] = None,
    threshold: Threshold = None,
) -> None:
    """Print whether two photographs show the same person.

    The exit status is 0 if they do, 1 if they do not, and 2 if a file cannot be read or there is no threshold.
    """
    from keras_genssl.gallery import Gallery
    from pipelines.batch import faces

    encoder = faces.Encoder(model)
    file = Gallery() if gallery is None else faces.open_gallery(gallery, encoder)
    if threshold is None and file.threshold is None:
        raise UserError("--threshold: must be given where no --gallery has one (enrol with --false-accept-rate)")
    one, other = encoder(first), encoder(second)
    for path, vector in ((first, one), (second, other)):
        if isinstance(vector, str):
            raise UserError(f"{path}: {vector}")
    (same,), (distance,) = file.verify(one, other, threshold)
    Terminal().print(f"{'same' if same else 'different'}  {distance:.4f}")
    raise typer.Exit(0 if same else 1)


def _width(texts: Iterable[str]) -> int:
    """Returns the width of a column; a longer text only shifts the rest of its own line."""
    return min(60, max(len(visible(text)) for text in texts))
