"""Functions that are computed tile by tile: pixels in, pixels out, without a whole image of floats between."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_genssl.kinds import Image, Serving
from keras_genssl.kinds.base import png
from keras_genssl.kinds.serving import key
from keras_genssl.kinds.tiles import Tiled

_Named = dict[str, tf.Tensor]


def of(serving: Serving) -> Tiled | None:
    """Returns the function of an entry from uint8 to uint8, `(batch, h, w, c)`.

    None if it is not computed in tiles, or does not map one image to one image.
    """
    match [*serving.inputs.values()], [*serving.outputs.values()]:
        case [Image() as taken], [Image() as given] if isinstance(serving.function, Tiled):
            return serving.function.between(taken.values, given.pixels, tf.uint8)
    return None


def served(tiled: Tiled, serving: Serving) -> Callable[[dict[str, Any]], _Named]:
    """What was read of one example, pixels, to its answer, a file."""
    ((taken, kind),) = serving.inputs.items()
    ((given, _),) = serving.outputs.items()

    def answer(read: dict[str, Any]) -> _Named:
        pixels = tf.identity(read[taken])
        pixels.set_shape(kind.example_shape)
        return {key(given, serving.outputs[given]): png(tiled(pixels[tf.newaxis])[0])}

    return answer


def by_tile(tiled: Tiled, serving: Serving) -> Any:
    """Returns the signature of one tile: the whole image and the tile's place in, the tile's pixels out."""
    ((taken, kind),) = serving.inputs.items()
    (given,) = serving.outputs
    specs = [
        tf.TensorSpec(kind.example_shape, tf.uint8, taken),
        tf.TensorSpec((), tf.int32, "row"),
        tf.TensorSpec((), tf.int32, "column"),
    ]

    @tf.function(autograph=False, input_signature=specs)
    def tile(image: tf.Tensor, row: tf.Tensor, column: tf.Tensor) -> _Named:
        made, scale = tiled.one(image[tf.newaxis], row, column)
        rows, columns = tiled.grid(image[tf.newaxis])
        height, width = tf.unstack(tf.shape(image)[:2])
        sizes = {"rows": rows, "columns": columns, "height": height * scale, "width": width * scale}
        return {given: made[0], **sizes}

    return tile.get_concrete_function()
