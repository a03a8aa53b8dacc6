"""What people call what the components count."""

import dataclasses


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
