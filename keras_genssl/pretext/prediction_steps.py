"""The positions that CPC predicts on a grid of patches: directions, and numbers of steps."""

from collections.abc import Iterable, Sequence

import numpy as np

from keras_genssl.pretext.crops import integers

DIRECTIONS = ("down", "up", "right", "left")


def check_prediction(rows: int, columns: int, steps: Sequence[int], directions: Sequence[str]) -> None:
    """Check that the steps can be predicted on a grid.

    Args:
        rows, columns: size of the grid, integers of at least 1.
        steps: different integers of at least 1, less than `rows` (less than `columns` to the right and left).
        directions: members of `DIRECTIONS`, each at most once.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> check_prediction(rows=6, columns=6, steps=[9], directions=["down"])
        Traceback (most recent call last):
        ...
        ValueError: `steps` must be different integers from 1 to 5 on a grid of 6 x 6. Received: steps=[9]
    """
    integers(1, rows=rows, columns=columns)
    named = () if isinstance(directions, str) else tuple(directions)
    if not named or set(named) - set(DIRECTIONS) or len(set(named)) < len(named):
        raise ValueError(f"`directions` must be of {DIRECTIONS}, each once. Received: directions={directions!r}")
    length = min(rows if direction in ("down", "up") else columns for direction in named)
    ahead = tuple(steps) if isinstance(steps, Iterable) else ()
    whole = all(isinstance(step, (int, np.integer)) and not isinstance(step, bool) for step in ahead)
    if not ahead or not whole or len(set(ahead)) < len(ahead) or not all(1 <= step < length for step in ahead):
        raise ValueError(
            f"`steps` must be different integers from 1 to {length - 1} on a grid of {rows} x {columns}. "
            f"Received: steps={steps!r}"
        )
