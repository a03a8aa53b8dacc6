"""Arithmetic with codes: the direction of an attribute, and "woman + man with glasses - man without"."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function, decode_codes, encode_images
from keras_genssl.checks.arrays import checked_labels


def attribute_direction(codes: npt.ArrayLike, has_attribute: npt.ArrayLike) -> np.ndarray:
    """Returns the mean code with an attribute minus the mean code without it.

    Larsen et al. (2016) found glasses and beards in the codes of faces in this way.

    Reference:
        - Larsen et al. 2016, [Autoencoding beyond Pixels](https://arxiv.org/abs/1512.09300)

    Args:
        codes: `(num, ...)`.
        has_attribute: `(num,)` of booleans, or of 0 and 1, both values among them.

    Returns:
        float64 array `(...)`, to be added to a code.

    Raises:
        ValueError: if the shapes are invalid or one of the two kinds is missing.

    Example:
        >>> attribute_direction([[0.0, 1.0], [2.0, 1.0], [5.0, 3.0]], [False, False, True]).tolist()
        [4.0, 2.0]
    """
    codes, has_attribute = _labelled(codes, has_attribute)
    return codes[has_attribute].mean(axis=0) - codes[~has_attribute].mean(axis=0)


def classifier_direction(
    codes: npt.ArrayLike, has_attribute: npt.ArrayLike, inverse_regularisation: float = 1.0
) -> np.ndarray:
    """Returns the normal of the plane by which a logistic regression detects an attribute in the codes.

    The difference of means also contains everything else that differs between the two kinds. The normal leaves out what
    does not help to distinguish them. Its length is such that one step leads, along the normal, from the mean without
    the attribute to the mean with it.

    Reference:
        - Larsen et al. 2016, [Autoencoding beyond Pixels](https://arxiv.org/abs/1512.09300)

    Args:
        codes: `(num, ...)`.
        has_attribute: `(num,)` of booleans, or of 0 and 1, both values among them.
        inverse_regularisation: scikit-learn's `C`, for codes scaled to unit variance; positive.

    Returns:
        float64 array `(...)`, to be added to a code.

    Raises:
        ValueError: if an argument is invalid or one of the two kinds is missing.

    Example:
        >>> codes = np.array([[-1.0, 5.0], [-1.0, -5.0], [1.0, 5.0], [1.0, -5.0]])
        >>> classifier_direction(codes, [False, False, True, True]).round(4).tolist()
        [2.0, 0.0]
    """
    from sklearn.linear_model import LogisticRegression

    if inverse_regularisation <= 0:
        raise ValueError(
            f"`inverse_regularisation` must be positive. Received: inverse_regularisation={inverse_regularisation}"
        )
    codes, has_attribute = _labelled(codes, has_attribute)
    flat = codes.reshape(len(codes), -1)
    scale = np.maximum(flat.std(axis=0), 1e-12)
    fitted = LogisticRegression(C=inverse_regularisation, max_iter=1000).fit(
        (flat - flat.mean(0)) / scale, has_attribute
    )
    normal = fitted.coef_[0] / scale
    normal /= np.linalg.norm(normal)
    step = normal @ attribute_direction(flat, has_attribute)
    return (step * normal).reshape(codes.shape[1:])


def add_attribute(
    encode: Function,
    decode: Function,
    images: npt.ArrayLike,
    direction: npt.ArrayLike,
    strengths: Sequence[float] = (0.0, 0.5, 1.0, 1.5),
    batch_size: int = 256,
) -> np.ndarray:
    """Returns images with increasing strength of an attribute: `decode(encode(image) + strength * direction)`.

    Reference:
        - Larsen et al. 2016, [Autoencoding beyond Pixels](https://arxiv.org/abs/1512.09300)

    Args:
        encode: maps images `(batch, height, width, channels)` in [-1, 1] to codes `(batch, ...)`.
        decode: maps codes back to images.
        images: `(num, height, width, channels)`, uint8 or float in [-1, 1].
        direction: result of `attribute_direction` or `classifier_direction`, of the shape of one code.
        strengths: multiples of the direction to add; negative ones remove the attribute.
        batch_size: images, or codes, passed at once.

    Returns:
        Array `(num, len(strengths), height, width, channels)`.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        direction = kg.analysis.attribute_direction(codes, has_glasses)
        rows = kg.analysis.add_attribute(model.encode, model.decode, faces, direction)
    """
    codes = encode_images(encode, images, batch_size)
    direction = np.asarray(direction)
    if direction.shape != codes.shape[1:]:
        raise ValueError(
            f"`direction` must be of the shape of a code, {codes.shape[1:]}. Received: shape {direction.shape}"
        )
    if not len(strengths):
        raise ValueError("`strengths` must not be empty.")
    moved = codes[:, None] + np.multiply.outer(np.asarray(strengths, np.float64), direction)[None]
    shown = decode_codes(decode, moved.reshape(-1, *codes.shape[1:]), batch_size)
    return shown.reshape(*moved.shape[:2], *shown.shape[1:])


def analogy(
    encode: Function,
    decode: Function,
    images: npt.ArrayLike,
    having: npt.ArrayLike,
    lacking: npt.ArrayLike,
    batch_size: int = 256,
) -> np.ndarray:
    """Returns images of an analogy: woman + man with glasses - man without = woman with glasses (Radford et al., 2016).

    They are `decode(encode(images) + mean(encode(having)) - mean(encode(lacking)))`. Means over a few images, three in
    the paper, are more stable than single images.

    Reference:
        - Radford et al. 2016, [Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
          Networks](https://arxiv.org/abs/1511.06434)

    Args:
        encode: maps images `(batch, height, width, channels)` in [-1, 1] to codes `(batch, ...)`.
        decode: maps codes back to images.
        images: `(num, height, width, channels)`, uint8 or float in [-1, 1]: the women.
        having: `(num, height, width, channels)`: the men with glasses.
        lacking: `(num, height, width, channels)`: the men without.
        batch_size: images, or codes, passed at once.

    Returns:
        Array `(num, height, width, channels)`, one image for each of `images`.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        women_with_glasses = kg.analysis.analogy(model.encode, model.decode, women, men_with_glasses, men)
    """
    start, gained, lost = (encode_images(encode, group, batch_size) for group in (images, having, lacking))
    if not start.shape[1:] == gained.shape[1:] == lost.shape[1:]:
        raise ValueError(
            "`images`, `having` and `lacking` must have codes of one shape. "
            f"Received: {start.shape[1:]}, {gained.shape[1:]} and {lost.shape[1:]}"
        )
    return decode_codes(decode, start + (gained.mean(axis=0) - lost.mean(axis=0)), batch_size)


def _labelled(codes: npt.ArrayLike, has_attribute: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    codes = np.asarray(codes, np.float64)
    if codes.ndim < 2:
        raise ValueError(f"`codes` must be (num, ...). Received: shape {codes.shape}")
    answers = checked_labels(has_attribute, "has_attribute", codes)
    # A cast would take -1 (CelebA's "no") and the string "no" for yes.
    if answers.dtype.kind == "U" or not np.isin(answers, (0, 1)).all():
        raise ValueError(
            f"`has_attribute` must be booleans, or 0 and 1. Received: {np.unique(answers)[:5].tolist()} among them"
        )
    chosen = answers == 1
    if chosen.all() or not chosen.any():
        raise ValueError("`has_attribute` must be true of some codes and false of others.")
    return codes, chosen
