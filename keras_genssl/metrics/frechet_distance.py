"""The Frechet distance between two normal distributions."""

import numpy as np
import numpy.typing as npt


def frechet_distance(
    mean1: npt.ArrayLike, covariance1: npt.ArrayLike, mean2: npt.ArrayLike, covariance2: npt.ArrayLike
) -> float:
    """Compute the squared Frechet (2-Wasserstein) distance between two normal distributions.

    ``|m1 - m2|² + tr C1 + tr C2 - 2 tr (C1 C2)^(1/2)``, in float64. The eigenvalues of ``C1 C2`` are those of
    the symmetric ``C1^(1/2) C2 C1^(1/2)``. No general matrix root is needed, so covariances without full rank (fewer
    images than features) need no offset and give no imaginary part.

    With the features of two sets of images it is the FID of Heusel et al., 2017, see `FID`.

    Reference:
        - Heusel et al. 2017, [GANs Trained by a Two Time-Scale Update Rule](https://arxiv.org/abs/1706.08500)

    Args:
        mean1: ``(dim,)``.
        covariance1: ``(dim, dim)``, symmetric and positive semidefinite.
        mean2: ``(dim,)``.
        covariance2: ``(dim, dim)``.

    Returns:
        The squared distance, at least 0.

    Raises:
        ValueError: if shapes disagree, or a value is not finite.

    Example:
        >>> frechet_distance([0.0], [[1.0]], [3.0], [[4.0]])  # 3² + (1 - 2)²
        10.0
    """
    mean1, mean2 = np.asarray(mean1, np.float64), np.asarray(mean2, np.float64)
    covariance1, covariance2 = np.asarray(covariance1, np.float64), np.asarray(covariance2, np.float64)
    shapes = [array.shape for array in (mean1, covariance1, mean2, covariance2)]
    if mean1.ndim != 1 or shapes != 2 * [mean1.shape, 2 * mean1.shape]:
        raise ValueError(f"Means must be (dim,) and covariances (dim, dim). Received: shapes {shapes}")
    if not all(np.isfinite(array).all() for array in (mean1, covariance1, mean2, covariance2)):
        raise ValueError("Means and covariances must be finite. Received: NaN or infinity among their values")
    root = _root(covariance1)
    eigenvalues = np.linalg.eigvalsh(root @ covariance2 @ root)
    cross = np.sqrt(eigenvalues.clip(0)).sum()
    squared = np.square(mean1 - mean2).sum() + np.trace(covariance1) + np.trace(covariance2) - 2 * cross
    return max(float(squared), 0.0)


def _root(matrix: np.ndarray) -> np.ndarray:
    """Returns the symmetric square root; eigenvalues that rounding made negative count as 0."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
