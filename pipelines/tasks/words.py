"""What people call what the components count, and what every card says."""

import dataclasses

FILES_IN = (
    "Encoded images are read in eight bits, upright as EXIF says, with transparency on white. The output `error` says\n"
    "why an image was refused, and is empty for the others."
)
"""Of signatures that take image files, in Markdown."""


@dataclasses.dataclass(frozen=True)
class Words:
    """Plurals.

    Attributes:
        examples: what is found.
        train: what training reads.
        held_out: what the evaluation reads.
        remedy: what to do when there are too few.
    """

    examples: str = "images"
    train: str = "images to train on"
    held_out: str = "held out"
    remedy: str = "give more images, or a smaller train.batch_size"
