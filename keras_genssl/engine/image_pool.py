"""A history of generated images, from which discriminators see older fakes too."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.shapes import require_rows


@keras.saving.register_keras_serializable(package="keras_genssl")
class ImagePool(keras.layers.Layer):
    """A pool of generated images that returns, for each new image, the image itself or an older one.

    Shrivastava et al., 2017 (https://arxiv.org/abs/1612.07828), Section 2.3, as in CycleGAN
    (https://arxiv.org/abs/1703.10593). Images are processed in the order of the batch. Until the pool is full, an image
    is stored and returned. After that, it is returned with probability 1/2; otherwise it replaces a uniformly drawn
    image of the pool, and that one is returned.

    The pool counts images, not updates: several batches whose gradients make one update give the same result as one
    batch of their size.

    The replicas' images are gathered in replica order and processed with one draw, so all replicas hold the same pool
    as one device, and each takes the results for its own images. The pool is saved and restored with the model that
    holds it. List it among the networks of the discriminator's player: `PlayersModel` then does not change it in rounds
    of other players or in `evaluate`.

    Args:
        image_shape: `(height, width, channels)` of the images, all known.
        size: The number of images that the pool holds, at least 1.
        name: The layer's name.

    Raises:
        ValueError: If the size is not positive or a dimension is unknown.

    Example:

        self.pool = ImagePool((28, 28, 1))
        history = self.pool.query(fakes, self.seed)
        fake_logits = self.discriminator(history, training=True)
    """

    def __init__(self, image_shape: tuple[int, int, int], size: int = 50, name: str | None = None) -> None:
        super().__init__(name=name, dtype=keras.config.floatx())
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"`size` must be an integer of at least 1. Received: size={size!r}")
        if len(image_shape) != 3 or not all(isinstance(side, int) and side > 0 for side in image_shape):
            raise ValueError(
                "`image_shape` must be three positive integers: a pool holds images of one size. "
                f"Received: image_shape={image_shape!r}"
            )
        self.image_shape = tuple(image_shape)
        self.size = size
        self.images = self.add_weight((size, *image_shape), "zeros", trainable=False, name="images")
        self.stored = self.add_weight((), "zeros", "int32", trainable=False, name="stored")
        self.built = True

    def query(self, images: Any, seed: keras.random.SeedGenerator) -> Any:
        """Stores images in the pool, and returns the same number of images.

        Args:
            images: Float `(batch, height, width, channels)` of this replica.
            seed: A generator whose state is the same on all replicas, held by the model.

        Returns:
            A tensor of the shape of `images`, through which no gradient flows.

        Raises:
            ValueError: If images have another shape.
        """
        require_rows("images", images, self.image_shape)
        rows = ops.shape(images)[0]
        images = replicas.all_gather(ops.stop_gradient(ops.cast(images, self.images.dtype)))  # (global batch, h, w, c)
        count = ops.shape(images)[0]
        chances = keras.random.uniform((count, 2), seed=seed)
        answers = self.answer(images, chances[:, 0] < 0.5, ops.cast(chances[:, 1] * self.size, "int32"))
        if replicas.count() == 1:
            return answers
        first = replicas.offset(rows)
        return answers[first : first + rows]

    def answer(self, images: Any, swap: Any, places: Any) -> Any:
        """Does the work of `query` with given random draws.

        Args:
            images: `(batch, height, width, channels)`.
            swap: Bool `(batch,)`, whether an image replaces one of the pool once the pool is full.
            places: Int32 `(batch,)` in [0, size), the place in the pool of each image that does.

        Returns:
            A tensor of the shape of `images`.
        """
        order = ops.arange(ops.shape(images)[0], dtype="int32")
        filling = self.stored + order < self.size
        written = ops.logical_or(filling, swap)
        places = ops.where(filling, self.stored + order, places)
        both = ops.concatenate([self.images, images], axis=0)  # the pool's images, then the batch's

        # The newest image that was written to a place before image i's turn: in the batch, or in the pool.
        earlier = ops.logical_and(order[None, :] < order[:, None], written[None, :])  # (i, j)
        same = ops.logical_and(earlier, places[None, :] == places[:, None])
        found = _newest(same, order, self.size, places)
        answers = ops.take(both, ops.where(ops.logical_and(swap, ~filling), found, self.size + order), axis=0)

        slots = ops.arange(self.size, dtype="int32")
        kept = ops.logical_and(places[None, :] == slots[:, None], written[None, :])  # (slot, j)
        self.images.assign(ops.take(both, _newest(kept, order, self.size, slots), axis=0))
        self.stored.assign(ops.minimum(self.stored + ops.shape(images)[0], self.size))
        return answers

    def get_config(self) -> dict[str, Any]:
        return {"image_shape": self.image_shape, "size": self.size, "name": self.name}


def _newest(mask: Any, order: Any, size: int, otherwise: Any) -> Any:
    """For each row of a mask, the last column that is set, as a row of `both`; `otherwise` if none is set."""
    last = ops.max(ops.where(mask, order[None, :], -1), axis=1)
    return ops.where(last >= 0, size + last, otherwise)
