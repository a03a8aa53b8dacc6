"""Where on a grid of patches CPC predicts to: directions, and how many patches further on."""

from collections.abc import Sequence

from keras_genssl.pretext.crops import integers

DIRECTIONS = ("down", "up", "right", "left")


def check_prediction(rows: int, columns: int, steps: Sequence[int], directions: Sequence[str]) -> None:
    """Refuse what cannot be predicted on a grid.

    Args:
        rows, columns: of the grid, integers of at least 1.
        steps: different integers of at least 1, less than `rows` (`columns` to the right and left).
        directions: of `DIRECTIONS`, each once at most.

    Raises:
        ValueError: if an argument breaks its rule.

    Example:
        >>> check_prediction(rows=6, columns=6, steps=[9], directions=["down"])
        Traceback (most recent call last):
        ...
        ValueError: `steps` must be different integers from 1 to 5 on a grid of 6 x 6. Received: steps=(9,)
    """
    integers(1, rows=rows, columns=columns)
    directions = [directions] if isinstance(directions, str) else list(directions)
    if not directions or set(directions) - set(DIRECTIONS) or len(set(directions)) < len(directions):
        raise ValueError(f"`directions` must be of {DIRECTIONS}, each once. Received: directions={directions}")
    length = min(rows if direction in ("down", "up") else columns for direction in directions)
    whole = all(isinstance(step, int) and not isinstance(step, bool) for step in steps)
    if not steps or not whole or len(set(steps)) < len(steps) or not all(1 <= step < length for step in steps):
        raise ValueError(
            f"`steps` must be different integers from 1 to {length - 1} on a grid of {rows} x {columns}. "
            f"Received: steps={tuple(steps)}"
        )
