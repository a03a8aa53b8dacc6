"""The losses that recipes name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import keras

    from pipelines.recipe.losses import Loss

Pixel = Literal["l1", "l2"]


def pixel_loss(name: Pixel) -> keras.losses.Loss:
    """The distance of pixels that a recipe names."""
    import keras

    return keras.losses.MeanAbsoluteError() if name == "l1" else keras.losses.MeanSquaredError()


def pixel_or_perceptual(loss: Loss | None) -> Any:
    """The Keras loss that a recipe's ``loss`` section names."""
    assert loss is not None  # recipes of methods that compare have the section
    if loss.perceptual is None:
        assert loss.pixel is not None  # the schema sees to it
        return pixel_loss(loss.pixel)
    from keras_genssl import backbones, losses

    part = loss.perceptual
    extractor = backbones.perceptual_extractor(part.extractor, list(part.layers), part.weights)
    return losses.PerceptualLoss(extractor, part.layers, loss.pixel, loss.pixel_weight, part.distance)
