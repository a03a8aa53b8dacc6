"""The base class of the super-resolution methods with a single network."""

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import keras

from keras_genssl.backbones import receptive_radius, total_stride
from keras_genssl.engine import Image, Kind, Method, Serving, batches, in_tiles
from keras_genssl.engine.networks import require_built
from keras_genssl.engine.shapes import same_shape

Upscale = Callable[[Any], Any]


def by_tiles(enlarge: Upscale, network: keras.Model, before: int = 0) -> Upscale:
    """Returns how a method enlarges images: tile by tile, or in one piece if the network depends on the whole image.

    Args:
        enlarge: Maps images in [-1, 1] to larger ones by the network, unclipped.
        network: The network.
        before: The radius of what comes before the network.

    Returns:
        A function from images, uint8 or float, to larger ones in [-1, 1].
    """

    def upscale(images: Any) -> Any:
        made = enlarge(batches.scaled(images))
        return keras.ops.clip(keras.ops.cast(made, keras.config.floatx()), -1.0, 1.0)

    radius = receptive_radius(network)
    # A network with strides rounds sizes up, so its result is no multiple of its input.
    return upscale if radius is None or total_stride(network) > 1 else in_tiles(upscale, radius + before)


class SuperResolution(Method):
    """Base class of methods with a network that maps a small image to a large one, trained on pairs.

    Each paper's class sets its default loss. Batches hold `low` and `high` (a dict, or a tuple in this order), uint8 or
    float in [-1, 1].

    Args:
        network: A built `keras.Model`, `(batch, h, w, 3)` in [-1, 1] to `(batch, h * scale, w * scale, 3)`.
        loss: A `keras.losses.Loss` on images in [-1, 1].
        name: The model's name.

    Raises:
        ValueError: If the network is not built, or does not give images of 3 channels.
    """

    interpolation_radius: ClassVar[int] = 0
    """How far `upscale` looks around a pixel before the network."""

    def __init__(self, network: keras.Model, loss: keras.losses.Loss, *, name: str | None = None) -> None:
        require_built(network=network)
        super().__init__(name=name)
        if network.output_shape[-1] != 3:
            raise ValueError(
                "`network` must give images of shape (batch, height, width, 3). "
                f"Received: a network with output shape {network.output_shape}"
            )
        self.network = network
        self.image_loss = loss

    def inputs(self) -> dict[str, Kind]:
        """The small image that the network takes, and the large one that it gives."""
        return {"low": Image(self.network.input_shape[1:]), "high": Image(self.network.output_shape[1:])}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """The small images, and the large ones if there are any."""
        return batch["low"], batch.get("high")

    def call(self, images: Any, training: bool = False) -> Any:
        """The network's output before clipping: `(batch, h, w, 3)` to `(batch, h * scale, w * scale, 3)`."""
        return self.network(images, training=training)

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Returns the large images if they have the shape of the network's output."""
        return same_shape("`high`", y, "what `network` makes of `low`", y_pred)

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The image loss of each example, `(batch,)`."""
        losses = self.image_loss.call(y, y_pred)
        return keras.ops.mean(losses, axis=tuple(range(1, len(losses.shape))))

    def compared_images(self, x: Any, y: Any, y_pred: Any) -> tuple[Any, Any]:
        """The large images, and what the network makes of the small ones."""
        return y, y_pred

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics; those of `compile` compare images clipped to [-1, 1], as `upscale` gives them."""
        return super().compute_metrics(x, y, keras.ops.clip(y_pred, -1.0, 1.0), sample_weight)

    def enlarge(self, images: Any) -> Any:
        """Enlarges images in [-1, 1] in one piece, before clipping."""
        return self(images, training=False)

    @functools.cached_property
    def _upscale(self) -> Upscale:
        return by_tiles(self.enlarge, self.network, self.interpolation_radius)

    def upscale(self, images: Any) -> Any:
        """Enlarges images: `(batch, h, w, 3)`, uint8 or float32 in [-1, 1], to `(batch, h * scale, w * scale, 3)`.

        Computes large images tile by tile (`engine.in_tiles`), as an export does and with its answers, unless the
        network depends on the whole image.
        """
        return self._upscale(batches.required(images))

    def serving(self) -> dict[str, Serving]:
        """One function, `upscale`: image in, enlarged image out."""
        image = {"image": Image((None, None, 3))}
        return {"upscale": Serving(self._upscale, image, image)}
