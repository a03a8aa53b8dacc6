"""The photographs inside scikit-image and scikit-learn -> keyed records in shards, as of any other files."""

from typing import TYPE_CHECKING

from pipelines.data.example_gen.images import SPEC, image_example_gen
from pipelines.runtime import device
from pipelines.runtime.artifact import Artifact

if TYPE_CHECKING:
    from pipelines.data.sources import Embedded, Reading

__all__ = ["SPEC", "read"]


def read(source: "Embedded", reading: "Reading") -> Artifact:
    """The examples of a recipe's source."""
    device.start()  # keras_genssl.data imports TensorFlow
    from keras_genssl.data import embedded_photographs

    return image_example_gen(
        embedded_photographs(colour_only=False),
        reading.home / "photographs",
        source.split,
        exclude=reading.exclude,
        max_failure_rate=source.max_failure_rate,
        labels=reading.labels,
        workers=reading.workers,
        tell=reading.tell,
    )
