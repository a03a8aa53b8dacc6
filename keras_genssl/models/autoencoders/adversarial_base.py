"""Base class of autoencoders of several players, whose codes are made to follow a prior."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.numbers import whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.engine import Anything, Image, Kind, PlayersModel, Serving
from keras_genssl.engine.networks import fitting
from keras_genssl.engine.shapes import same_shape
from keras_genssl.models.autoencoders import base
from keras_genssl.priors import Prior

_DECODED = 1000  # images at a time: bounds memory


class PriorAutoencoder(PlayersModel):
    """Base class of methods of several players that encode images, decode codes, and sample codes from a prior.

    Batches hold `image` (a tensor, a dict, or the first of a tuple), uint8 or float in [-1, 1]; labels are ignored.
    Every round of a step sees the whole batch.

    Args:
        encoder: A built `keras.Model`, `(batch, h, w, c)` in [-1, 1] to codes `(batch, code_dim)`.
        decoder: A built `keras.Model`, `(batch, code_dim)` to `(batch, h, w, c)`.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, or the two do not fit together.
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, *, name: str | None = None) -> None:
        super().__init__(reuse_batch=True, name=name)
        base.require_coder(encoder, decoder)
        self.encoder = encoder
        self.decoder = decoder
        self.seed = keras.random.SeedGenerator()

    def draw_codes(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        """Codes of the prior, float `(num, code_dim)`, for an int or an int32 scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its codes follow")

    def codes(self, images: Any, training: bool = False) -> Any:
        """Codes of images in [-1, 1], `(batch, code_dim)`: what the decoder takes."""
        return ops.cast(self.encoder(images, training=training), keras.config.floatx())

    def inputs(self) -> dict[str, Kind]:
        """The image that the encoder takes; labels are ignored."""
        return {"image": Image(self.encoder.input_shape[1:]), "label": Anything(required=False)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images, as input and as target."""
        return batch["image"], batch["image"]

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Returns the images if they have the shape of their reconstructions."""
        return same_shape("`image`", y, "what `decoder` makes of it", y_pred["image"])

    def call(self, images: Any, training: bool = False) -> dict[str, Any]:
        """Returns `image`, the decoder's output before clipping, and `code`."""
        codes = self.codes(images, training)
        return {"image": self.decoder(codes, training=training), "code": codes}

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, which compare images with reconstructions clipped to [-1, 1]."""
        return super().compute_metrics(x, y, ops.clip(y_pred["image"], -1.0, 1.0), sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The reconstructions that `predict` returns."""
        return self.reconstruct(self.batch(data, training=False)["image"])

    def encode(self, images: Any) -> Any:
        """Codes: `(batch, h, w, c)`, uint8 or float32 in [-1, 1], to `(batch, code_dim)`."""
        return self.codes(fitting(self.encoder, images))

    def decode(self, codes: Any) -> Any:
        """Images: float32 `(batch, code_dim)` to `(batch, h, w, c)` in [-1, 1]."""
        return base.decoded(self.decoder, codes)

    def reconstruct(self, images: Any) -> Any:
        """Encodes and decodes images, `(batch, h, w, c)`; gives images in [-1, 1]."""
        return self.decode(self.encode(images))

    def sample_codes(self, num_codes: int, seed: int | None = None) -> np.ndarray:
        """Draws codes from the prior.

        Args:
            num_codes: How many, at least 1.
            seed: The seed; None draws new ones at each call. The model's own seed is not used.

        Returns:
            float32 `(num_codes, code_dim)`.

        Raises:
            ValueError: If `num_codes` is less than 1.
        """
        num_codes, seed = whole("num_codes", num_codes), given_or_new(seed)
        return ops.convert_to_numpy(self.draw_codes(num_codes, keras.random.SeedGenerator(seed)))

    def sample(self, num_images: int, seed: int | None = None) -> np.ndarray:
        """Generates images: decodes codes that are drawn from the prior.

        Args:
            num_images: How many, at least 1; decoded in batches.
            seed: The seed of the codes; None draws new ones at each call. The model's own seed is not used.

        Returns:
            float32 `(num_images, h, w, c)` in [-1, 1].

        Raises:
            ValueError: If `num_images` is less than 1.
        """
        return self._decoded(self._sampled(num_images, seed))

    def _sampled(self, num_images: int, seed: int | None) -> np.ndarray:
        """The codes of `num_images` samples."""
        num_images = whole("num_images", num_images)
        return self.sample_codes(num_images, seed)

    def _decoded(self, codes: np.ndarray) -> np.ndarray:
        parts = [codes[start : start + _DECODED] for start in range(0, len(codes), _DECODED)]
        return np.concatenate([ops.convert_to_numpy(self.decode(part)) for part in parts])

    def serving(self) -> dict[str, Serving]:
        """Image to code, code to image, image to image; and `draw`, images from a number and a seed."""
        served = base.serving(self)
        return {**served, "draw": Serving(self._drawn, {}, served["decode"].outputs)}

    def _drawn(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        return self.decode(self.draw_codes(num, seed))


def require_dim(argument: str, prior: Prior, code_dim: int) -> None:
    """Draws two codes of a prior; raises ValueError unless they are floats `(2, code_dim)` and its `dim` says so."""
    if not isinstance(prior, Prior):
        raise ValueError(f"`{argument}` must be a priors.Prior. Received: {argument}={prior!r}")
    dim = getattr(prior, "dim", None)
    if dim != code_dim:
        raise ValueError(
            f"`{argument}` must draw codes of length {code_dim}. Received: a {type(prior).__name__} of dim={dim}"
        )
    drawn = prior.draw(2, keras.random.SeedGenerator(0, name="check"))  # a seed of its own: the global one stays
    shape, dtype = tuple(np.shape(drawn)), str(keras.backend.standardize_dtype(getattr(drawn, "dtype", "object")))
    if shape != (2, code_dim) or "float" not in dtype:
        raise ValueError(
            f"`{argument}` must draw floats (num, {code_dim}). "
            f"Received: a {type(prior).__name__} that draws {dtype} {shape} for num=2"
        )
