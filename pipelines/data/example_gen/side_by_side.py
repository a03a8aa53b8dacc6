"""SideBySideExampleGen: files that each hold two images -> keyed records of pairs in shards."""

from typing import TYPE_CHECKING

from pipelines.data.example_gen import image_files, looks
from pipelines.data.example_gen.images import image_example_gen
from pipelines.runtime.artifact import Artifact
from pipelines.runtime.component import Component, Kind

if TYPE_CHECKING:
    from pipelines.data.sources import Reading, SideBySide

SPEC = Component("SideBySideExampleGen", {"images": Kind.IMAGES}, Kind.EXAMPLES)
HALVES = {"first": looks.left_half, "second": looks.right_half}


def read(source: "SideBySide", reading: "Reading") -> Artifact:
    """Reads the examples of a recipe's source."""
    return image_example_gen(
        source.folder,
        reading.home / "side_by_side",
        image_files.split_of(source, reading.exclude, reading.note),
        name="side_by_side",
        exclude=reading.exclude,
        max_failure_rate=source.max_failure_rate,
        parts=HALVES,
        workers=reading.workers,
        tell=reading.tell,
    )
