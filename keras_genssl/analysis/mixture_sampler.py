"""Samples of an autoencoder that was not trained to be sampled from: a density fitted to its codes afterwards."""

from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function, decode_codes, encode_images
from keras_genssl.checks.numbers import whole
from keras_genssl.checks.seeds import given_or_new


class GaussianMixtureSampler:
    """Makes a generator of a trained autoencoder: a mixture of Gaussians fitted to its codes, and its decoder.

    The codes of a plain autoencoder follow no known distribution, so decoded noise is no image. Ghosh et al. (2020)
    fit a density to the codes of the training images, after the training, and draw codes from it. With one component it
    is the Gaussian of the codes' mean and covariance (`gaussian_codes`); covariances are full. Computed by scikit-learn
    with k-means as the start, in float64.

    Reference:
        - Ghosh et al. 2020, [From Variational to Deterministic Autoencoders](https://arxiv.org/abs/1903.12436)

    Args:
        encode: Maps images `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`.
        decode: Maps codes back to images.
        num_components: The number of Gaussians, at least 1; 10 in the paper.
        seed: The seed of the fit, an integer of at least 0.
        batch_size: Images, or codes, passed at once.

    Raises:
        ValueError: If a number is out of its range.

    Example:

        sampler = kg.analysis.GaussianMixtureSampler(model.encode, model.decode).fit(images)
        drawn = sampler.sample(64, seed=0)
        nats = sampler.log_prob(test_images)  # of codes
    """

    def __init__(
        self, encode: Function, decode: Function, num_components: int = 10, seed: int = 0, batch_size: int = 256
    ) -> None:
        self.encode = encode
        self.decode = decode
        self.num_components = whole("num_components", num_components)
        self.seed = whole("seed", seed, 0)
        self.batch_size = whole("batch_size", batch_size)
        self.model: Any = None

    def fit(self, images: npt.ArrayLike) -> "GaussianMixtureSampler":
        """Fits the mixture to the codes of images.

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1]; more than components.

        Returns:
            Itself.

        Raises:
            ValueError: If the images are invalid or too few, or codes are not finite vectors.
        """
        from sklearn import mixture

        codes = self._codes(images)
        if len(codes) <= self.num_components:
            raise ValueError(
                f"`images` must be more than num_components={self.num_components}. Received: {len(codes)} images"
            )
        self.model = mixture.GaussianMixture(self.num_components, random_state=self.seed).fit(codes)
        return self

    def sample_codes(self, num_codes: int, seed: int | None = None) -> np.ndarray:
        """Draws codes from the mixture.

        Args:
            num_codes: At least 1.
            seed: The seed of the draws; None for other codes each time.

        Returns:
            float32 `(num_codes, code_dim)`.

        Raises:
            ValueError: If the number is not positive, or nothing was fitted.
        """
        num_codes = whole("num_codes", num_codes)
        fitted, rng = self._fitted(), np.random.default_rng(given_or_new(seed))
        components = rng.choice(self.num_components, num_codes, p=fitted.weights_ / fitted.weights_.sum())
        codes = rng.standard_normal((num_codes, fitted.means_.shape[1]))
        for number, root in enumerate(np.linalg.cholesky(fitted.covariances_)):
            own = components == number
            codes[own] = fitted.means_[number] + codes[own] @ root.T
        return codes.astype(np.float32)

    def sample(self, num_images: int, seed: int | None = None) -> np.ndarray:
        """Decodes codes drawn from the mixture.

        Args:
            num_images: At least 1.
            seed: The seed of the codes; None for other codes each time.

        Returns:
            `(num_images, h, w, c)`, what `decode` gives.

        Raises:
            ValueError: As in `sample_codes`.
        """
        num_images = whole("num_images", num_images)
        return decode_codes(self.decode, self.sample_codes(num_images, seed), self.batch_size)

    def log_prob(self, images: npt.ArrayLike) -> np.ndarray:
        """Returns the log-density of the *codes* of images under the mixture, in nats: float64 `(num,)`.

        On held-out images it tells how many components the codes bear. It says nothing of pixels.
        """
        return self._fitted().score_samples(self._codes(images))

    def _codes(self, images: npt.ArrayLike) -> np.ndarray:
        codes = np.asarray(encode_images(self.encode, images, self.batch_size), np.float64)
        if codes.ndim != 2 or not np.isfinite(codes).all():
            raise ValueError(
                f"`encode` must give finite codes of shape (batch, code_dim). Received: shape {codes.shape}, "
                f"{'finite' if np.isfinite(codes).all() else 'not all finite'}"
            )
        return codes

    def _fitted(self) -> Any:
        if self.model is None:
            raise ValueError("The sampler must be fitted first: call `fit(images)`")
        return self.model
