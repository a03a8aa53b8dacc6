"""PixelCNN: images drawn pixel by pixel, with an exact likelihood."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.backbones.pixelcnn import PixelNetwork
from keras_genssl.checks import arrays
from keras_genssl.checks.numbers import whole
from keras_genssl.engine import Anything, Image, Kind, Label, Serving, Vector, batches
from keras_genssl.engine.levels import to_levels
from keras_genssl.losses import CategoricalDistribution, DiscreteDistribution
from keras_genssl.models.autoregressive.base import PixelMethod, in_parts, require_some, uniform


@keras.saving.register_keras_serializable(package="keras_genssl")
class PixelCNN(PixelMethod):
    """The gated PixelCNN: a pixel's distribution given the pixels above and to the left (van den Oord et al., 2016).

    Minimises `-log p(x) = -sum_i log p(x_i | x_1 ... x_(i-1))` in nats per image; `log_prob` and `bits_per_dim` are
    exact. Logs `bits_per_dim`, `-log2 p(x)` for each pixel and channel. Pixels are integer levels, and the
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
        network: A network of `backbones.pixelcnn`, without `map_channels`; `embedding_dim` is free.
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
        self.bits_tracker = keras.metrics.Mean("bits_per_dim")

    @property
    def latent_dim(self) -> int:
        """The length of a latent of `generate`: one number for each level."""
        return self.dimensions

    # Training -----------------------------------------------------------------------------------

    def inputs(self) -> dict[str, Kind]:
        """Images on the levels of the distribution; a label for each if the network knows classes."""
        label = Label(self.num_classes) if self.num_classes else Anything(required=False)
        return {"image": Image(self.network.level_shape), "label": label}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The levels of the images, and their classes."""
        x = {"levels": to_levels(batch["image"], self.distribution.num_levels)}
        return {**x, **(self.conditions(batch["label"]) if self.num_classes else {})}, None

    def call(self, x: dict[str, Any], training: bool = False) -> Any:
        """The log-probability of each image in nats, `(batch,)`."""
        outputs = self.network([x[name] for name in ("levels", "vector") if name in x], training=training)
        return ops.sum(self.distribution.log_prob(x["levels"], outputs), axis=(1, 2, 3))

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`-log p(x)`, `(batch,)`."""
        return -y_pred

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, with the bits per dimension."""
        self.bits_tracker.update_state(y_pred * (-1.0 / (self.dimensions * math.log(2.0))))
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The log-probability of each image, in nats."""
        return self(self.split_inputs(self.batch(data, training=bool(self.num_classes)))[0], training=False)

    def conditions(self, *of: Any) -> dict[str, Any]:
        """The classes as vectors, of labels `(batch,)` in [0, num_classes); nothing without classes."""
        return {"vector": batches.one_hot(of[0], self.num_classes)} if self.num_classes else {}

    # Likelihoods --------------------------------------------------------------------------------

    def log_prob(self, images: Any, labels: Sequence[int] | None = None) -> np.ndarray:
        """The exact log-probability of images, in nats.

        Args:
            images: `(num, h, w, c)`, uint8 or float in [-1, 1], on the levels of the distribution.
            labels: Integers `(num,)` in [0, num_classes), if and only if the network knows classes.

        Returns:
            float64 `(num,)`.

        Raises:
            ValueError: If there is no image, images lie between levels, or labels are missing, not wanted, or out of
                range.
        """
        require_some(images=images)

        def log_prob(*parts: Any) -> Any:
            x, _ = self.split_inputs(self.batch(parts))
            return self(x, training=False)

        return in_parts(log_prob, images, *self._labels(labels, len(images))).astype(np.float64)

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
            ValueError: If `num_images` is less than 1, labels are not wanted or out of range, or the network's outputs
                are NaN.
        """
        num_images = whole("num_images", num_images)
        return self.drawn(num_images, seed, *self._labels(self._in_turn(labels, num_images), num_images))

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
            ValueError: As for `sample`, or if `rows` is out of range, there is no image, or images lie between levels.
        """
        height = self.network.level_shape[0]
        if not 0 <= rows <= height:
            raise ValueError(f"`rows` must lie in [0, {height}]. Received: rows={rows}")
        require_some(images=images)
        batch = self.batch({"image": ops.convert_to_tensor(images)}, training=False)
        given = ops.convert_to_numpy(to_levels(batch["image"][:, :rows], self.distribution.num_levels))
        given = np.pad(given, ((0, 0), (0, height - rows), (0, 0), (0, 0)))
        of = self._labels(self._in_turn(labels, len(given)), len(given))
        return self.drawn(len(given), seed, *of, given=given, rows=rows)

    def generate(self, latents: Any, labels: Any = None) -> Any:
        """Images of latents, of which each number decides one level; the same latent gives the same image.

        Args:
            latents: Standard normal, float `(batch, h * w * c)`.
            labels: Integers `(batch,)` in [0, num_classes), if and only if the network knows classes.

        Returns:
            Float32 `(batch, h, w, c)` in [-1, 1]; NaN where the network's outputs are NaN.

        Raises:
            ValueError: If latents or labels have another shape or dtype, or labels are missing or not wanted.
            RuleError: When run, if latents are not finite or a label is out of range. XLA drops this check.
        """
        self._require_labels(labels)
        kinds = {"latents": Vector(self.dimensions), "labels": Label(self.num_classes)}
        given = {"latents": latents, **({} if labels is None else {"labels": labels})}
        latents, *of = batches.checked(type(self).__name__, given, kinds).values()
        return self.draw(uniform(latents, self.network.level_shape), *of)

    def _in_turn(self, labels: Any, num: int) -> Any:
        """The labels; if they are None and the network knows classes, 0, 1, 2, ... in turn."""
        return np.arange(num) % self.num_classes if self.num_classes and labels is None else labels

    def _labels(self, labels: Any, num: int) -> list[np.ndarray]:
        """The checked labels of `num` images in a list, which is empty without classes."""
        self._require_labels(labels)
        if labels is None:
            return []
        return [arrays.checked_labels(labels, "labels", num, num_classes=self.num_classes)]

    def _require_labels(self, labels: Any) -> None:
        """Raises ValueError unless there are labels if and only if the network knows classes."""
        if bool(self.num_classes) != (labels is not None):
            wanted = (
                f"integers in [0, {self.num_classes})" if self.num_classes else "None: the network knows no classes"
            )
            raise ValueError(f"`labels` must be {wanted}. Received: labels={labels!r}")

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
            return self.draw(noise)
        labels = ops.arange(num) % self.num_classes
        return {"image": self.draw(noise, labels), "label": labels}
