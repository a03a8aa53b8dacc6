"""PixelVAE: a variational autoencoder whose decoder draws pixel by pixel."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.backbones.pixelcnn import PixelNetwork
from keras_genssl.checks.numbers import finite, whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.engine import Anything, Image, Kind, Serving, Vector, batches, replicas
from keras_genssl.engine.levels import to_levels
from keras_genssl.engine.networks import fitting, require_built, require_inputs
from keras_genssl.losses import CategoricalDistribution, DiscreteDistribution, free_bits_kl, standard_normal_kl
from keras_genssl.models.autoregressive.base import (
    PixelMethod,
    check_network,
    in_parts,
    require_some,
    uniform,
)


@keras.saving.register_keras_serializable(package="keras_genssl")
class PixelVAE(PixelMethod):
    """A VAE whose decoder is a PixelCNN that sees a map made of the code (Gulrajani et al., 2016).

    Minimises `-log p(x|z) + sum_j max(free_nats, KL_j)` in nats per image, with `p(x|z)` the product of the pixels'
    distributions given the pixels before and the code. A PixelCNN needs no code to be a good density, so without
    `free_nats` the posterior tends to collapse: q(z|x) becomes the prior, and the code tells nothing (Bowman et al.,
    2015). With free bits (Kingma et al., 2016) a divergence below `free_nats` in a code dimension costs nothing. Here
    the floor holds for each image; in the paper it holds for the mean of a batch. Logs `reconstruction`, the mean of
    -log p(x|z), and `kl`, the whole divergence; `active_dimensions` counts what of the code is in use.

    Reference:
        - Gulrajani et al. 2016, [PixelVAE: A Latent Variable Model for Natural Images](https://arxiv.org/abs/1611.05013)
        - collapse: Bowman et al. 2015, [Generating Sentences from a Continuous Space](https://arxiv.org/abs/1511.06349)
        - free bits: Kingma et al. 2016, [Improving Variational Inference with Inverse Autoregressive
          Flow](https://arxiv.org/abs/1606.04934)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to `(batch, 2 * latent_dim)`: means, then
            log-variances.
        decoder: A built network of `(batch, latent_dim)` to `(batch, h, w, map_channels)`.
        network: A network of `backbones.pixelcnn` with the decoder's `map_channels`, and no `vector_dim`.
        distribution: The distribution of a level; by default `losses.CategoricalDistribution(256)`.
        free_nats: The divergence of each code dimension that costs nothing, at least 0.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, they do not fit together, or `free_nats` is negative.

    Example:

        network = kg.backbones.pixelcnn((28, 28, 1), 2, 1, blocks=4, map_channels=16)
        model = kg.models.PixelVAE(
            kg.backbones.convolutional_encoder(2 * 16),
            kg.backbones.convolutional_decoder(16, output_shape=(28, 28, 16), output_activation=None),
            network,
            distribution=kg.losses.BernoulliDistribution(),
            free_nats=0.5,
        )
        model.compile("adam")
        model.fit(black_and_white_images, epochs=10)
        print(model.active_dimensions(test_images), "of 16 code dimensions are in use")
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        network: PixelNetwork,
        *,
        distribution: DiscreteDistribution | None = None,
        free_nats: float = 0.0,
        name: str | None = None,
    ) -> None:
        distribution = distribution or CategoricalDistribution(256)
        check_network(network, distribution)
        require_built(encoder=encoder, decoder=decoder)
        require_inputs("encoder", encoder, network.level_shape)
        latent_dim = decoder.input_shape[1]
        if tuple(encoder.output_shape[1:]) != (2 * latent_dim,):
            raise ValueError(
                "`encoder` must give a mean and a log-variance for each of the values that `decoder` takes. Received: "
                f"an encoder with output shape {encoder.output_shape} and a decoder with input {decoder.input_shape}"
            )
        if network.vector_dim or tuple(decoder.output_shape[1:]) != (*network.level_shape[:2], network.map_channels):
            raise ValueError(
                "`network` must take the map that `decoder` gives, and no vector. Received: "
                f"map_channels={network.map_channels}, vector_dim={network.vector_dim} and a decoder with output shape "
                f"{decoder.output_shape}"
            )
        free_nats = finite("free_nats", free_nats, 0)
        super().__init__(network, distribution, name=name)
        self.encoder = encoder
        self.decoder = decoder
        self.free_nats = float(free_nats)
        self.latent_dim = latent_dim
        self.seed = keras.random.SeedGenerator()
        self.reconstruction_tracker = keras.metrics.Mean("reconstruction")
        self.kl_tracker = keras.metrics.Mean("kl")

    @property
    def noise_dim(self) -> int:
        """The length of the noise of `generate`: one number for each level."""
        return self.dimensions

    # Training -----------------------------------------------------------------------------------

    def inputs(self) -> dict[str, Kind]:
        """Images on the levels of the distribution; labels are ignored."""
        return {"image": Image(self.network.level_shape), "label": Anything(required=False)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images, and their levels."""
        return {"image": batch["image"], "levels": to_levels(batch["image"], self.distribution.num_levels)}, None

    def posterior(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """Mean and log-variance of q(z|x) for images in [-1, 1], each `(batch, latent_dim)`."""
        statistics = ops.cast(self.encoder(images, training=training), keras.config.floatx())
        return statistics[:, : self.latent_dim], statistics[:, self.latent_dim :]

    def call(self, x: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns `reconstruction`, `kl` and `free_kl`, the divergence as it is minimised, each `(batch,)`."""
        mean, log_variance = self.posterior(x["image"], training)
        noise = replicas.normal((ops.shape(mean)[0], self.latent_dim), self.seed)
        return {
            "reconstruction": -self._log_prob(x["levels"], mean + ops.exp(0.5 * log_variance) * noise, training),
            "kl": standard_normal_kl(mean, log_variance),
            "free_kl": free_bits_kl(mean, log_variance, self.free_nats),
        }

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`-log p(x|z)` plus the divergence beyond the free bits, `(batch,)`."""
        return y_pred["reconstruction"] + y_pred["free_kl"]

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, with both terms of the bound."""
        self.reconstruction_tracker.update_state(y_pred["reconstruction"])
        self.kl_tracker.update_state(y_pred["kl"])
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def _log_prob(self, levels: Any, latents: Any, training: bool = False) -> Any:
        outputs = self.network([levels, self.decoder(latents, training=training)], training=training)
        return ops.sum(self.distribution.log_prob(levels, outputs), axis=(1, 2, 3))

    # Measures -----------------------------------------------------------------------------------

    def elbo(self, images: Any, num_samples: int = 1, seed: int | None = None) -> np.ndarray:
        """The evidence lower bound of each image in nats, `E_q log p(x|z) - KL`, without free bits.

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1], on the levels of the distribution.
            num_samples: Draws from q for each image, at least 1.
            seed: The seed of the draws; None draws anew at each call.

        Returns:
            float64 `(num,)`.

        Raises:
            ValueError: If `num_samples` is less than 1, there is no image, or images lie between levels.
        """
        num_samples = whole("num_samples", num_samples)
        require_some(images=images)
        rng = np.random.default_rng(given_or_new(seed))

        def bound(part: Any) -> np.ndarray:
            x, _ = self.split_inputs(self.batch(part))
            mean, log_variance = self.posterior(x["image"])
            total = 0.0
            for _ in range(num_samples):
                noise = rng.standard_normal(mean.shape, dtype=np.float32)
                latents = mean + ops.exp(0.5 * log_variance) * noise
                total = total + ops.convert_to_numpy(self._log_prob(x["levels"], latents)).astype(np.float64)
            return np.asarray(total / num_samples - ops.convert_to_numpy(standard_normal_kl(mean, log_variance)))

        return in_parts(bound, images)

    def kl_by_dimension(self, images: Any) -> np.ndarray:
        """The mean divergence of each code dimension over images, in nats, float64 `(latent_dim,)`."""
        mean, log_variance = self._posteriors(images)
        return np.mean(0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1.0), axis=0)

    def active_dimensions(self, images: Any, threshold: float = 0.01) -> int:
        """How many code dimensions differ between images: those whose posterior mean has a variance above a threshold.

        None are active if the posterior has collapsed. The measure and the threshold are those of Burda et al., 2015
        (arXiv:1509.00519).
        """
        return int(np.sum(np.var(self._posteriors(images)[0], axis=0) > threshold))

    def _posteriors(self, images: Any) -> tuple[np.ndarray, np.ndarray]:
        require_some(images=images)

        def statistics(part: Any) -> Any:
            return ops.concatenate(self.posterior(self.batch(part, training=False)["image"]), axis=1)

        mean, log_variance = np.split(in_parts(statistics, images).astype(np.float64), 2, axis=1)
        return mean, log_variance

    # Codes and images ---------------------------------------------------------------------------

    def encode(self, images: Any) -> Any:
        """The posterior's means: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to `(batch, latent_dim)`."""
        return self.posterior(fitting(self.encoder, images))[0]

    def sample(self, num_images: int, seed: int | None = None) -> np.ndarray:
        """Draws codes from the prior, and the pixels of an image for each.

        Args:
            num_images: How many, at least 1.
            seed: At least 0. The same seed gives the same images; a larger `num_images` only adds more of them.

        Returns:
            Float32 `(num_images, h, w, c)` in [-1, 1], on the levels of the distribution.

        Raises:
            ValueError: If `num_images` is less than 1, or the network's outputs are NaN.
        """
        num_images = whole("num_images", num_images)
        seed = given_or_new(seed)
        codes = np.random.default_rng([seed, 1]).standard_normal((num_images, self.latent_dim), dtype=np.float32)
        return self.decode(codes, seed)

    def decode(self, codes: Any, seed: int | None = None) -> np.ndarray:
        """Draws the pixels of an image for each code.

        Args:
            codes: Float `(num, latent_dim)`, at least one.
            seed: As for `sample`.

        Returns:
            Float32 `(num, h, w, c)` in [-1, 1].

        Raises:
            ValueError: If there is no code, codes have another length or are not finite, or the network's outputs are
                NaN.
        """
        require_some(codes=codes)
        codes = Vector(self.latent_dim).taken(type(self).__name__, "codes", codes)
        return self.drawn(len(codes), seed, codes)

    def reconstruct(self, images: Any, seed: int | None = None) -> np.ndarray:
        """Draws an image for the code of each image, `(num, h, w, c)`; what differs, the code did not tell."""
        return self.decode(self._posteriors(images)[0].astype(np.float32), seed)

    def generate(self, latents: Any, noise: Any) -> Any:
        """Images of codes and noise; the same two give the same image.

        Args:
            latents: Codes, float `(batch, latent_dim)`.
            noise: Standard normal, float `(batch, h * w * c)`: each number decides one level.

        Returns:
            Float32 `(batch, h, w, c)` in [-1, 1]; NaN where the network's outputs are NaN.

        Raises:
            ValueError: If latents or noise have another shape or dtype, or one holds more examples than the other.
            RuleError: When run, if a number is not finite. XLA drops this check.
        """
        kinds = {"latents": Vector(self.latent_dim), "noise": Vector(self.dimensions)}
        taken = batches.checked(type(self).__name__, {"latents": latents, "noise": noise}, kinds)
        return self.draw(uniform(taken["noise"], self.network.level_shape), taken["latents"])

    def conditions(self, *of: Any) -> dict[str, Any]:
        """The map that the decoder makes of codes `(batch, latent_dim)`."""
        return {"map": self.decoder(of[0], training=False)}

    def predict_step(self, data: Any) -> Any:
        """The codes of a batch of images."""
        return self.encode(self.batch(data, training=False)["image"])

    # Serving ------------------------------------------------------------------------------------

    def serving(self) -> dict[str, Serving]:
        """Images to codes; codes and noise to images; and images from nothing."""
        image = {"image": Image(self.network.level_shape)}
        latent, noise = {"latent": Vector(self.latent_dim)}, {"noise": Vector(self.dimensions)}
        return {
            "encode": Serving(self.encode, image, latent),
            "generate": Serving(self.generate, {**latent, **noise}, image),
            "draw": Serving(self._from_nothing, {}, image),
        }

    def _from_nothing(self, num: Any, seed: Any) -> Any:
        latents = keras.random.normal((num, self.latent_dim), seed=seed)
        return self.draw(keras.random.uniform((num, *self.network.level_shape), seed=seed), latents)
