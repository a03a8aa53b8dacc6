"""The photographs inside scikit-image and scikit-learn -> keyed records in shards, like other files."""

from typing import TYPE_CHECKING

from keras_genssl.embedded import embedded_photographs
from pipelines.data.example_gen import looks
from pipelines.data.example_gen.images import SPEC, image_example_gen
from pipelines.data.sources.base import PAIRS
from pipelines.errors import UserError
from pipelines.runtime.artifact import Artifact

if TYPE_CHECKING:
    from pipelines.data.sources import Embedded, EmbeddedPairs, Reading

__all__ = ["SPEC", "read"]


def read(source: "Embedded | EmbeddedPairs", reading: "Reading") -> Artifact:
    """Reads the examples of a recipe's source.

    Raises:
        UserError: there is no such photograph.
    """
    pairs = PAIRS in source.gives
    found = embedded_photographs(colour_only=pairs)
    if source.photographs is not None:
        unknown = sorted(set(source.photographs) - set(found))
        if unknown:
            raise UserError(
                f"`photographs` must be names out of {', '.join(found)}. Received: {', '.join(unknown)} among them"
            )
        found = {name: found[name] for name in source.photographs}
    look = looks.LOOKS[source.look] if source.look else looks.whole
    return image_example_gen(
        found,
        reading.home / "photographs",
        source.split,
        exclude=reading.exclude,
        max_failure_rate=source.max_failure_rate,
        labels=reading.labels,
        parts={"first": looks.whole, "second": look} if pairs else {"image": look},
        workers=reading.workers,
        tell=reading.tell,
    )
