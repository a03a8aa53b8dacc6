"""Base classes of the GANs that generate from latent vectors."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.checks.numbers import finite, whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.checks.tensors import checked_labels as checked_tensor
from keras_genssl.engine import (
    Anything,
    Image,
    Kind,
    Label,
    PlayersModel,
    Serving,
    TargetNetwork,
    Vector,
    batches,
    replicas,
)
from keras_genssl.engine.networks import require_inputs

_SAMPLE_BATCH = 500  # images generated at a time: bounds memory


class LatentGAN(PlayersModel):
    """Base class of GANs with a generator of latents `z ~ N(0, 1)`; samples from it or from its moving average.

    Each paper's class adds the discriminator and the losses of both networks. Batches hold `image` (a tensor, or
    `(image, label)`, or a dict), uint8 or float in [-1, 1]; labels are ignored. Networks of points `(batch, dim)` in
    place of images work too.

    Args:
        generator: A built `keras.Model`, latents `(batch, latent_dim)` to images.
        latent_dim: The length of the latent vectors, at least 1.
        ema: The momentum, in [0, 1], of an exponential moving average of the generator's weights (Yazici et al., 2019,
            arXiv:1806.04498). The average is then sampled and served; with None the generator itself is. It
            averages about `1 / (1 - ema)` updates of the generator and starts at the initial weights, so train several
            times as long as that.
        conditions: The lengths of the vectors that the generator takes in addition to the latents.
        reuse_batch: Whether all rounds of a step see the same images.
        name: The model's name.

    Raises:
        ValueError: If the generator is not built, it takes other inputs, or a number is out of its range.
    """

    def __init__(
        self,
        generator: keras.Model,
        latent_dim: int,
        *,
        ema: float | None = None,
        conditions: tuple[int, ...] = (),
        reuse_batch: bool = False,
        name: str | None = None,
    ) -> None:
        latent_dim = whole("latent_dim", latent_dim)
        ema = None if ema is None else finite("ema", ema, 0, 1)
        require_inputs("generator", generator, (latent_dim,), *((length,) for length in conditions))
        super().__init__(reuse_batch=reuse_batch, name=name)
        self.generator = generator
        self.latent_dim = latent_dim
        self.ema = ema
        self.image_shape = tuple(generator.output_shape[1:])
        self.average = None if ema is None else TargetNetwork(generator, ema, average_statistics=True)
        self.seed = keras.random.SeedGenerator()

    def inputs(self) -> dict[str, Kind]:
        """Real images, or points, of the shape of the generated ones; labels are ignored."""
        return {"image": self.generated, "label": Anything(required=False)}

    @property
    def generated(self) -> Kind:
        """The kind of the generator's output: an image, or a point."""
        return Image(self.image_shape) if len(self.image_shape) == 3 else Vector(*self.image_shape)

    def draw_latents(self, real: Any) -> Any:
        """Draws one latent for each real image, `(batch, latent_dim)`; the same for any number of replicas."""
        return replicas.normal((ops.shape(real)[0], self.latent_dim), self.seed)

    def after_update(self, player: str) -> None:  # type: ignore[override]
        """Updates the moving average after the generator."""
        if player == "generator" and self.average is not None:
            self.average.update()

    def predict_step(self, data: Any) -> Any:
        """The output of `call` for a batch of latents."""
        if isinstance(data, tuple | list) and len(data) == 1:
            data = data[0]
        parts = data if isinstance(data, tuple | list) else (data,)
        kinds = (("latents", Vector(self.latent_dim)), ("labels", Label()))
        taken = [kind.fitted(type(self).__name__, name, part) for part, (name, kind) in zip(parts, kinds, strict=False)]
        return self(taken[0] if len(taken) == 1 else tuple(taken), training=False)

    def call(self, latents: Any, training: bool = False) -> Any:
        """The images of latents `(batch, latent_dim)`, made by the generator's moving average if there is one."""
        return (self.generator if self.average is None else self.average)(latents, training=training)

    def generate(self, latents: Any) -> Any:
        """Generates: float `(batch, latent_dim)` to float32 images `(batch, height, width, channels)` in [-1, 1]."""
        return self.bounded(self(latents, training=False))

    def bounded(self, generated: Any) -> Any:
        """Images clipped to [-1, 1], points as they are; float32."""
        generated = ops.cast(generated, "float32")
        return ops.clip(generated, -1.0, 1.0) if len(self.image_shape) == 3 else generated

    def sample(self, num_images: int, seed: int | None = None) -> np.ndarray:
        """Generates images of random latents.

        Args:
            num_images: How many, at least 1.
            seed: At least 0. The same seed gives the same images; a larger `num_images` only adds more of them. None
                draws new ones at each call, after `keras.utils.set_random_seed` the same ones.

        Returns:
            Float32 `(num_images, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If `num_images` is less than 1.
        """
        latents = self.sample_latents(num_images, seed)
        return np.concatenate([ops.convert_to_numpy(self.generate(part)) for part in self.in_parts(latents)])

    def sample_latents(self, num_images: int, seed: int | None) -> np.ndarray:
        """The latents that `sample` generates from, float32 `(num_images, latent_dim)`."""
        num_images = whole("num_images", num_images)
        rng = np.random.default_rng(given_or_new(seed))
        return rng.standard_normal((num_images, self.latent_dim), dtype=np.float32)

    def in_parts(self, latents: np.ndarray) -> list[np.ndarray]:
        """Latents, as many at a time as are generated at once: bounds memory."""
        return _parts(latents)

    def serving(self) -> dict[str, Serving]:
        """One function: latents in, images (or points) out."""
        return {"generate": Serving(self.generate, {"latent": Vector(self.latent_dim)}, self.outputs_served())}

    def outputs_served(self) -> dict[str, Kind]:
        """The served output: `image`, or `vector` if the generator makes points."""
        return {"image" if isinstance(self.generated, Image) else "vector": self.generated}


class ClassConditionalGAN(LatentGAN):
    """Base class of GANs that generate images of a given class.

    Batches hold `image` and `label`, integers `(batch,)` in [0, num_classes), as a dict or a
    tuple in this order. The second input of the networks is the labels as one-hot vectors `(batch, num_classes)`.

    Args:
        generator: A built `keras.Model`, `[latents, labels]` to images.
        latent_dim: The length of the latent vectors, at least 1.
        num_classes: The number of classes, at least 2.
        ema: As for `LatentGAN`.
        name: The model's name.

    Raises:
        ValueError: As for `LatentGAN`, and if the generator takes another number of classes.
    """

    def __init__(
        self,
        generator: keras.Model,
        latent_dim: int,
        num_classes: int,
        *,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        num_classes = whole("num_classes", num_classes, 2)
        super().__init__(generator, latent_dim, ema=ema, conditions=(num_classes,), name=name)
        self.num_classes = num_classes

    def inputs(self) -> dict[str, Kind]:
        """Real images of the shape of the generated ones, and a label for each."""
        return {**super().inputs(), "label": Label(self.num_classes)}

    def one_hot(self, labels: Any) -> Any:
        """One-hot float32 `(batch, num_classes)` of integers `(batch,)`; NaN for labels outside [0, num_classes)."""
        return batches.one_hot(labels, self.num_classes)

    def call(self, inputs: tuple[Any, Any], training: bool = False) -> Any:
        """The images of `(latents, labels)`, `(batch, latent_dim)` and integers `(batch,)`."""
        latents, labels = inputs
        labels = Label(self.num_classes).converted("label", checked_tensor(labels, "label"))
        return super().call([latents, self.one_hot(labels)], training=training)

    def generate(self, latents: Any, labels: Any) -> Any:  # type: ignore[override]  # images of a class need one
        """Generates: float `(batch, latent_dim)` and integers `(batch,)` to float32 images in [-1, 1]."""
        return self.bounded(self((latents, labels), training=False))

    def sample(self, num_images: int, seed: int | None = None, labels: Sequence[int] | None = None) -> np.ndarray:
        """Generates images of random latents.

        Args:
            num_images: How many, at least 1.
            seed: At least 0. The same seed gives the same images; a larger `num_images` only adds more of them. None
                draws new ones at each call, after `keras.utils.set_random_seed` the same ones.
            labels: Integers `(num_images,)` in [0, num_classes); None: 0, 1, 2, ... in turn.

        Returns:
            Float32 `(num_images, height, width, channels)` in [-1, 1].

        Raises:
            ValueError: If `num_images` is less than 1, or `labels` have another length or are outside [0, num_classes).
        """
        latents = self.sample_latents(num_images, seed)
        classes = np.arange(num_images) % self.num_classes if labels is None else labels
        classes = checked_labels(classes, "labels", num_images, num_classes=self.num_classes)
        pairs = zip(_parts(latents), _parts(classes), strict=True)
        return np.concatenate([ops.convert_to_numpy(self.generate(*pair)) for pair in pairs])

    def serving(self) -> dict[str, Serving]:
        """One function: latents and labels in, images (or points) out."""
        inputs = {"latent": Vector(self.latent_dim), "label": Label(self.num_classes)}
        return {"generate": Serving(self.generate, inputs, self.outputs_served())}


def _parts(values: np.ndarray) -> list[np.ndarray]:
    return [values[start : start + _SAMPLE_BATCH] for start in range(0, len(values), _SAMPLE_BATCH)]
