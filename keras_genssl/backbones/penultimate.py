"""The encoder of a classifier."""

import keras
from keras import layers

from keras_genssl.checks.data_format import require_channels_last


def penultimate(model: keras.Model, name: str = "penultimate") -> keras.Model:
    """Cut a classifier before its last dense layer: the features are the input of that layer.

    This is the baseline embedding of a supervised classifier. The encoder shares the classifier's weights.

    Args:
        model: a built functional or Sequential model with a `keras.layers.Dense` on the way to its output, such as a
            `keras.applications` network with its top, or an encoder of ours with a dense layer on it.
        name: the encoder's name.

    Returns:
        A model from ``model``'s input to float32 features ``(batch, dim)``.

    Raises:
        ValueError: if ``model`` is not built or not functional, or has no dense layer on features ``(batch, dim)``.

    Example:
        >>> from keras_genssl.backbones import fashion_classifier
        >>> penultimate(fashion_classifier()).output_shape
        (None, 128)
    """
    require_channels_last()
    functional = isinstance(model, keras.Sequential) or hasattr(model, "operations")
    if not functional or not model.built:
        raise ValueError(f"`model` must be a built functional or Sequential model. Received: model={model!r}")
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    if not dense or len(dense[-1].input.shape) != 2:
        raise ValueError(
            "`model` must have a last Dense layer that takes features (batch, dim). "
            f"Received: {model.name!r} with Dense layers {[layer.name for layer in dense]}"
        )
    features = dense[-1].input
    if keras.backend.standardize_dtype(features.dtype) != keras.config.floatx():
        features = layers.Activation("linear", dtype=keras.config.floatx(), name="features")(features)
    inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
    return keras.Model(inputs, features, name=name)
