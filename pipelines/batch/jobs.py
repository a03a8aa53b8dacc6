"""Batch jobs over images: an exported model maps them to vectors, and these are clustered."""

import contextlib
import dataclasses
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipelines.components import bulk_inferrer, clusterer, served, vector_function
from pipelines.console import Console
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen import images as image_example_gen
from pipelines.data.written import DUPLICATE
from pipelines.errors import UserError
from pipelines.run.steps import Steps
from pipelines.runtime import recording, store
from pipelines.runtime.artifact import MANIFEST, Artifact
from pipelines.runtime.component import Kind, Source
from pipelines.runtime.engines import Workers
from pipelines.runtime.metadata import Metadata

SPLIT = "images"  # the split that a folder of images becomes
_OWN = ("examples", "embeddings", "clusters", "models")  # the folders that a job writes below its output


@dataclasses.dataclass(frozen=True)
class Inference:
    """The settings for mapping images to vectors; `bulk_inferrer` explains each.

    Attributes:
        signature: the signature of the model.
        feature: the feature of the records with the image.
        batch_size: the number of images in a batch.
        splits: the splits of the records.
        max_failure_rate: the largest share of images that may fail, for decoding and for the model each.
        workers: the number of processes (1 is this process), or the engine that has them.
    """

    signature: str = "serving_default"
    feature: str = "image"
    batch_size: int = 32
    splits: Sequence[str] | None = None
    max_failure_rate: float = 0.5
    workers: Workers = 1


def embed(model: Path, source: Path, output: Path, how: Inference, console: Console, cache: bool = True) -> Artifact:
    """Makes the embeddings of a folder of images, or of records.

    Args:
        model: the directory of a SavedModel.
        source: a folder of images, or a directory of records from a component.
        output: the directory for everything that is written.
        how: the settings for mapping images to vectors.
        console: shows the progress.
        cache: whether to reuse existing results; otherwise everything is executed, and replaced when it is done.

    Raises:
        UserError: something that the user gave cannot be used.
    """
    store.check_encodable(source, "SOURCE")
    with _job("embed", output, console, cache) as (steps, record):
        made, read = _embed(model, source, output, how, steps, console)
        # A folder's unreadable files count too; those of given records were counted by another job.
        found = [it.manifest["dead_letters"] for it in ((made, read) if records(source) is None else (made,))]
        dead, duplicates = sum(it["records"] for it in found), sum(it["errors"].get(DUPLICATE, 0) for it in found)
        told = f"{_count(made):,} vectors, {_letters(dead)}"
        told += f" ({duplicates:,} {'duplicate' if duplicates == 1 else 'duplicates'})" if duplicates else ""
        numbers = {"vectors": _count(made), "dead_letters": dead, "duplicates": duplicates}
        record.complete(made.path, None, None, told, numbers)
    console.result("Vectors", told)
    return made


def cluster(
    source: Path,
    model: Path | None,
    output: Path,
    how: Inference,
    clusters: int,
    options: dict[str, Any],
    pictures: Path | None,
    console: Console,
    cache: bool = True,
) -> Artifact:
    """Clusters embeddings, or images, which are first mapped to embeddings.

    Args:
        source: embeddings; with a model, a folder of images or records.
        model: the directory of a SavedModel; None for embeddings.
        output: the directory for everything that is written.
        how: the settings for mapping images to vectors.
        clusters: the number of clusters.
        options: further arguments of `clusterer`.
        pictures: the records that the embeddings were made from; if None, they are searched in the same output.
        console: shows the progress.
        cache: whether to reuse existing results; otherwise everything is executed, and replaced when it is done.

    Raises:
        UserError: something that the user gave cannot be used.
    """
    store.check_encodable(source, "SOURCE")
    given = records(source)
    is_embeddings = given is not None and "vectors" in given.manifest
    if model is None and not is_embeddings:
        raise UserError(
            f"--model: is needed, because {source} holds no embeddings: a SavedModel, or vgg16 with --weights FILE"
        )
    if model is not None and is_embeddings:
        raise UserError(f"--model {model}: must be left out, because {source} holds embeddings already")
    with _job("cluster", output, console, cache) as (steps, record):
        if model is None:
            assert given is not None
            embeddings, examples = given, _made_of(given, pictures)
            reads: Any = {"embeddings": Source(Kind.EMBEDDINGS, str(given.path), given.content)}
        else:
            embeddings, examples = _embed(model, source, output, how, steps, console)
            reads = {"embeddings": embeddings}
        made = steps.run(
            clusterer.SPEC,
            reads,
            lambda: clusterer.clusterer(
                embeddings, output / "clusters", clusters, splits=how.splits, examples=examples, **options
            ),
            lambda it: f"{clusters} clusters of {it.manifest['result']['images']:,} images",
        )
        result = made.manifest["result"]
        numbers = {name: result[name] for name in ("images", "inertia", "nmi")}
        record.complete(made.path, None, None, f"{clusters} clusters of {result['images']:,} images", numbers)
    return made


def records(source: Path) -> Artifact | None:
    """Returns the records that a component published in a directory; None if there are none.

    Raises:
        UserError: they cannot be read.
    """
    path = source.expanduser().resolve()
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise UserError(f"{source}: must be a folder of images or a directory of records, and is a file") from None
    except OSError as error:
        raise sources.unreadable(path, error) from error
    except ValueError as error:
        raise UserError(f"{path / MANIFEST}: is damaged: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != 1 or "splits" not in manifest:
        raise UserError(f"{path}: must be a folder of images or a directory of records, and is another component's")
    return Artifact(path, path.name, True, manifest)


@contextlib.contextmanager
def _job(name: str, output: Path, console: Console, cache: bool) -> Iterator[tuple[Steps, recording.Recording]]:
    store.check_writable(output, "--output")
    command = shlex.join(["genssl", *sys.argv[1:]])
    caching = contextlib.nullcontext() if cache else store.without_cache()
    with recording.begin(Metadata(output), name, command) as record, caching:
        yield Steps(console, record), record


def _embed(
    model: Path, source: Path, output: Path, how: Inference, steps: Steps, console: Console
) -> tuple[Artifact, Artifact]:
    model = model.expanduser().resolve()
    digest = served.digest(model)
    given = records(source)
    if given is None:
        if not _has_made_vectors(output, digest):
            vector_function.loaded(str(model), how.signature)  # its faults are reported before images are read
        examples = _examples(source, output, how, steps, console)
        read: Any = examples
    else:
        examples, read = given, Source(Kind.EXAMPLES, str(given.path), given.content)

    def infer() -> Artifact:
        with console.preparing() as shown:
            return bulk_inferrer.bulk_inferrer(
                examples,
                model,
                output / "embeddings",
                signature=how.signature,
                feature=how.feature,
                batch_size=how.batch_size,
                splits=how.splits,
                max_failure_rate=how.max_failure_rate,
                workers=how.workers,
                tell=shown.update,
            )

    reads = {"examples": read, "model": Source(Kind.SAVED_MODEL, str(model), digest)}
    return steps.run(bulk_inferrer.SPEC, reads, infer, _told), examples


def _has_made_vectors(output: Path, digest: str) -> bool:
    """Returns whether a model was loaded for this output before; a run with nothing to do then need not load it."""
    for manifest in output.glob(f"embeddings/*/{MANIFEST}"):
        with contextlib.suppress(UserError):
            found = records(manifest.parent)
            if found is not None and found.manifest.get("inputs", {}).get("model") == digest:
                return True
    return False


def _examples(source: Path, output: Path, how: Inference, steps: Steps, console: Console) -> Artifact:
    def generate() -> Artifact:
        with console.preparing() as shown:
            return image_example_gen.image_example_gen(
                source,
                output / "examples" / "photographs",
                {SPLIT: 1.0},
                exclude=[output / name for name in _OWN],
                max_failure_rate=how.max_failure_rate,
                labels=True,
                workers=how.workers,
                tell=shown.update,
            )

    reads = {"images": Source(Kind.IMAGES, str(source.expanduser().resolve()))}
    return steps.run(image_example_gen.SPEC, reads, generate, lambda it: _told(it, "images"))


def _made_of(embeddings: Artifact, pictures: Path | None) -> Artifact | None:
    """Returns the examples of embeddings: the given ones, or those in the same output."""
    if pictures is not None:
        found = records(pictures)
        if found is None:
            raise UserError(f"--examples {pictures}: must be a directory of records, and holds no {MANIFEST}")
        return found
    output = embeddings.path.parent.parent
    for manifest in sorted(output.glob(f"examples/*/*/{MANIFEST}")) + sorted(output.glob(f"prepared/*/*/{MANIFEST}")):
        with contextlib.suppress(UserError):  # a damaged directory is not theirs
            found = records(manifest.parent)
            if found is not None and found.content == embeddings.inputs["examples"]:
                return found
    return None


def _count(artifact: Artifact) -> int:
    return sum(part["records"] for part in artifact.manifest["splits"].values())


def _told(artifact: Artifact, what: str = "vectors") -> str:
    of = f" of {artifact.manifest['vectors']['vector']} numbers" if what == "vectors" else ""
    return f"{_count(artifact):,} {what}{of}, {_letters(artifact.manifest['dead_letters']['records'])}"


def _letters(dead: int) -> str:
    return f"{dead:,} dead {'letter' if dead == 1 else 'letters'}"
