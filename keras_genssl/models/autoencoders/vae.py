"""The variational autoencoder: codes with a distribution to sample from."""

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.engine import Serving, batches, replicas
from keras_genssl.engine.networks import fitting
from keras_genssl.losses import GaussianLikelihood, Likelihood, standard_normal_kl
from keras_genssl.models.autoencoders.base import EncoderDecoder, last_activation

_IMAGES = 64  # at a time, in estimates
_DECODED = 1024  # images at a time, in estimates and samples


@keras.saving.register_keras_serializable(package="keras_genssl")
class VAE(EncoderDecoder):
    """The variational autoencoder (Kingma & Welling, 2013).

    Minimises `-log p(x|z) + beta KL(q(z|x) || N(0, I))` in nats per image. The encoder gives the Gaussian q, and each
    step draws one `z = mean + exp(log_variance / 2) noise` from it. With beta 1 the loss is the negative evidence lower
    bound (ELBO); beta is from Higgins et al., 2017. The divergence is computed in closed form. Logs `reconstruction`,
    the mean of -log p(x|z), and `kl`.

    With `num_samples` K above 1 it is the importance-weighted autoencoder (IWAE): each step draws K codes z_k an image,
    and minimises `-log 1/K sum_k w_k`, where `w_k = p(x|z_k) p(z_k) / q(z_k|x)`. On average this bound is no smaller
    than the ELBO, and tighter with each draw; a decoder step costs K times as much. K of 1 is the ELBO, with its
    divergence in closed form. `reconstruction` and `kl` are logged as before, so their sum above the loss is what the
    tighter bound gains.

    Reference:
        - Kingma and Welling 2013, [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114)
        - `num_samples`: Burda et al. 2016, [Importance Weighted Autoencoders](https://arxiv.org/abs/1509.00519)
        - beta: Higgins et al. 2017, [beta-VAE](https://openreview.net/forum?id=Sy2fzU9gl)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to `(batch, 2 * latent_dim)`: means, then
            log-variances.
        decoder: A built network of `(batch, latent_dim)` to the input of `likelihood`, `(batch, h, w, c)`.
        likelihood: `losses.GaussianLikelihood()` (the default, with a learnt variance) or
            `losses.BernoulliLikelihood()` (binarised images; the decoder gives logits).
        beta: The weight of the divergence, at least 0; 1 with more than one sample, whose bound has no such term.
        num_samples: K, the number of codes drawn for each image in training, at least 1.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the two do not fit together, beta or the number of samples is out of its
            range, or the last activation of a decoder for a Bernoulli likelihood is not linear.

    Example:

        encoder = kg.backbones.convolutional_encoder(2 * 32)
        model = kg.models.VAE(encoder, kg.backbones.convolutional_decoder(32))
        model.compile("adam")
        model.fit(images, epochs=10)
        drawn = model.sample(64)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        likelihood: Likelihood | None = None,
        beta: float = 1.0,
        num_samples: int = 1,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, statistics=2, name=name)
        self.beta = finite("beta", beta, 0)
        self.num_samples = whole("num_samples", num_samples)
        if self.num_samples > 1 and self.beta != 1:
            raise ValueError(
                "`num_samples` must be 1 unless beta=1: the importance-weighted bound has no divergence to weigh. "
                f"Received: num_samples={num_samples}, beta={beta}"
            )
        self.likelihood = likelihood or GaussianLikelihood(
            name="likelihood"
        )  # a fixed name: the path of its weights is the same when it is loaded
        activation = last_activation(decoder)
        if self.likelihood.needs_logits and activation not in ("linear", None):
            raise ValueError(
                "`likelihood` needs logits: give the decoder `output_activation=None`. "
                f"Received: a decoder whose last activation is {activation!r}"
            )
        self.latent_dim = decoder.input_shape[1]
        self.seed = keras.random.SeedGenerator()
        self.reconstruction_tracker = keras.metrics.Mean("reconstruction")
        self.kl_tracker = keras.metrics.Mean("kl")

    def posterior(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """Mean and log-variance of q(z|x) for images, uint8 or float in [-1, 1], each float32 `(batch, latent_dim)`."""
        statistics = ops.cast(self.encoder(batches.scaled(images), training=training), keras.config.floatx())
        return statistics[:, : self.latent_dim], statistics[:, self.latent_dim :]

    def call(self, images: Any, training: bool = False) -> dict[str, Any]:
        """Returns `image`, the expected image of one draw of z, and the terms of the bound, each `(batch,)`.

        These are `reconstruction`, -log p(x|z), and `kl`; of several draws, the mean of the first, and `log_weights`,
        the `log w_k`, `(batch, num_samples)`.
        """
        mean, log_variance = self.posterior(images, training)
        if self.num_samples > 1:
            return self._importance_weighted(images, mean, log_variance, training)
        noise = replicas.normal((ops.shape(images)[0], self.latent_dim), self.seed)
        outputs = self.decoder(mean + ops.exp(0.5 * log_variance) * noise, training=training)
        return {
            "image": self.likelihood.mean(outputs),
            "reconstruction": -self.likelihood.log_prob(images, outputs),
            "kl": standard_normal_kl(mean, log_variance),
        }

    def _importance_weighted(self, images: Any, mean: Any, log_variance: Any, training: bool) -> dict[str, Any]:
        """What `call` returns with several draws of z for each image."""
        draws, mean, log_variance = self.num_samples, mean[:, None], log_variance[:, None]
        noise = replicas.normal((ops.shape(images)[0], draws, self.latent_dim), self.seed)
        latents = mean + ops.exp(0.5 * log_variance) * noise  # (batch, draws, latent_dim)
        outputs = self.decoder(ops.reshape(latents, (-1, self.latent_dim)), training=training)
        log_probs = self.likelihood.log_prob(ops.repeat(images, draws, axis=0), outputs)
        log_probs = ops.reshape(log_probs, (-1, draws))
        return {
            "image": self.likelihood.mean(outputs[::draws]),
            "reconstruction": -ops.mean(log_probs, axis=1),
            "kl": standard_normal_kl(mean[:, 0], log_variance[:, 0]),
            "log_weights": log_probs + _log_ratio(noise, latents, log_variance),
        }

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`-log p(x|z) + beta KL` of each example, or `-log 1/K sum_k w_k`, `(batch,)`."""
        if self.num_samples > 1:
            return math.log(self.num_samples) - ops.logsumexp(y_pred["log_weights"], axis=1)
        return y_pred["reconstruction"] + self.beta * y_pred["kl"]

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, with both terms of the bound."""
        self.reconstruction_tracker.update_state(y_pred["reconstruction"])
        self.kl_tracker.update_state(y_pred["kl"])
        return super().compute_metrics(x, y, y_pred, sample_weight)

    # Codes and images ---------------------------------------------------------------------------

    def encode(self, images: Any) -> Any:
        """The posterior's means: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to `(batch, latent_dim)`."""
        return self.posterior(fitting(self.encoder, images))[0]

    def decode(self, codes: Any) -> Any:
        """Expected images: float32 `(batch, latent_dim)` to `(batch, h, w, c)` in [-1, 1]."""
        return self.likelihood.mean(self.decoder(codes, training=False))

    def sample(self, num_images: int, seed: int | None = None) -> np.ndarray:
        """Generates images of latents drawn from the prior: the means of p(x|z), without pixel noise.

        Args:
            num_images: At least 1; decoded in batches.
            seed: The seed of the latents; None draws new ones at each call. The model's own seed is not used.

        Returns:
            float32 `(num_images, h, w, c)` in [-1, 1].
        """
        num_images = whole("num_images", num_images)
        rng = np.random.default_rng(given_or_new(seed))
        latents = rng.standard_normal((num_images, self.latent_dim), dtype=np.float32)
        parts = [latents[start : start + _DECODED] for start in range(0, num_images, _DECODED)]
        return np.concatenate([ops.convert_to_numpy(self.decode(part)) for part in parts])

    # Likelihoods --------------------------------------------------------------------------------

    def elbo(self, images: Any, num_samples: int = 1, seed: int | None = None) -> np.ndarray:
        """The evidence lower bound of each image in nats, `E_q log p(x|z) - KL`, without beta.

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1].
            num_samples: Draws from q for each image, at least 1.
            seed: The seed of the draws; None draws anew at each call.

        Returns:
            float64 `(num,)`.
        """
        terms = self._estimates(images, num_samples, seed)
        return np.concatenate([log_prob.mean(axis=0) - kl for log_prob, _, kl in terms])

    def log_likelihood(self, images: Any, num_samples: int = 100, seed: int | None = None) -> np.ndarray:
        """The importance-weighted estimate of log p(x) in nats, a lower bound on average.

        `log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)` with z_k drawn from q (Burda et al., 2015, arXiv:1509.00519). On
        average it is no smaller than the ELBO and becomes tighter with each draw, so state K with every number.
        Densities (Gaussian likelihood) are comparable only on the same, dequantised data (`analysis.dequantize`).

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1].
            num_samples: K, at least 1; it does not change the memory that is used.
            seed: The seed of the draws; None draws anew at each call.

        Returns:
            float64 `(num,)`.
        """
        terms = self._estimates(images, num_samples, seed)
        return np.concatenate(
            [np.logaddexp.reduce(log_prob + ratio, axis=0) - np.log(num_samples) for log_prob, ratio, _ in terms]
        )

    def _estimates(
        self, images: Any, num_samples: int, seed: int | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yields, for each batch, `log p(x|z)` and `log p(z)/q(z|x)`, `(num_samples, batch)`, and KL, `(batch,)`."""
        num_samples = whole("num_samples", num_samples)
        rng = np.random.default_rng(given_or_new(seed))
        for start in range(0, len(images), _IMAGES):
            x = self.batch(ops.convert_to_tensor(images[start : start + _IMAGES]), training=False)["image"]
            mean, log_variance = self.posterior(x)
            size = len(x)
            log_probs, ratios = [], []
            for first in range(0, num_samples, _DECODED // size):
                draws = min(_DECODED // size, num_samples - first)
                noise = rng.standard_normal((draws, size, self.latent_dim), dtype=np.float32)
                latents = mean + ops.exp(0.5 * log_variance) * noise
                outputs = self.decoder(ops.reshape(latents, (-1, self.latent_dim)), training=False)
                log_prob = self.likelihood.log_prob(ops.tile(x, (draws, 1, 1, 1)), outputs)
                log_probs.append(ops.convert_to_numpy(ops.reshape(log_prob, (draws, size))))
                ratios.append(ops.convert_to_numpy(_log_ratio(noise, latents, log_variance)))
            kl = ops.convert_to_numpy(standard_normal_kl(mean, log_variance))
            yield (
                np.concatenate(log_probs).astype(np.float64),
                np.concatenate(ratios).astype(np.float64),
                kl.astype(np.float64),
            )

    # Serving and saving -------------------------------------------------------------------------

    def serving(self) -> dict[str, Serving]:
        """The functions of every autoencoder, and `generate`, which decodes latents from the prior."""
        served = super().serving()
        return {**served, "generate": served["decode"]}


def _log_ratio(noise: Any, latents: Any, log_variance: Any) -> Any:
    """`log p(z) / q(z|x)` of latents `mean + exp(log_variance / 2) noise`, summed over the last axis."""
    return 0.5 * ops.sum(ops.square(noise) - ops.square(latents) + log_variance, axis=-1)
