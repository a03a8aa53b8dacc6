"""A distribution for the codes of an autoencoder, which has none."""

import numpy as np


def gaussian_codes(codes: np.ndarray, num_codes: int, seed: int | None = None) -> np.ndarray:
    """Draws new codes from the Gaussian with the mean and covariance of given ones.

    The lectures sample a plain autoencoder in this way, for comparison with a VAE: the decoded images show whether the
    codes fill their space.

    Args:
        codes: float `(num, code_dim)`, at least 2.
        num_codes: How many to draw.
        seed: Seed of the draws; None for other draws each time.

    Returns:
        float32 `(num_codes, code_dim)`.

    Raises:
        ValueError: If there are fewer than two codes.

    Example:
        >>> gaussian_codes(np.array([[1.0, 0.0], [1.0, 0.0]]), 2, seed=0).tolist()
        [[1.0, 0.0], [1.0, 0.0]]
    """
    codes = np.asarray(codes, np.float64)
    if codes.ndim != 2 or len(codes) < 2:
        raise ValueError(f"`codes` must be (num, code_dim) with at least two codes. Received: shape {codes.shape}")
    covariance = np.atleast_2d(np.cov(codes, rowvar=False))
    drawn = np.random.default_rng(seed).multivariate_normal(codes.mean(axis=0), covariance, num_codes, method="eigh")
    return drawn.astype(np.float32)
