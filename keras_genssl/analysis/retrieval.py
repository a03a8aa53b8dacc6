"""Retrieval of similar images by their codes."""

import numpy as np
import numpy.typing as npt

from keras_genssl.checks import image_arrays
from keras_genssl.checks.label_arrays import checked_labels, require_alike

_QUERIES, _GALLERY = 512, 8192  # size of a block: 32 MiB of distances, whatever the sizes


def nearest_images(
    query_codes: npt.ArrayLike,
    gallery_codes: npt.ArrayLike,
    k: int = 5,
    exclude: npt.ArrayLike | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the k images of a gallery whose codes are nearest to each query's, by Euclidean distance.

    The search is exact, block by block: memory does not grow with queries times gallery. For the cosine, divide all
    codes by their norms first.

    Args:
        query_codes: `(num_queries, ...)`, codes of any kind, or images: uint8, or float in [-1, 1].
        gallery_codes: `(num_gallery, ...)`, codes, or images, of the same shape.
        k: from 1 to the size of the gallery (minus one with `exclude`).
        exclude: `(num_queries,)`, for each query one position in the gallery that it must not find, such as
            `np.arange(num)` to search a gallery with its own codes. Negative for none.

    Returns:
        `indices` int64 `(num_queries, k)`, nearest first, and `distances` float64 of the same shape.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> indices, distances = nearest_images([[0.0], [9.0]], [[1.0], [5.0], [8.0]], k=2)
        >>> indices.tolist(), distances.tolist()
        ([[0, 1], [2, 1]], [[1.0, 5.0], [1.0, 4.0]])
    """
    queries, gallery = codes_of(query_codes, "query_codes"), codes_of(gallery_codes, "gallery_codes")
    if queries.ndim < 2 or gallery.ndim < 2 or queries.shape[1:] != gallery.shape[1:]:
        raise ValueError(
            "`query_codes` and `gallery_codes` must be (num, ...) with codes of one shape. "
            f"Received: shapes {queries.shape} and {gallery.shape}"
        )
    num_found = len(gallery) - (exclude is not None)
    if not isinstance(k, int | np.integer) or not 1 <= k <= num_found:
        raise ValueError(f"`k` must be an integer in 1 ... {num_found}. Received: k={k!r}")
    exclude = np.full(len(queries), -1) if exclude is None else np.asarray(exclude)
    if exclude.shape != (len(queries),):
        raise ValueError(f"`exclude` must be (num_queries,). Received: shape {exclude.shape}")
    queries, gallery = queries.reshape(len(queries), -1), gallery.reshape(len(gallery), -1)
    found = [
        _nearest(queries[start : start + _QUERIES].astype(np.float64), gallery, k, exclude[start : start + _QUERIES])
        for start in range(0, len(queries), _QUERIES)
    ]
    if not found:
        return np.empty((0, k), np.int64), np.empty((0, k))
    indices, distances = (np.concatenate(part) for part in zip(*found, strict=True))
    return indices, distances


def precision_at_k(indices: npt.ArrayLike, query_labels: npt.ArrayLike, gallery_labels: npt.ArrayLike) -> float:
    """Returns the share of retrieved images with the query's label, averaged over queries.

    Args:
        indices: `(num_queries, k)`, positions in the gallery, as `nearest_images` returns them.
        query_labels: `(num_queries,)` of integers or strings.
        gallery_labels: `(num_gallery,)`, likewise.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> precision_at_k([[0, 1], [2, 1]], [7, 7], [7, 7, 3])
        0.75
    """
    indices = np.asarray(indices)
    if indices.ndim != 2 or not indices.size or indices.dtype.kind not in "iu":
        raise ValueError(
            f"`indices` must be integers (num_queries, k). Received: {indices.dtype} of shape {indices.shape}"
        )
    query_labels = checked_labels(query_labels, "query_labels", indices)
    gallery_labels = checked_labels(gallery_labels, "gallery_labels")
    require_alike(query_labels, gallery_labels, "query_labels", "gallery_labels")
    if indices.min() < 0 or indices.max() >= len(gallery_labels):
        raise ValueError(
            f"`indices` must lie in 0 ... {len(gallery_labels) - 1}, the gallery. "
            f"Received: {indices.min()} ... {indices.max()}"
        )
    return float((gallery_labels[indices] == query_labels[:, None]).mean())


def codes_of(values: npt.ArrayLike, name: str) -> np.ndarray:
    """Returns codes unchanged, and uint8 images as float in [-1, 1], to compare them with float images."""
    values = np.asarray(values)
    if values.dtype == np.uint8:
        return image_arrays.signed(values, name)
    if values.dtype.kind not in "iuf" and values.dtype.name != "bfloat16":
        raise ValueError(f"`{name}` must be numbers. Received: dtype {values.dtype}")
    return values


def _nearest(queries: np.ndarray, gallery: np.ndarray, k: int, exclude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Searches one block of queries; the k best so far are compared with each block of the gallery."""
    rows = np.arange(len(queries))[:, None]
    indices = np.empty((len(queries), 0), np.int64)
    squares = np.empty((len(queries), 0))
    for start in range(0, len(gallery), _GALLERY):
        block = gallery[start : start + _GALLERY].astype(np.float64)
        distances = (queries**2).sum(1)[:, None] + (block**2).sum(1) - 2.0 * (queries @ block.T)
        inside = (exclude >= start) & (exclude < start + len(block))
        distances[rows[inside, 0], exclude[inside] - start] = np.inf
        if len(block) > k:
            best = np.argpartition(distances, k - 1, axis=1)[:, :k]
        else:
            best = np.broadcast_to(np.arange(len(block)), distances.shape)
        indices = np.concatenate([indices, best + start], axis=1)
        squares = np.concatenate([squares, distances[rows, best]], axis=1)
        order = np.lexsort((indices, squares), axis=1)[:, :k]
        indices, squares = indices[rows, order], squares[rows, order]
    # The products above lose digits for near codes, so the found distances are computed again, column by column.
    columns = [((queries - gallery[column].astype(np.float64)) ** 2).sum(1) for column in indices.T]
    squares = np.stack(columns, axis=1)
    order = np.lexsort((indices, squares), axis=1)
    return indices[rows, order], np.sqrt(squares[rows, order])
