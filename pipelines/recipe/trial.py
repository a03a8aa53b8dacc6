"""A trial of a trained model: what an evaluation measures, on what, and where its files go."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True)
class Trial:
    """What a task measures of a recipe's training.

    Attributes:
        model: a function that makes the trained model.
        examples: the directory of prepared examples; its split ``eval`` is held out from training.
        content: the digest of that directory's content.
        directory: the directory for pictures; all files in it are kept.
        shared: the directory for what evaluations of several runs have in common; it is kept between runs.
    """

    model: Callable[[], keras.Model]
    examples: Path
    content: str
    directory: Path
    shared: Path
