"""Checks of the arguments of all measures of features."""

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.label_arrays import checked_labels, require_alike


def finite_features(features: npt.ArrayLike, name: str = "") -> np.ndarray:
    """Returns features ``(num, dim)`` after a check of shape and values; see `checked_features`."""
    features = np.asarray(features)
    argument = f"{name}_features" if name else "features"
    if features.ndim != 2 or not features.size:
        raise ValueError(f"`{argument}` must be (num, dim), not empty. Received: shape {features.shape}")
    if features.dtype.kind != "f":
        features = features.astype(np.float64)
    if not np.isfinite(features).all():
        raise ValueError(f"`{argument}` must be finite. Received: NaN or infinity among them")
    return features


def checked_features(features: npt.ArrayLike, labels: npt.ArrayLike, name: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Returns features ``(num, dim)`` and labels ``(num,)`` as arrays, after a check of shapes and values.

    Args:
        features: finite numbers ``(num, dim)``, one row at least.
        labels: ``(num,)`` of integers or strings.
        name: prefix of ``features`` and ``labels`` in the names of the arguments, such as "gallery".

    Returns:
        Features in their own dtype, booleans and integers as float64; and labels, int64 or strings.

    Raises:
        ValueError: if they are invalid.
    """
    features = finite_features(features, name)
    return features, checked_labels(labels, f"{name}_labels" if name else "labels", features)


def checked_both(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    other_features: npt.ArrayLike,
    other_labels: npt.ArrayLike,
    name: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Returns two labelled sets of features of one dimension; ``name`` prefixes the second. See `checked_features`."""
    features, labels = checked_features(features, labels)
    other_features, other_labels = checked_features(other_features, other_labels, name)
    if features.shape[1] != other_features.shape[1]:
        raise ValueError(
            f"`features` and `{name}_features` must have one dimension. "
            f"Received: shapes {features.shape} and {other_features.shape}"
        )
    require_alike(labels, other_labels, "labels", f"{name}_labels")
    return features, labels, other_features, other_labels


def checked_neighbours(k: int, num_found: int) -> None:
    """Raises unless the number of neighbours is an integer that the gallery allows."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)):
        raise ValueError(f"`k` must be an integer. Received: k={k!r}")
    if not 1 <= k <= num_found:
        raise ValueError(f"`k` must lie in 1 ... {num_found}, the size of the gallery. Received: k={k}")
