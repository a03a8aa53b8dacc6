"""The base class of methods that judge images by a trained GAN, whose networks stay as they are."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.backbones import features_of
from keras_genssl.checks.numbers import whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.engine import Anything, Image, Kind, Method, Serving, Vector
from keras_genssl.engine.networks import fitting, require_built, require_inputs

_SAMPLE_BATCH = 500  # images generated at a time: bounds memory


class FrozenGAN(Method):
    """Base class of methods that ask how near a trained GAN's images come to a given image.

    An image that the generator cannot make is an anomaly. Images are compared by their pixels and by features of the
    discriminator. Both networks are only read: in inference mode, and their weights are no trainable variables of the
    method. Batches hold `image`, uint8 or float in [-1, 1]; labels are ignored.

    Args:
        generator: A built `keras.Model`, latents `(batch, latent_dim)` to images in [-1, 1].
        discriminator: A built `keras.Model`, or critic, that takes such images.
        feature_layer: The name of the layer of the discriminator whose output is compared; None: the features that
            the layer of the logits takes.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or there is no such layer.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        feature_layer: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        require_built(generator=generator)
        self.latent_dim = whole("latent_dim", generator.inputs[0].shape[-1])
        require_inputs("generator", generator, (self.latent_dim,))
        self.image_shape = tuple(generator.output_shape[1:])
        require_inputs("discriminator", discriminator, self.image_shape)
        self.generator = generator
        self.discriminator = discriminator
        self.features = features_of(discriminator, feature_layer)

    def inputs(self) -> dict[str, Kind]:
        """Images of the shape of the generated ones; labels are ignored."""
        return {"image": Image(self.image_shape), "label": Anything(required=False)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The images, as input and as target."""
        return batch["image"], batch["image"]

    def described(self, images: Any) -> tuple[Any, Any]:
        """What images are compared by: their pixels and their features, float `(batch, num)` each."""
        parts = (images, self.features(images, training=False))
        pixels, features = (
            ops.reshape(ops.cast(part, keras.config.floatx()), (-1, int(np.prod(part.shape[1:])))) for part in parts
        )
        return pixels, features

    def generate(self, latents: Any) -> Any:
        """Generates: float `(batch, latent_dim)` to float32 images `(batch, height, width, channels)` in [-1, 1]."""
        return ops.clip(ops.cast(self.generator(latents, training=False), "float32"), -1.0, 1.0)

    def sample(self, num_images: int, seed: int | None = None) -> np.ndarray:
        """Generates images of random latents.

        Args:
            num_images: How many, at least 1.
            seed: At least 0. The same seed gives the same images; None draws new ones at each call.

        Returns:
            Float32 `(num_images, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If `num_images` is less than 1.
        """
        shape = whole("num_images", num_images), self.latent_dim
        latents = np.random.default_rng(given_or_new(seed)).standard_normal(shape, dtype=np.float32)
        parts = [latents[start : start + _SAMPLE_BATCH] for start in range(0, len(latents), _SAMPLE_BATCH)]
        return np.concatenate([ops.convert_to_numpy(self.generate(part)) for part in parts])

    def score(self, images: Any) -> Any:
        """How anomalous images are: `(batch, h, w, c)`, uint8 or float in [-1, 1], to float `(batch,)`, 0 or more."""
        raise NotImplementedError(f"{type(self).__name__} does not score images")

    def fitted(self, images: Any) -> Any:
        """Images of the right shape, as float in [-1, 1]; see `engine.networks.fitting`."""
        return fitting(self.discriminator, images)

    def serving(self) -> dict[str, Serving]:
        """Image to score `(batch, 1)`, and image to image."""
        image: dict[str, Kind] = {"image": Image(self.image_shape)}
        return {
            "anomaly_score": Serving(lambda images: self.score(images)[:, None], image, {"anomaly_score": Vector(1)}),
            "reconstruct": Serving(self.reconstruct, image, image),
        }

    def reconstruct(self, images: Any) -> Any:
        """The generator's images that are compared with the given ones: `(batch, h, w, c)`, float32 in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} does not reconstruct images")
