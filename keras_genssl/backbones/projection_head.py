"""Heads between an encoder and a contrastive loss."""

import keras
from keras import layers

from keras_genssl.backbones.image_sizes import check_widths
from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import BatchNormalization


def projection_head(
    input_dim: int,
    output_dim: int = 128,
    hidden_dim: int | None = None,
    num_layers: int = 2,
    batch_norm: bool = True,
    *,
    output_norm: bool = False,
    output_bias: bool = False,
    synchronized: bool = True,
    name: str = "projection_head",
) -> keras.Model:
    """Build a multi-layer perceptron from features to the space where views are compared.

    SimCLR, Chen et al., 2020, Section 4.2: dense layers, batch normalisation and ReLU after each but the last.
    Predictors (SimSiam, BYOL) are also such networks. Deviation: batch normalisation has Keras' epsilon of 1e-3; the
    code of these papers has 1e-5.

    Reference:
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual
          Representations](https://arxiv.org/abs/2002.05709)

    Args:
        input_dim: length of the features, at least 1.
        output_dim: length of the projections, at least 1.
        hidden_dim: width of the hidden layers, at least 1; None: ``input_dim``.
        num_layers: number of dense layers, at least 1: 2 (SimCLR, MoCo v2, BYOL) or 3 (SimSiam, Barlow Twins).
        batch_norm: whether hidden layers have batch normalisation (SimCLR, BYOL) or a bias instead (MoCo v2).
        output_norm: whether the projections are batch-normalised, without gain and centre (SimSiam; SimCLR's code
            has a gain).
        output_bias: whether the last layer has a bias (MoCo v2, SimSiam's predictor).
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from float ``(batch, input_dim)`` to float32 ``(batch, output_dim)``.

    Raises:
        ValueError: if a number is less than 1, or if ``output_norm`` would cancel ``output_bias``.

    Example:
        >>> projection_head(512, 64).output_shape
        (None, 64)
    """
    require_channels_last()
    check_widths(input_dim=input_dim, output_dim=output_dim, hidden_dim=hidden_dim, num_layers=num_layers)
    if output_norm and output_bias:
        raise ValueError(
            "`output_bias` must be False where `output_norm` subtracts it again. Received: output_bias=True"
        )
    features = x = keras.Input((input_dim,), name="features")
    for number in range(1, num_layers):
        x = layers.Dense(hidden_dim or input_dim, use_bias=not batch_norm, name=f"dense{number}")(x)
        if batch_norm:
            x = BatchNormalization(momentum=_MOMENTUM, synchronized=synchronized, name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    full = keras.config.floatx()
    x = layers.Dense(output_dim, use_bias=output_bias, dtype=full, name=f"dense{num_layers}")(x)
    if output_norm:
        x = BatchNormalization(
            momentum=_MOMENTUM,
            center=False,
            scale=False,
            synchronized=synchronized,
            dtype=full,
            name=f"norm{num_layers}",
        )(x)
    return keras.Model(features, x, name=name)


_MOMENTUM = 0.9  # momentum of the moving statistics, as in the papers' code
