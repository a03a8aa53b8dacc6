"""The perceptual loss."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from keras_genssl.checks import tensors
from keras_genssl.checks.arrays import BOUND, RANGE
from keras_genssl.checks.tensors import check_same_shape

_DISTANCES = {"l1": ops.abs, "l2": ops.square}


@keras.saving.register_keras_serializable(package="keras_genssl")
class PerceptualLoss(keras.losses.Loss):
    """A distance of pixels plus weighted distances of features of a frozen network.

    ``pixel_weight d(y, ŷ) + Σ_i layer_weights_i d_i(φ_i(y), φ_i(ŷ))``, where every distance is averaged over height,
    width and channels: Johnson et al., 2016, Eq. 2, plus a pixel loss. No gradient reaches the extractor's weights or
    ``y_true``. SRGAN's content loss is "vgg19" with its layer ``SRGAN_CONTENT_LAYERS``, the weight
    ``SRGAN_FEATURE_SCALE**2``, and ``pixel=None``.

    Reference:
        - Johnson et al. 2016, [Perceptual Losses for Real-Time Style Transfer and
          Super-Resolution](https://arxiv.org/abs/1603.08155)

    Args:
        extractor: from `keras_genssl.backbones.perceptual_extractor`. The loss freezes it.
        layer_weights: weight per layer, at least 0: a dict by layer name with every layer of the extractor, or a list
            in the extractor's order.
        pixel: "l1" (mean absolute difference), "l2" (mean squared difference) or None (no pixel loss).
        pixel_weight: weight of the pixel loss, at least 0.
        distance: "l1" or "l2", between features.
        reduction, name, dtype: as in `keras.losses.Loss`.

    Call: ``y_true`` and ``y_pred`` are ``(batch, h, w, 3)``, uint8 or float in [-1, 1]; ``y_pred``, a network's output,
    may leave this range. ``call`` returns ``(batch,)``. For grey images ``(batch, h, w, 1)`` the channel is repeated
    three times before the extractor.

    Raises:
        ValueError: if an argument is outside its range, the weights do not fit the extractor's layers, or images are
            neither uint8 nor float, or ``y_true`` leaves [-1, 1] (in a graph: InvalidArgumentError, or NaN under XLA).

    Example:
        >>> from keras_genssl.backbones import perceptual_extractor
        >>> loss = PerceptualLoss(perceptual_extractor("small", ["block2_conv2"], weights=None), [0.1])
        >>> float(loss(keras.ops.zeros((2, 8, 8, 3)), keras.ops.zeros((2, 8, 8, 3))))
        0.0
    """

    def __init__(
        self,
        extractor: keras.Model,
        layer_weights: Mapping[str, float] | Sequence[float],
        pixel: str | None = "l1",
        pixel_weight: float = 1.0,
        distance: str = "l2",
        reduction: str | None = "sum_over_batch_size",
        name: str = "perceptual_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not hasattr(extractor, "layer_names"):
            raise ValueError(
                "`extractor` must come from keras_genssl.backbones.perceptual_extractor, which also takes a "
                f"keras.Model as its source. Received: extractor={extractor}"
            )
        if pixel not in (*_DISTANCES, None):
            raise ValueError(f"`pixel` must be 'l1', 'l2' or None. Received: pixel={pixel!r}")
        if distance not in _DISTANCES:
            raise ValueError(f"`distance` must be 'l1' or 'l2'. Received: distance={distance!r}")
        if pixel_weight < 0:
            raise ValueError(f"`pixel_weight` must be at least 0. Received: pixel_weight={pixel_weight}")
        if not isinstance(layer_weights, Mapping) and len(layer_weights) == len(extractor.layer_names):
            layer_weights = dict(zip(extractor.layer_names, layer_weights, strict=True))
        if not isinstance(layer_weights, Mapping) or set(layer_weights) != set(extractor.layer_names):
            raise ValueError(
                "`layer_weights` must hold one weight for each layer of the extractor "
                f"{list(extractor.layer_names)}. Received: layer_weights={layer_weights}"
            )
        if min(layer_weights.values()) < 0:
            raise ValueError(f"`layer_weights` must be at least 0. Received: layer_weights={layer_weights}")
        extractor.trainable = False
        self.extractor = extractor
        self.layer_weights = {layer: float(layer_weights[layer]) for layer in extractor.layer_names}
        self.pixel = pixel
        self.pixel_weight = float(pixel_weight)
        self.distance = distance

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        # Scaled here, because Keras casts before `call`: uint8 images would become floats from 0 to 255.
        y_true, y_pred = (tensors.as_float(*pair) for pair in ((y_true, "y_true"), (y_pred, "y_pred")))
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each image, ``(batch,)``."""
        y_true = tensors.as_float(ops.stop_gradient(ops.convert_to_tensor(y_true)), "y_true")
        y_pred = tensors.as_float(ops.convert_to_tensor(y_pred), "y_pred")  # a network's output may leave the range
        check_same_shape(y_true=y_true, y_pred=y_pred)
        y_true = tensors.guarded(y_true, -BOUND, BOUND, "y_true", RANGE)
        loss = ops.zeros_like(y_pred[:, 0, 0, 0])
        if self.pixel is not None:
            loss += self.pixel_weight * _mean_distance(self.pixel, y_true, y_pred)
        targets = self.extractor.features_of(self._as_taken(y_true))
        features = self.extractor.features_of(self._as_taken(y_pred))
        for weight, target, feature in zip(self.layer_weights.values(), targets, features, strict=True):
            target = ops.cast(ops.stop_gradient(target), loss.dtype)
            loss += weight * _mean_distance(self.distance, target, ops.cast(feature, loss.dtype))
        return loss

    def _as_taken(self, images: Any) -> Any:
        """The images; a grey channel is repeated three times if the extractor takes colour."""
        grey = images.shape[-1] == 1 and self.extractor.features.input_shape[-1] == 3
        return ops.repeat(images, 3, axis=-1) if grey else images

    def get_config(self) -> dict[str, Any]:
        """All arguments of the constructor; the extractor with its weights."""
        return {
            **super().get_config(),
            "extractor": keras.saving.serialize_keras_object(self.extractor),
            "layer_weights": dict(self.layer_weights),
            "pixel": self.pixel,
            "pixel_weight": self.pixel_weight,
            "distance": self.distance,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PerceptualLoss":
        extractor = keras.saving.deserialize_keras_object(config["extractor"])
        return cls(**{**config, "extractor": extractor})


def _mean_distance(distance: str, a: Any, b: Any) -> Any:
    """The mean distance over all axes but the first, ``(batch,)``."""
    return ops.mean(_DISTANCES[distance](a - b), axis=(1, 2, 3))
