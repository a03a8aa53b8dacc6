"""Views that change colours: jitter, grey, solarized."""

from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_genssl.views.base import Parameters, View, check_probability, chosen

_WEIGHTS = (0.299, 0.587, 0.114)


def luma(planes: Any) -> Any:
    """Returns ITU-R 601-2 luma, as Pillow and torchvision do: `(1 or 3, batch, h, w)` to `(1, batch, h, w)`.

    Raises:
        ValueError: If there are not one or three channels.
    """
    if planes.shape[0] == 1:
        return planes
    if planes.shape[0] != 3:
        raise ValueError(f"Colour views take images of 1 or 3 channels. Received: {planes.shape[0]} channels")
    red, green, blue = (planes[channel : channel + 1] for channel in range(3))
    return _WEIGHTS[0] * red + _WEIGHTS[1] * green + _WEIGHTS[2] * blue


def turned(planes: Any, turn: Any) -> Any:
    """Turns the hue of colours and keeps their saturation and value.

    Adding a constant to all three channels adds it to the result, so the range may be [0, 1] or [-1, 1].

    Args:
        planes: Float `(3, batch, h, w)`.
        turn: Float `(batch,)`, shares of the circle.

    Returns:
        Float `(3, batch, h, w)`.
    """
    red, green, blue = (planes[channel] for channel in range(3))
    most = ops.maximum(ops.maximum(red, green), blue)
    least = ops.minimum(ops.minimum(red, green), blue)
    chroma = most - least
    # Sums of masked terms are faster than selecting pixel by pixel.
    in_red = ops.cast(red == most, red.dtype)
    in_green = ops.cast(green == most, red.dtype) * (1 - in_red)
    in_blue = 1 - in_red - in_green
    slope = in_red * (green - blue) + in_green * (blue - red) + in_blue * (red - green)
    # A grey pixel has no chroma, so its hue does not matter.
    hue = slope / (6 * ops.maximum(chroma, 1e-12)) + (in_green * (1 / 3) + in_blue * (2 / 3) + turn[:, None, None])
    # A channel is full within a sixth of the circle around its own hue, and falls to zero within the next sixth.
    own = ops.convert_to_tensor(np.array([0, 1 / 3, 2 / 3]).reshape(3, 1, 1, 1), dtype=hue.dtype)
    away = hue - own
    away = ops.abs(away - ops.round(away))
    return least + chroma * ops.clip(2 - 6 * away, 0.0, 1.0)


_BLENDS = ("brightness", "contrast", "saturation")


@keras.saving.register_keras_serializable(package="keras_genssl")
class ColorJitter(View):
    """Changes brightness, contrast, saturation and hue at random, in a random order for each image.

    Howard, 2013; SimCLR, Appendix A. On values in [0, 1], as torchvision does, with a factor f uniform on
    ``[max(0, 1 - strength), 1 + strength]``: brightness is f x; contrast f x + (1 - f) times the mean luma of the
    image; saturation f x + (1 - f) times the luma of the pixel; hue turns the HSV hue by a share of the circle uniform
    on ``[-hue, hue]``. Values are clipped to [0, 1] after each. (SimCLR's own code has TensorFlow's contrast, about
    each channel's mean, and multiplies HSV's saturation.) Images of one channel have neither saturation nor hue.

    Reference:
        - Howard 2013, [Some Improvements on Deep Convolutional Neural Network Based Image
          Classification](https://arxiv.org/abs/1312.5402)
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual
          Representations](https://arxiv.org/abs/2002.05709)

    Args:
        brightness: The strength of the change of brightness, at least 0.
        contrast: The strength of the change of contrast, at least 0.
        saturation: The strength of the change of saturation, at least 0.
        hue: The largest turn of the hue, as a share of the circle, in [0, 0.5].
        probability: The share of images that are changed at all, in [0, 1].
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If an argument is outside its range, or images have neither one channel nor three.

    Example:
        >>> ColorJitter(0.8, 0.8, 0.8, 0.2, probability=0.8)(ops.zeros((2, 8, 8, 3))).shape
        TensorShape([2, 8, 8, 3])
    """

    num_chances: ClassVar[int] = 9

    def __init__(
        self,
        brightness: float = 0.0,
        contrast: float = 0.0,
        saturation: float = 0.0,
        hue: float = 0.0,
        probability: float = 1.0,
        seed: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(seed=seed, name=name)
        for part, strength in zip(_BLENDS, (brightness, contrast, saturation), strict=True):
            if not 0 <= strength < float("inf"):
                raise ValueError(f"`{part}` must be at least 0. Received: {part}={strength}")
        if not 0 <= hue <= 0.5:
            raise ValueError(f"`hue` must lie in [0, 0.5]. Received: hue={hue}")
        self.brightness, self.contrast, self.saturation = float(brightness), float(contrast), float(saturation)
        self.hue = float(hue)
        self.probability = check_probability(probability)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns the factors and the turn of hue, `(batch,)` each, and `order`, int32 `(batch, 4)`.

        `order` holds the places, 0 to 3, of brightness, contrast, saturation and hue. Unchanged images have factors of
        1 and no turn.
        """
        chosen = chances[:, 0] < self.probability
        parameters = {}
        for column, part in enumerate(_BLENDS, start=1):
            strength = getattr(self, part)
            low, high = max(0.0, 1 - strength), 1 + strength
            parameters[part] = ops.where(chosen, low + chances[:, column] * (high - low), 1.0)
        parameters["hue"] = ops.where(chosen, self.hue * (2 * chances[:, 4] - 1), 0.0)
        # The ranks of four random numbers are a random permutation. Ties are ordered by position.
        keys = chances[:, 5:]
        index = ops.arange(4)
        before = (keys[:, None] < keys[:, :, None]) | (
            (keys[:, None] == keys[:, :, None]) & (index[None] < index[:, None])
        )
        return {**parameters, "order": ops.sum(ops.cast(before, "int32"), axis=2)}

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images with changed colours."""
        order = parameters["order"]
        blends, hue = order[:, :3], order[:, 3:]
        ranks = blends - ops.cast(blends > hue, "int32")  # the blends' places among themselves
        factors = ops.stack([parameters[part] for part in _BLENDS], axis=1)  # (batch, 3)
        if not self.hue or planes.shape[0] == 1:
            for place in range(3):
                planes = _blended(planes, factors, ranks == place)
            return planes
        # Hue costs most and is turned once. For each image some blends come before it and the others after.
        early = blends < hue
        for place in range(3):
            planes = _blended(planes, factors, (ranks == place) & early)
        planes = turned(planes, parameters["hue"])
        for place in range(3):
            planes = _blended(planes, factors, (ranks == place) & ~early)
        return planes

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "brightness": self.brightness,
            "contrast": self.contrast,
            "saturation": self.saturation,
            "hue": self.hue,
            "probability": self.probability,
        }


def _blended(planes: Any, factors: Any, turns: Any) -> Any:
    """Changes brightness, contrast or saturation of each image, at most one of the three.

    All three are ``f x + (1 - f) y``, with black, the mean luma or the pixel's luma as y, on [-1, 1] as on [0, 1].

    Args:
        planes: Float `(c, batch, h, w)`.
        factors: Float `(batch, 3)`.
        turns: Bool `(batch, 3)`, the change to apply to each image; at most one per row is true.
    """
    rests = ops.where(turns, 1 - factors, 0.0)  # (batch, 3)
    black, mean, pixel = (rests[:, part, None, None] for part in range(3))
    grey = luma(planes)
    shared = pixel * grey + (mean * ops.mean(grey, axis=(2, 3), keepdims=True) - black)
    return ops.clip((1 - black - mean - pixel) * planes + shared, -1.0, 1.0)


@keras.saving.register_keras_serializable(package="keras_genssl")
class RandomGrayscale(View):
    """Replaces all three channels by the luma (0.299 R + 0.587 G + 0.114 B), with a probability.

    An image of one channel is not changed.

    Reference:
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual Representations, Appendix
          A](https://arxiv.org/abs/2002.05709)

    Args:
        probability: In [0, 1].
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If `probability` is outside its range, or images have neither one channel nor three.

    Example:
        >>> from keras import ops
        >>> red = ops.reshape(ops.array([1.0, -1.0, -1.0]), (1, 1, 1, 3))
        >>> [round(float(value), 3) for value in RandomGrayscale(probability=1.0)(red)[0, 0, 0]]
        [-0.402, -0.402, -0.402]
    """

    num_chances: ClassVar[int] = 1

    def __init__(self, probability: float = 0.2, seed: int | None = None, name: str | None = None) -> None:
        super().__init__(seed=seed, name=name)
        self.probability = check_probability(probability)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns `grey`, bool `(batch,)`."""
        return {"grey": chances[:, 0] < self.probability}

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images, some of them grey."""
        return chosen(parameters["grey"], luma(planes), planes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "probability": self.probability}


@keras.saving.register_keras_serializable(package="keras_genssl")
class Solarize(View):
    """Inverts values at or above a threshold, with a probability: x becomes 1 - x on the scale of [0, 1].

    Grill et al., 2020, Appendix B.

    Reference:
        - Grill et al. 2020, [Bootstrap Your Own Latent, Appendix B](https://arxiv.org/abs/2006.07733)

    Args:
        threshold: On the scale of [0, 1].
        probability: In [0, 1].
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> row = ops.reshape(ops.array([-0.5, 0.0, 0.75]), (1, 1, 3, 1))
        >>> Solarize(threshold=0.75, probability=1.0)(row)[0, 0, :, 0].numpy().tolist()
        [-0.5, 0.0, -0.75]
    """

    num_chances: ClassVar[int] = 1

    def __init__(
        self, threshold: float = 0.5, probability: float = 0.2, seed: int | None = None, name: str | None = None
    ) -> None:
        super().__init__(seed=seed, name=name)
        if not 0 <= threshold <= 1:
            raise ValueError(f"`threshold` must lie in [0, 1]. Received: threshold={threshold}")
        self.threshold = float(threshold)
        self.probability = check_probability(probability)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns `solarize`, bool `(batch,)`."""
        return {"solarize": chances[:, 0] < self.probability}

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images, some of them solarized."""
        # On [-1, 1], 1 - x is -x.
        bright = ops.cast(planes >= 2 * self.threshold - 1, planes.dtype)
        return chosen(parameters["solarize"], planes * (1 - 2 * bright), planes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self.threshold, "probability": self.probability}
