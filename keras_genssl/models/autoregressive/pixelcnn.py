"""PixelCNN: images drawn pixel by pixel, with an exact likelihood."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.backbones.pixelcnn import PixelNetwork
from keras_genssl.checks import arrays
from keras_genssl.checks.numbers import whole
from keras_genssl.engine import Anything, Image, Kind, Label, Serving, Vector, batches
from keras_genssl.engine.levels import from_levels, to_levels
from keras_genssl.losses import CategoricalDistribution, DiscreteDistribution
from keras_genssl.models.autoregressive.base import AutoregressiveMethod, uniform


@keras.saving.register_keras_serializable(package="keras_genssl")
class PixelCNN(AutoregressiveMethod):
    """The gated PixelCNN: a pixel's distribution given the pixels above and to the left (van den Oord et al., 2016).

    Minimises `-log p(x)` in nats per image; `log_prob` and `bits_per_dim` are exact. Pixels are integer levels, and the
    distribution says how many: `losses.BernoulliDistribution` for black and white (`pretext.binarized`),
    `CategoricalDistribution(256)` for eight bits, `DiscretizedLogisticMixture` (PixelCNN++) where levels are ordered.
    The channels of a pixel are predicted in turn. If the network was built with a `vector_dim`, that is the number of
    classes, and batches hold labels. `sample` draws all pixels in one compiled loop that computes only what is new.

    Reference:
        - van den Oord et al. 2016a, [Pixel Recurrent Neural Networks](https://arxiv.org/abs/1601.06759)
        - gated, conditional: van den Oord et al. 2016b, [Conditional Image Generation with PixelCNN
          Decoders](https://arxiv.org/abs/1606.05328)
        - mixture of logistics: Salimans et al. 2017, [PixelCNN++](https://arxiv.org/abs/1701.05517)

    Args:
        network: A network of `backbones.pixelcnn`, without `map_channels` and `embedding_dim` of your choice.
        distribution: The distribution of a level; by default `losses.CategoricalDistribution(256)`.
        name: The model's name.

    Raises:
        ValueError: If the network is of another kind, the two do not fit together, or the network takes a map.

    Example:

        network = kg.backbones.pixelcnn((28, 28, 1), num_levels=256, num_outputs=256)
        model = kg.models.PixelCNN(network)
        model.compile("adam")
        model.fit(images, epochs=10)
        bits = model.bits_per_dim(test_images)
        drawn = model.sample(64, seed=0)
        completed = model.complete(test_images[:8], rows=14)
    """

    def __init__(
        self, network: PixelNetwork, *, distribution: DiscreteDistribution | None = None, name: str | None = None
    ) -> None:
        super().__init__(network, distribution or CategoricalDistribution(256), name=name)
        if network.map_channels:
            raise ValueError(
                "`network` must take no map: PixelVAE gives the network a map of its code. "
                f"Received: map_channels={network.map_channels}"
            )
        self.num_classes = network.vector_dim

    # Training -----------------------------------------------------------------------------------

    def inputs(self) -> dict[str, Kind]:
        """Images on the levels of the distribution; a label for each if the network knows classes."""
        label = Label(self.num_classes) if self.num_classes else Anything(required=False)
        return {"image": Image(self.network.level_shape), "label": label}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The levels of the images, and their classes."""
        x = {"levels": to_levels(batch["image"], self.distribution.num_levels)}
        return {**x, **(self.conditions(batch["label"]) if self.num_classes else {})}, None

    def predict_step(self, data: Any) -> Any:
        """The log-probability of each image, in nats."""
        return self(self.split_inputs(self.batch(data, training=bool(self.num_classes)))[0], training=False)

    def conditions(self, labels: Any) -> dict[str, Any]:
        """What the network takes of labels, integers `(batch,)`."""
        assert self.num_classes is not None
        return {"vector": batches.one_hot(labels, self.num_classes)}

    # Likelihoods --------------------------------------------------------------------------------

    def log_prob(self, images: Any, labels: Sequence[int] | None = None) -> np.ndarray:
        """The exact log-probability of images, in nats.

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1], on the levels of the distribution.
            labels: Integers `(num,)` in [0, num_classes), if and only if the network knows classes.

        Returns:
            float64 `(num,)`.

        Raises:
            ValueError: If images lie between levels, or labels are missing, not wanted, or out of range.
        """
        return self.log_prob_of({"image": images, **self._labelled(labels, len(images))})

    def bits_per_dim(self, images: Any, labels: Sequence[int] | None = None) -> np.ndarray:
        """`-log2 p(x)` per pixel and channel, float64 `(num,)`; arguments as for `log_prob`."""
        return -self.log_prob(images, labels) / (self.dimensions * np.log(2.0))

    # Images -------------------------------------------------------------------------------------

    def sample(self, num_images: int, seed: int | None = None, labels: Sequence[int] | None = None) -> np.ndarray:
        """Draws images.

        Args:
            num_images: How many, at least 1.
            seed: At least 0. The same seed gives the same images; a larger `num_images` only adds more of them.
            labels: Integers `(num_images,)` in [0, num_classes), if the network knows classes; None: 0, 1, 2, ... in
                turn.

        Returns:
            Float32 `(num_images, h, w, c)` in [-1, 1], on the levels of the distribution.

        Raises:
            ValueError: If `num_images` is less than 1, or labels are not wanted or out of range.
        """
        num_images = whole("num_images", num_images)
        return self._images(num_images, seed, labels)

    def complete(
        self, images: Any, rows: int, seed: int | None = None, labels: Sequence[int] | None = None
    ) -> np.ndarray:
        """Draws the lower part of images, given their first rows.

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1], on the levels of the distribution; only their first
                rows are looked at.
            rows: How many rows are kept, in [0, h].
            seed: As for `sample`.
            labels: As for `sample`.

        Returns:
            Float32 `(num, h, w, c)` in [-1, 1].

        Raises:
            ValueError: As for `sample`, or if `rows` is out of range or images lie between levels.
        """
        height = self.network.level_shape[0]
        if not 0 <= rows <= height:
            raise ValueError(f"`rows` must lie in [0, {height}]. Received: rows={rows}")
        batch = self.batch({"image": ops.convert_to_tensor(images)}, training=False)
        given = ops.convert_to_numpy(to_levels(batch["image"][:, :rows], self.distribution.num_levels))
        given = np.pad(given, ((0, 0), (0, height - rows), (0, 0), (0, 0)))
        return self._images(len(given), seed, labels, given, rows)

    def generate(self, latents: Any, *labels: Any) -> Any:
        """Images of standard normal latents `(batch, h * w * c)`: one latent decides one level.

        The same latent gives the same image, as with a GAN. With classes: latents and labels.
        """
        return self._drawn(uniform(latents, self.network.level_shape), *labels)

    def _images(
        self, num: int, seed: int | None, labels: Sequence[int] | None, given: np.ndarray | None = None, rows: int = 0
    ) -> np.ndarray:
        if self.num_classes and labels is None:
            labels = [number % self.num_classes for number in range(num)]
        labelled = self._labelled(labels, num)
        conditions = self.conditions(labelled["label"]) if labelled else {}
        levels = self.levels_of(num, seed, conditions, given, rows)
        return ops.convert_to_numpy(from_levels(levels, self.distribution.num_levels))

    def _drawn(self, noise: Any, *labels: Any) -> Any:
        levels = self.draw(noise, self.conditions(*labels) if labels else {})
        return from_levels(levels, self.distribution.num_levels)

    def _labelled(self, labels: Any, num: int) -> dict[str, np.ndarray]:
        """The labels as a part of a batch; none without classes."""
        if bool(self.num_classes) != (labels is not None):
            wanted = (
                f"integers in [0, {self.num_classes})" if self.num_classes else "None: the network knows no classes"
            )
            raise ValueError(f"`labels` must be {wanted}. Received: labels={labels!r}")
        if labels is None:
            return {}
        return {"label": arrays.checked_labels(labels, "labels", num, num_classes=self.num_classes)}

    # Serving ------------------------------------------------------------------------------------

    def serving(self) -> dict[str, Serving]:
        """Images to log-probabilities in nats; latents to images; and images from nothing."""
        image = {"image": Image(self.network.level_shape)}
        label = {"label": Label(self.num_classes)} if self.num_classes else {}
        latent = {"latent": Vector(self.dimensions)}
        return {
            "log_prob": Serving(self._judged, {**image, **label}, {"log_prob": Vector(1)}),
            "generate": Serving(self.generate, {**latent, **label}, image),
            "draw": Serving(self._from_nothing, {}, {**image, **label}),
        }

    def _judged(self, images: Any, *labels: Any) -> Any:
        batch = {"image": batches.scaled(images), **dict(zip(("label",), labels, strict=False))}
        return self(self.split_inputs(batch)[0], training=False)[:, None]

    def _from_nothing(self, num: Any, seed: Any) -> Any:
        noise = keras.random.uniform((num, *self.network.level_shape), seed=seed)
        if not self.num_classes:
            return self._drawn(noise)
        labels = ops.arange(num) % self.num_classes
        return {"image": self._drawn(noise, labels), "label": labels}
