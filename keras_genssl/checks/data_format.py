"""The check of the order of an image's axes."""

import keras


def require_channels_last() -> None:
    """Requires Keras to use the library's order of axes, ``(batch, height, width, channels)``.

    Raises:
        ValueError: if Keras' layers are set to another order.

    Example:
        >>> require_channels_last()
    """
    data_format = keras.config.image_data_format()
    if data_format != "channels_last":
        raise ValueError(
            "`image_data_format` must be 'channels_last' for keras_genssl, whose images are (batch, height, width, "
            "channels): call keras.config.set_image_data_format('channels_last'), or set it in keras.json. "
            f"Received: image_data_format={data_format!r}"
        )
