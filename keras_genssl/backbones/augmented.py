"""Augmented: discriminators that see changed images.

Guide: docs/small_data.md.
"""

import keras

from keras_genssl.checks.tensors import require_channels_last


def augmented(discriminator: keras.Model, augmentation: keras.layers.Layer, name: str | None = None) -> keras.Model:
    """Build a discriminator that changes its images first, in training mode only.

    Every method takes the result in place of the discriminator. Its images are changed in whatever pass the method
    makes in training mode, real and generated ones alike. Penalties on gradients see images unchanged where the method
    computes them in inference mode; `WGANGP`, which computes them in training mode, penalises the gradient at the
    image before the change. The weights are shared with ``discriminator``. What needs a discriminator's layers
    (`with_features`, `penalties.clip_weights`) comes first.

    Reference:
        - Zhao et al. 2020, [Differentiable Augmentation for Data-Efficient GAN
          Training](https://arxiv.org/abs/2006.10738)

    Args:
        discriminator: a built functional or sequential model; its first input is images ``(batch, h, w, c)`` of a known
            size.
        augmentation: `layers.DiffAugment`, `layers.AdaptiveAugment`, or any layer from images to images of the same
            shape.
        name: the model's name; by default ``augmented_`` and that of ``discriminator``.

    Returns:
        A model with the discriminator's inputs and outputs.

    Raises:
        ValueError: if the discriminator is not built, its first input is no image, or the augmentation changes shapes.

    Example:
        >>> from keras_genssl.backbones import dcgan_discriminator
        >>> from keras_genssl.layers import DiffAugment
        >>> augmented(dcgan_discriminator((28, 28, 1), filters=4), DiffAugment()).output_shape
        (None, 1)
    """
    require_channels_last()
    if not isinstance(discriminator, keras.Model) or not discriminator.built or not discriminator.inputs:
        raise ValueError(
            f"`discriminator` must be a built functional or sequential model. Received: discriminator={discriminator!r}"
        )
    images, *others = [
        keras.Input(batch_shape=each.shape, dtype=each.dtype, name=each.name) for each in discriminator.inputs
    ]
    if len(images.shape) != 4:
        raise ValueError(
            "`discriminator` must take images (batch, h, w, c) as its first input. "
            f"Received: {discriminator.name!r}, which takes {tuple(images.shape)}"
        )
    changed = augmentation(images)
    if tuple(changed.shape) != tuple(images.shape):
        raise ValueError(
            "`augmentation` must give images of the shape that it takes. "
            f"Received: {augmentation.name!r}, from {tuple(images.shape)} to {tuple(changed.shape)}"
        )
    outputs = discriminator([changed, *others] if others else changed)
    return keras.Model([images, *others] if others else images, outputs, name=name or f"augmented_{discriminator.name}")
