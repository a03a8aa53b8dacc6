"""Networks that also give the features of one of their layers, or their code."""

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
