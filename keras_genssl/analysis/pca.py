"""Principal components, the baseline of autoencoders and VAEs."""

from typing import Any

import numpy as np

from keras_genssl.checks import arrays
from keras_genssl.checks.seeds import given_or_new


class PCA:
    """Principal component analysis of images, with the interface of an autoencoder and of a VAE.

    The code is the best linear one of its size. The generative model is probabilistic PCA (Tipping & Bishop, 1999):
    latents from N(0, I), a linear decoder, one noise variance for all pixels, in closed form; a VAE with
    `losses.GaussianLikelihood` is the same model with networks. Computed by scikit-learn, in float64.

    Reference:
        - Tipping and Bishop 1999, [Probabilistic PCA](https://doi.org/10.1111/1467-9868.00196)

    Args:
        code_dim: Number of components, at least 1.

    Raises:
        ValueError: If `code_dim` is not positive.

    Example:
        >>> images = np.random.default_rng(0).integers(256, size=(50, 4, 4, 1), dtype=np.uint8)
        >>> pca = PCA(code_dim=2).fit(images)
        >>> pca.encode(images).shape, pca.reconstruct(images).shape, pca.sample(3, seed=0).shape
        ((50, 2), (50, 4, 4, 1), (3, 4, 4, 1))
    """

    def __init__(self, code_dim: int) -> None:
        if code_dim < 1:
            raise ValueError(f"`code_dim` must be at least 1. Received: code_dim={code_dim}")
        self.code_dim = code_dim
        self.model: Any = None
        self.image_shape: tuple[int, ...] = ()

    def fit(self, images: np.ndarray) -> "PCA":
        """Finds the components.

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1], with more images and more pixels than components.

        Returns:
            Itself.

        Raises:
            ValueError: If the images are invalid, or there are too few of them or of their pixels.
        """
        from sklearn import decomposition

        vectors = _vectors(images)
        if self.code_dim >= min(vectors.shape):
            raise ValueError(
                "`code_dim` must be smaller than the numbers of images and of their pixel values, or nothing is left "
                f"for noise. Received: code_dim={self.code_dim}, images of shape {tuple(images.shape)}"
            )
        # With more pixels than images, the covariance would be large without more information than the images.
        solver = "covariance_eigh" if vectors.shape[0] >= vectors.shape[1] else "full"
        self.model = decomposition.PCA(self.code_dim, svd_solver=solver).fit(vectors)
        self.image_shape = tuple(images.shape[1:])
        return self

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Returns codes, `(num, h, w, c)` to float32 `(num, code_dim)`: centred, not whitened."""
        return self._fitted().transform(_vectors(images)).astype(np.float32)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Returns images, `(num, code_dim)` to float32 `(num, h, w, c)`, clipped to [-1, 1]."""
        vectors = self._fitted().inverse_transform(np.asarray(codes, np.float64))
        return np.clip(vectors, -1.0, 1.0).astype(np.float32).reshape(-1, *self.image_shape)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Returns images encoded and decoded again, float32 `(num, h, w, c)`."""
        return self.decode(self.encode(images))

    def sample(self, num_images: int, seed: int | None = None) -> np.ndarray:
        """Returns images of codes drawn from the Gaussian of the training codes, without noise on pixels.

        Args:
            num_images: Number of images.
            seed: Seed of the codes; None for other codes each time.

        Returns:
            float32 `(num_images, h, w, c)` in [-1, 1].
        """
        codes = np.random.default_rng(given_or_new(seed)).standard_normal((num_images, self.code_dim))
        return self.decode(codes * np.sqrt(self._fitted().explained_variance_))

    def log_likelihood(self, images: np.ndarray) -> np.ndarray:
        """Returns the exact log-density of each image under probabilistic PCA, in nats: float64 `(num,)`.

        Args:
            images: `(num, h, w, c)` in [-1, 1], in the form given to `fit`, dequantised by `analysis.dequantize`.
        """
        return self._fitted().score_samples(_vectors(images))

    def _fitted(self) -> Any:
        if self.model is None:
            raise ValueError("PCA must be fitted first: call `fit(images)`")
        return self.model


def _vectors(images: np.ndarray) -> np.ndarray:
    images = arrays.checked_images(images)
    vectors = images.reshape(len(images), -1).astype(np.float64)
    return arrays.from_levels(vectors) if images.dtype == np.uint8 else vectors
