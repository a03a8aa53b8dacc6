"""Networks that give the features of one of their layers, or their code."""

from typing import Any

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
    _require_functional(network)
    _require_layer(network, layer)
    outputs = [*network.outputs, network.get_layer(layer).output]
    return keras.Model(_inputs(network), outputs, name=name or network.name)


def features_of(network: keras.Model, layer: str | None = None, name: str | None = None) -> keras.Model:
    """Cut a network after one of its layers; by default before the last layer that has weights.

    That is the layer of the logits of a discriminator, with or without spectral normalisation: what it takes are the
    features by which the discriminator judges. The layers are shared with ``network``.

    Args:
        network: a built functional or sequential model.
        layer: the name of the layer whose output is wanted; None for what the last layer with weights takes.
        name: the model's name; by default that of ``network`` and ``_features``.

    Returns:
        A model from the network's inputs to features ``(batch, ...)``.

    Raises:
        ValueError: if the network is not built, or has no such layer.

    Example:
        >>> from keras_genssl.backbones import dcgan_discriminator
        >>> features_of(dcgan_discriminator((28, 28, 1), filters=4)).output_shape
        (None, 392)
    """
    require_channels_last()
    _require_functional(network)
    if layer is None:
        weighted = [each for each in network.layers if each.weights]
        if not weighted or isinstance(weighted[-1].input, list):
            raise ValueError(
                "`network` must have a last layer with weights and one input, or `layer` must name a layer. "
                f"Received: {network.name!r} with layers {[each.name for each in network.layers]}"
            )
        features = weighted[-1].input
    else:
        _require_layer(network, layer)
        features = network.get_layer(layer).output
    return keras.Model(_inputs(network), features, name=name or f"{network.name}_features")


def with_code(encoder: keras.Model, decoder: keras.Model, name: str = "autoencoder") -> keras.Model:
    """Join an encoder and a decoder into one autoencoder that also gives the code.

    `models.EBGAN` takes such a discriminator. The layers are shared with both networks.

    Args:
        encoder: a built model of images to codes.
        decoder: a built model of these codes to images.
        name: the model's name.

    Returns:
        A model from images to ``[reconstructions, codes]``.

    Raises:
        ValueError: if the decoder does not take what the encoder gives.

    Example:
        >>> from keras_genssl.backbones import convolutional_decoder, convolutional_encoder
        >>> autoencoder = with_code(convolutional_encoder(16), convolutional_decoder(16))
        >>> [output.shape for output in autoencoder.outputs]
        [(None, 28, 28, 1), (None, 16)]
    """
    require_channels_last()
    given, taken = tuple(encoder.output_shape[1:]), tuple(decoder.input_shape[1:])
    if given != taken:
        raise ValueError(f"`decoder` must take the codes that `encoder` gives, {given}. Received: {taken}")
    images = keras.Input(encoder.input_shape[1:], name="images")
    codes = encoder(images)
    return keras.Model(images, [decoder(codes), codes], name=name)


def _require_functional(network: keras.Model) -> None:
    if not network.built or not getattr(network, "inputs", None):
        raise ValueError(f"`network` must be built, and functional or sequential. Received: {network.name!r}")


def _require_layer(network: keras.Model, layer: str) -> None:
    names = [each.name for each in network.layers]
    if layer not in names:
        raise ValueError(f"`layer` must be the name of a layer of the network, one of {names}. Received: {layer!r}")


def _inputs(network: keras.Model) -> Any:
    return network.inputs if len(network.inputs) > 1 else network.inputs[0]
