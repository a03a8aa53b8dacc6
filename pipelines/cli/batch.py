"""``genssl embed`` and ``genssl cluster``: batch jobs over images."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import engine_options
from pipelines.console import Console
from pipelines.errors import UserError
from pipelines.runtime import engines

Output = Annotated[Path, typer.Option(help="The folder for all results.")]
Workers = Annotated[int, typer.Option(min=1, help="The number of processes; each loads the model once.")]
Signature = Annotated[
    str, typer.Option(help="The signature to call: serving_default takes image bytes, serving_tensor floats.")
]
Feature = Annotated[str, typer.Option(help="If SOURCE holds records: the feature that holds the image.")]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", help="If SOURCE holds records: a split to read; by default all (may be repeated)."),
]
BatchSize = Annotated[int, typer.Option(min=1, help="The number of images in a batch for the model.")]
Failures = Annotated[float, typer.Option(min=0.0, max=1.0, help="The largest share of images that may fail, 0 to 1.")]


def embed(
    model: Annotated[Path, typer.Argument(help="The directory of a SavedModel that maps images to vectors.")],
    source: Annotated[Path, typer.Argument(help="A folder of images, or a directory of records that a run made.")],
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
    """Write a SavedModel's vector for each image.

    Images that cannot be read, or that the model refuses, are listed in dead_letters.jsonl with the reason.

    The exit status is 0, or 2 if the input cannot be used or more images failed than --max-failure-rate allows.
    """
    from pipelines.batch import jobs as batch_jobs

    engine = engine_options.engine(runner, workers, beam_options)
    how = batch_jobs.Inference(signature, feature, batch_size, splits, max_failure_rate, engine)
    console = Console()
    console.start(f"embed: the images of {source} by {model}")
    made = batch_jobs.embed(model, source, output.expanduser().resolve(), how, console, cache=not no_cache)
    console.result("Embeddings", made.path)


def cluster(
    source: Annotated[
        Path, typer.Argument(help="A directory that `genssl embed` made; with --model, a folder of images or records.")
    ],
    clusters: Annotated[int, typer.Option(min=1, help="The number of clusters.")],
    model: Annotated[
        Path | None, typer.Option(help="A SavedModel that maps images to vectors, or the word vgg16.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="The file of weights for --model vgg16.")] = None,
    output: Output = Path("out"),
    seed: Annotated[int, typer.Option(min=0, help="The seed that chooses the first centres.")] = 0,
    passes: Annotated[int, typer.Option(min=1, help="How often k-means goes through all vectors.")] = 5,
    unit: Annotated[bool, typer.Option("--unit", help="Divide each vector by its length first.")] = False,
    nearest: Annotated[
        int, typer.Option(min=1, help="The number of images of each cluster on the contact sheet.")
    ] = 12,
    examples: Annotated[
        Path | None, typer.Option(help="The records that the embeddings were made from; they give the pictures.")
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
    """Group similar images by k-means.

    Writes the cluster of each image (assignments.csv) and a page with pictures of each cluster (contact_sheet.html).

    The exit status is 0, or 2 if the input cannot be used.
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
