"""``genssl embed`` and ``genssl cluster``: batch jobs over images."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import engine_options
from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.runtime import engines

Output = Annotated[Path, typer.Option(help="Where everything is written.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; each loads the model once.")]
Signature = Annotated[str, typer.Option(help="From images to vectors: by bytes, or by floats (serving_tensor).")]
Feature = Annotated[str, typer.Option(help="Of records: the image.")]
Splits = Annotated[list[str] | None, typer.Option("--split", help="Of records: one of them (may be repeated).")]
BatchSize = Annotated[int, typer.Option(min=1, help="Images that the model gets at once.")]
Failures = Annotated[float, typer.Option(min=0.0, max=1.0, help="The part of the images that may fail.")]


def embed(
    model: Annotated[Path, typer.Argument(help="A SavedModel from images to vectors.")],
    source: Annotated[Path, typer.Argument(help="A folder of images, or a directory of records.")],
    output: Output = Path("out"),
    workers: Workers = 1,
    signature: Signature = "serving_default",
    feature: Feature = "image",
    splits: Splits = None,
    batch_size: BatchSize = 32,
    max_failure_rate: Failures = 0.5,
    runner: engine_options.Runner = engines.FNAPI,
    no_cache: engine_options.NoCache = False,
    beam_options: engine_options.BeamOptions = None,
) -> None:
    """Put images through a SavedModel, and write a vector for each.

    What cannot be read, or what the model refuses, is a dead letter. Ends with status 0, or with 2 when the input
    cannot be used or more failed than --max-failure-rate allows.
    """
    from pipelines.batch import jobs as batch_jobs

    engine = engine_options.engine(runner, workers, beam_options)
    how = batch_jobs.Inference(signature, feature, batch_size, splits, max_failure_rate, engine)
    console = Console()
    console.start(f"embed: the images of {source} by {model}")
    made = batch_jobs.embed(model, source, output.expanduser().resolve(), how, console, cache=not no_cache)
    console.result("Embeddings", made.path)


def cluster(
    source: Annotated[Path, typer.Argument(help="Embeddings; or, with --model, images or records.")],
    clusters: Annotated[int, typer.Option(min=1, help="How many.")],
    model: Annotated[Path | None, typer.Option(help="A SavedModel from images to vectors, or vgg16.")] = None,
    weights: Annotated[Path | None, typer.Option(help="The weights file of vgg16.")] = None,
    output: Output = Path("out"),
    seed: Annotated[int, typer.Option(min=0, help="Of the first centres.")] = 0,
    passes: Annotated[int, typer.Option(min=1, help="Over all vectors.")] = 5,
    unit: Annotated[bool, typer.Option("--unit", help="Divide each vector by its length.")] = False,
    nearest: Annotated[int, typer.Option(min=1, help="Images of each cluster on the contact sheet.")] = 12,
    examples: Annotated[
        Path | None, typer.Option(help="The records that embeddings were made of, for the pictures.")
    ] = None,
    workers: Workers = 1,
    signature: Signature = "serving_default",
    feature: Feature = "image",
    splits: Splits = None,
    batch_size: BatchSize = 32,
    max_failure_rate: Failures = 0.5,
    runner: engine_options.Runner = engines.FNAPI,
    no_cache: engine_options.NoCache = False,
    beam_options: engine_options.BeamOptions = None,
) -> None:
    """Group images by k-means of their vectors, and draw a contact sheet of the clusters.

    Ends with status 0, or with 2 when the input cannot be used.
    """
    from pipelines.batch import jobs as batch_jobs
    from pipelines.batch import vgg16

    output = output.expanduser().resolve()
    is_vgg16 = model == Path("vgg16") and not model.is_dir()
    if weights is not None and not is_vgg16:
        raise UserError(f"--weights {weights}: is for --model vgg16 only")
    if is_vgg16:
        model = vgg16.export(weights, output / "models")
    engine = engine_options.engine(runner, workers, beam_options)
    how = batch_jobs.Inference(signature, feature, batch_size, splits, max_failure_rate, engine)
    options = {"seed": seed, "passes": passes, "unit": unit, "nearest": nearest}
    console = Console()
    console.start(f"cluster: {source}")
    made = batch_jobs.cluster(source, model, output, how, clusters, options, examples, console, cache=not no_cache)
    result = made.manifest["result"]
    sizes = sorted((cluster["size"] for cluster in result["clusters"]), reverse=True)
    console.result("Sizes", " ".join(f"{size:,}" for size in sizes[:20]) + (" ..." if len(sizes) > 20 else ""))
    told = f"inertia {result['inertia']:.6g}"
    console.result("Clusters", told if result["nmi"] is None else f"{told}, NMI with the labels {result['nmi']:.3f}")
    console.result("Assignments", made.path / "assignments.csv")
    console.result("Contact sheet", made.path / "contact_sheet.html")
