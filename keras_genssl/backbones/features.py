"""Networks that also give the features of one of their layers."""

import keras

from keras_genssl.checks.tensors import require_channels_last


def with_features(network: keras.Model, layer: str, name: str | None = None) -> keras.Model:
    """Extend a network by the output of one of its layers.

    `models.VAEGAN` compares images by such features of its discriminator. The layers are shared with ``network``.

    Args:
        network: a built functional or sequential model.
        layer: the name of the layer.
        name: the model's name; by default that of ``network``.

    Returns:
        A model from the network's inputs to ``[outputs, features]``.

    Raises:
        ValueError: if the network is not built or has no such layer.

    Example:
        >>> from keras_genssl.backbones import dcgan_discriminator
        >>> discriminator = with_features(dcgan_discriminator((28, 28, 1), filters=4), "relu2")
        >>> [output.shape for output in discriminator.outputs]
        [(None, 1), (None, 7, 7, 8)]
    """
    require_channels_last()
    if not network.built or not network.inputs:
        raise ValueError(f"`network` must be built, and functional or sequential. Received: {network.name!r}")
    names = [each.name for each in network.layers]
    if layer not in names:
        raise ValueError(f"`layer` must be the name of a layer of the network, one of {names}. Received: {layer!r}")
    inputs = network.inputs if len(network.inputs) > 1 else network.inputs[0]
    outputs = [*network.outputs, network.get_layer(layer).output]
    return keras.Model(inputs, outputs, name=name or network.name)
