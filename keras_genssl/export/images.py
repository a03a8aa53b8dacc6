"""Image bytes to floats and back, as TensorFlow operations that travel inside a SavedModel."""

import tensorflow as tf


def decode(encoded: tf.Tensor, channels: int = 3) -> tf.Tensor:
    """One encoded image as RGB, or as grey levels.

    JPEG (CMYK and progressive too), PNG, GIF (its first frame), BMP and WebP. Grey and palette images
    become RGB, an alpha channel is dropped, 16 bits keep the high byte; the orientation that a camera
    wrote into EXIF is not applied. The pixels are those of Pillow's `Image.open(...).convert("RGB")`, to
    the bit (JPEGs through the accurate inverse DCT: TensorFlow's default differs by up to 12 grey levels),
    16-bit grey excepted, which `convert` clips at 255. Grey levels are the luma of ITU-R BT.601, those of
    Pillow's `convert("L")` after it.

    Args:
        encoded: A string scalar.
        channels: 3 or 1.

    Returns:
        uint8 `(height, width, channels)`.

    Raises:
        tf.errors.InvalidArgumentError: When run, if the bytes are no image, or a broken one.
    """
    image = tf.cond(
        tf.io.is_jpeg(encoded),
        lambda: tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_image(encoded, channels=3, expand_animations=False),
    )
    image = tf.ensure_shape(image, (None, None, 3))
    if channels == 3:
        return image
    luma = tf.tensordot(tf.cast(image, tf.int32), tf.constant([[19595], [38470], [7471]]), axes=1)
    return tf.cast(tf.bitwise.right_shift(luma + 0x8000, 16), tf.uint8)


def to_float(image: tf.Tensor) -> tf.Tensor:
    """uint8 as float32 in [-1, 1]: `x / 127.5 - 1`, what `engine.Method` does with a batch."""
    return tf.cast(image, tf.float32) / 127.5 - 1.0


def to_uint8(image: tf.Tensor) -> tf.Tensor:
    """[-1, 1] as uint8: `(x + 1) * 127.5`, clipped to [0, 255], rounded half to even as NumPy does."""
    return tf.cast(tf.round(tf.clip_by_value((image + 1.0) * 127.5, 0.0, 255.0)), tf.uint8)


def encode(images: tf.Tensor) -> tf.Tensor:
    """Floats `(batch, height, width, 1 | 3 | 4)` in [-1, 1] as `(batch,)` PNG files."""
    return tf.io.encode_png(to_uint8(images))
