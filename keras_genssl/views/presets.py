"""The views of the papers, as pipelines."""

from keras_genssl.views.base import Compose, View
from keras_genssl.views.colour import ColorJitter, RandomGrayscale, Solarize
from keras_genssl.views.geometry import GaussianBlur, RandomFlip, RandomResizedCrop

Size = int | tuple[int, int]


def simclr(
    size: Size,
    strength: float = 1.0,
    blur: bool = True,
    scale: tuple[float, float] = (0.08, 1.0),
    seed: int | None = None,
    name: str = "simclr_views",
) -> Compose:
    """Build SimCLR's views: crop and resize, flip, colour jitter, grey, blur.

    Chen et al., 2020, Appendix A. For CIFAR-10 the paper takes a strength of 0.5 and no blur (Appendix B.9).

    Reference:
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual
          Representations](https://arxiv.org/abs/2002.05709)

    Args:
        size: the side of the views, or `(height, width)`.
        strength: strength of the colour jitter, multiplied by 0.8, 0.8, 0.8 and 0.2; in [0, 2.5].
        blur: whether half of the views are blurred.
        scale: range of the share of the image's area in a crop. With a small object on black, a share of 0.08 may show
            only black.
        seed: seed of the views; None to use Keras' global seed.
        name: the layer's name.

    Returns:
        A layer from float ``(batch, h, w, 1 or 3)`` in [-1, 1] to such images of the new size.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> import keras
        >>> simclr(28, strength=0.5, blur=False)(keras.ops.zeros((2, 28, 28, 1))).shape
        TensorShape([2, 28, 28, 1])
    """
    if not 0 <= strength <= 2.5:
        raise ValueError(f"`strength` must lie in [0, 2.5]. Received: strength={strength}")
    colour = 0.8 * strength
    views: list[View] = [
        RandomResizedCrop(size, scale),
        RandomFlip(),
        ColorJitter(colour, colour, colour, 0.2 * strength, probability=0.8),
        RandomGrayscale(0.2),
    ]
    if blur:
        views.append(GaussianBlur((0.1, 2.0), probability=0.5))
    return Compose(views, seed=seed, name=name)


def moco_v1(size: Size, seed: int | None = None, name: str = "moco_v1_views") -> Compose:
    """Build MoCo's first views: crop and resize, grey, colour jitter, flip.

    He et al., 2020, Section 3.3, as in facebookresearch/moco.

    Reference:
        - He et al. 2020, [Momentum Contrast](https://arxiv.org/abs/1911.05722)

    Args:
        size: the side of the views, or `(height, width)`.
        seed: seed of the views; None to use Keras' global seed.
        name: the layer's name.

    Returns:
        A layer from float ``(batch, h, w, 1 or 3)`` in [-1, 1] to such images of the new size.
    """
    views: list[View] = [
        RandomResizedCrop(size, scale=(0.2, 1.0), interpolation="bilinear"),
        RandomGrayscale(0.2),
        ColorJitter(0.4, 0.4, 0.4, 0.4),
        RandomFlip(),
    ]
    return Compose(views, seed=seed, name=name)


def moco_v2(size: Size, seed: int | None = None, name: str = "moco_v2_views") -> Compose:
    """Build MoCo v2's views: SimCLR's with a weaker jitter and larger crops.

    Chen et al., 2020, as in facebookresearch/moco, except for the blur: here it is SimCLR's, with its cut-off kernel;
    there it is Pillow's.

    Reference:
        - Chen et al. 2020, [Improved Baselines with Momentum Contrastive Learning](https://arxiv.org/abs/2003.04297)

    Args:
        size: the side of the views, or `(height, width)`.
        seed: seed of the views; None to use Keras' global seed.
        name: the layer's name.

    Returns:
        A layer from float ``(batch, h, w, 1 or 3)`` in [-1, 1] to such images of the new size.
    """
    views: list[View] = [
        RandomResizedCrop(size, scale=(0.2, 1.0), interpolation="bilinear"),
        ColorJitter(0.4, 0.4, 0.4, 0.1, probability=0.8),
        RandomGrayscale(0.2),
        GaussianBlur((0.1, 2.0), probability=0.5),
        RandomFlip(),
    ]
    return Compose(views, seed=seed, name=name)


def byol(size: Size, seed: int | None = None, name: str = "byol_views") -> tuple[Compose, Compose]:
    """Build BYOL's two views: the first is always blurred; the second is rarely blurred and sometimes solarized.

    Grill et al., 2020, Table 6.

    Reference:
        - Grill et al. 2020, [Bootstrap Your Own Latent](https://arxiv.org/abs/2006.07733)

    Args:
        size: the side of the views, or `(height, width)`.
        seed: seed of the first view; the second has the next seed. None to use Keras' global seed.
        name: prefix of the layers' names.

    Returns:
        Two layers from float ``(batch, h, w, 1 or 3)`` in [-1, 1] to such images of the new size.
    """

    def view(number: int, blurred: float, solarized: float) -> Compose:
        parts: list[View] = [
            RandomResizedCrop(size),
            RandomFlip(),
            ColorJitter(0.4, 0.4, 0.2, 0.1, probability=0.8),
            RandomGrayscale(0.2),
            GaussianBlur((0.1, 2.0), probability=blurred),
            Solarize(0.5, probability=solarized),
        ]
        return Compose(parts, seed=None if seed is None else seed + number, name=f"{name}_{number + 1}")

    return view(0, 1.0, 0.0), view(1, 0.1, 0.2)
