"""Balls around the vectors of a set, each up to its k-th nearest neighbour, block by block."""

from collections.abc import Iterator

import numpy as np

_CHUNK = 1000  # rows of a distance matrix in memory at once


def checked_num_neighbours(num_neighbours: int, num_real: int | None = None) -> int:
    """Returns the number of neighbours; it is positive and less than the number of real images, if that is given."""
    if num_neighbours < 1:
        raise ValueError(f"`num_neighbours` must be positive. Received: num_neighbours={num_neighbours}")
    if num_real is not None and num_real <= num_neighbours:
        raise ValueError(
            "`num_neighbours` must be less than the number of real images. Received: "
            f"num_neighbours={num_neighbours}, with {num_real} real images"
        )
    return num_neighbours


def centred(reals: np.ndarray, fakes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns both sets less the mean of the first: differences of squares of short vectors lose fewer digits."""
    centre = reals.mean(axis=0)
    return reals - centre, fakes - centre


def squared_radii(points: np.ndarray, num_neighbours: int) -> np.ndarray:
    """Returns the squared distance of each point to its k-th neighbour, excluding the point itself."""
    radii = np.empty(len(points))
    for start in range(0, len(points), _CHUNK):
        distances = _squared_distances(points[start : start + _CHUNK], points)
        rows = np.arange(len(distances))
        distances[rows, start + rows] = np.inf
        radii[start : start + _CHUNK] = np.partition(distances, num_neighbours - 1, axis=1)[:, num_neighbours - 1]
    return radii


def inside(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> Iterator[np.ndarray]:
    """Yields for blocks of points whether each lies in each ball, ``(block, num_balls)``; the surface is inside."""
    for start in range(0, len(points), _CHUNK):
        yield _squared_distances(points[start : start + _CHUNK], centres) <= radii


def _squared_distances(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    squares = np.square(rows).sum(axis=1)[:, None] + np.square(columns).sum(axis=1)
    return (squares - 2 * rows @ columns.T).clip(0)
