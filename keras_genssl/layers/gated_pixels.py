"""The gated block of PixelCNN: a vertical and a horizontal stack."""

from typing import Any

import keras
from keras import layers, ops

from keras_genssl.layers.masked import HorizontalMaskedConv2D, VerticalMaskedConv2D
from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class GatedPixelBlock(ImageLayer):
    """One block of the gated PixelCNN (van den Oord et al., 2016b, Figure 2).

    The vertical stack sees the rows above, the horizontal stack the pixels to the left and, by a 1x1 convolution, the
    vertical stack; together they have no blind spot. Both end in `tanh(a + U c) * sigmoid(b + V c)`, where c is a
    condition: a vector for the whole image, such as a class or a code, or a map with a vector for each pixel. The
    horizontal stack adds its input to its output, except in the first block.

    Reference:
        - van den Oord et al. 2016b, [Conditional Image Generation with PixelCNN
          Decoders](https://arxiv.org/abs/1606.05328)

    Args:
        filters: channels of each stack, a multiple of `groups`.
        kernel_size: odd side of the masked kernels; at least 3 for the first block.
        first: whether the inputs are the image itself, of which a pixel must not see its own value.
        groups: the image's channels, which are predicted in turn.
        **kwargs: those of `keras.layers.Layer`.

    Call:
        inputs: `[vertical, horizontal]`, both `(batch, h, w, channels)`; for the first block, twice the image.
        vector: optional condition `(batch, dim)`.
        map: optional condition `(batch, h, w, channels)`.
        Returns `[vertical, horizontal]`, both `(batch, h, w, filters)`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> image = keras.ops.ones((1, 5, 5, 1))
        >>> vertical, horizontal = GatedPixelBlock(4, first=True)([image, image], vector=keras.ops.ones((1, 10)))
        >>> vertical.shape, horizontal.shape
        (TensorShape([1, 5, 5, 4]), TensorShape([1, 5, 5, 4]))
    """

    def __init__(self, filters: int, kernel_size: int = 3, first: bool = False, groups: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = int(filters)
        self.kernel_size = int(kernel_size)
        self.first = first
        self.groups = int(groups)
        own = {"dtype": self.dtype_policy}
        self.vertical = VerticalMaskedConv2D(2 * filters, kernel_size, own_row=not first, name="vertical", **own)
        self.horizontal = HorizontalMaskedConv2D(
            2 * filters, kernel_size, own_pixel=not first, groups=groups, name="horizontal", **own
        )
        self.link = layers.Conv2D(2 * filters, 1, name="link", **own)
        self.mix = HorizontalMaskedConv2D(filters, 1, groups=groups, name="mix", **own)

    def build(
        self,
        inputs_shape: list[tuple[int | None, ...]],
        vector_shape: tuple[int | None, ...] | None = None,
        map_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        vertical, horizontal = inputs_shape
        self.vertical.build(vertical)
        self.horizontal.build(horizontal)
        self.link.build((*vertical[:-1], 2 * self.filters))
        self.mix.build((*horizontal[:-1], self.filters))
        self.of_vector = self._condition("of_vector", vector_shape)
        self.of_map = self._condition("of_map", map_shape)

    def _condition(self, name: str, shape: tuple[int | None, ...] | None) -> layers.Dense | None:
        """The layer that turns a condition into biases of both stacks, values and gates; None without it."""
        if shape is None:
            return None
        layer = layers.Dense(4 * self.filters, use_bias=False, name=name, dtype=self.dtype_policy)
        layer.build(shape)
        return layer

    def call(self, inputs: list[Any], vector: Any = None, map: Any = None) -> list[Any]:
        """Computes both stacks of whole images."""
        vertical, horizontal = inputs
        vertical, link = self._down(self.vertical.padded(vertical), vector, map)
        return [vertical, self.across(self.horizontal.padded(horizontal), link)]

    @property
    def rows_kept(self) -> int:
        """How many earlier rows of its vertical input a row needs."""
        return self.kernel_size // 2

    @property
    def columns_kept(self) -> int:
        """How many earlier pixels of its horizontal input a pixel needs."""
        return self.kernel_size // 2

    def down(self, above: Any, vector: Any = None, map: Any = None) -> tuple[Any, Any]:
        """The vertical stack of one row.

        Args:
            above: the rows kept of the vertical input, then its row itself unless this is the first block:
                `(batch, rows, w, channels)`.
            vector: the condition `(batch, dim)`.
            map: the row of the condition, `(batch, 1, w, channels)`.

        Returns:
            The row of the vertical stack, `(batch, 1, w, filters)`, and what it tells the horizontal stack,
            `(batch, 1, w, 2 * filters)`.
        """
        return self._down(self.vertical.beside(above), vector, map)

    def across(self, left: Any, link: Any) -> Any:
        """The horizontal stack, of pixels whose left neighbours are at hand.

        Args:
            left: `(batch, rows, columns_kept + columns, channels)` of the horizontal input.
            link: `(batch, rows, columns, 2 * filters)`, from the vertical stack.

        Returns:
            `(batch, rows, columns, filters)`.
        """
        mixed = self.mix.window(_gated(self.horizontal.window(left) + link))
        return mixed if self.first else mixed + left[:, :, self.columns_kept :]

    def _down(self, padded: Any, vector: Any, map: Any) -> tuple[Any, Any]:
        vertical = self.vertical.window(padded)
        link = self.link(vertical)
        conditions = []
        if self.of_vector is not None:
            conditions.append(self.of_vector(vector)[:, None, None])
        if self.of_map is not None:
            conditions.append(self.of_map(map))
        for condition in conditions:
            down, across = ops.split(condition, 2, axis=-1)
            vertical, link = vertical + down, link + across
        return _gated(vertical), link

    def compute_output_shape(
        self, inputs_shape: list[tuple[int | None, ...]], *conditions: Any, **named: Any
    ) -> list[tuple[int | None, ...]]:
        """The shapes of both inputs, with `filters` channels."""
        return [(*shape[:-1], self.filters) for shape in inputs_shape]

    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "first": self.first, "groups": self.groups}
        return {**super().get_config(), **own}


def _gated(features: Any) -> Any:
    values, gates = ops.split(features, 2, axis=-1)
    return ops.tanh(values) * ops.sigmoid(gates)
