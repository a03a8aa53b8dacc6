"""The errors of translations whose truth is known, and of baselines that need no training."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_genssl.checks import arrays
from keras_genssl.metrics.image_quality import psnr, ssim


def histogram_matching(images: Any, references: Any, each: bool = True) -> np.ndarray:
    """Gives images the distribution of levels of another domain, by a monotonic map of levels.

    Each level is mapped to the level of the same quantile in the pooled references, linearly interpolated between the
    levels that occur there, channel by channel (Gonzalez and Woods, "Digital image processing"; equal to scikit-image's
    `match_histograms` for a single image).

    Args:
        images: (num_images, height, width, channels), uint8, or float in [-1, 1], which is quantised to uint8 first.
        references: (num_references, height, width, channels), images of the other domain, which are pooled; dtype as
            in `images`.
        each: whether quantiles are computed for each image, so that every image gets the whole distribution. If False,
            they are computed for all `images` together, and all images get the same map.

    Returns:
        float64 array of the shape of `images`, levels in [0, 255].

    Raises:
        ValueError: if an argument is invalid or empty, or the channels differ.

    Example:
        >>> images = np.array([0, 0, 1, 1], np.uint8).reshape(1, 2, 2, 1)
        >>> histogram_matching(images, np.array([50, 200], np.uint8).reshape(1, 1, 2, 1)).ravel().tolist()
        [50.0, 50.0, 200.0, 200.0]
    """
    images, references = arrays.level_batch(images, "images"), arrays.level_batch(references, "references")
    if not images.size or not references.size:
        raise ValueError(
            "`images` and `references` must hold an image at least. "
            f"Received: shapes {images.shape} and {references.shape}"
        )
    if images.shape[-1] != references.shape[-1]:
        raise ValueError(
            "`images` and `references` must have equally many channels. "
            f"Received: {images.shape[-1]} and {references.shape[-1]}"
        )
    matched = np.empty(images.shape, np.float64)
    for channel in range(images.shape[-1]):
        counts = np.bincount(references[..., channel].ravel(), minlength=256)
        levels = np.flatnonzero(counts)
        quantiles = np.cumsum(counts[levels]) / counts.sum()
        for rows in range(len(images)) if each else [slice(None)]:
            plane = images[rows, ..., channel]
            own = np.cumsum(np.bincount(plane.ravel(), minlength=256)) / plane.size
            matched[rows, ..., channel] = np.interp(own, quantiles, levels)[plane]
    return matched


def translation_scores(
    translate: Callable[[Any], Any],
    images: Any,
    truth: Any,
    domain: Any,
    translate_back: Callable[[Any], Any] | None = None,
    batch_size: int = 256,
) -> dict[str, float]:
    """Scores a translation whose truth is known.

    Errors are mean absolute differences of images in [-1, 1] (the largest is 2), over all pixels and images.

    Args:
        translate: maps float32 images (batch, height, width, channels) in [-1, 1] to images of the other domain.
        images: (num_images, height, width, channels) to translate: uint8, or float in [-1, 1], which is quantised to
            uint8 first.
        truth: the true translation of each image, in the same form.
        domain: (num, height, width, channels), other images of the domain of `truth`, the references of histogram
            matching.
        translate_back: the translation back, for the cycle error; None without one.
        batch_size: images translated at once.

    Returns:
        "error", "psnr" and "ssim" of the translations (over all channels); "cycle_error" of the images translated back,
        if `translate_back` is given; the errors of the baselines: "copy", the input itself; "histogram_matching", each
        image with the domain's levels; "pooled_histogram_matching", one map for all images; "median_image", the
        domain's median of each pixel, the best that ignores the input; "baseline", the smallest error of copying and
        both kinds of matching; and "ratio", the translation's error divided by "baseline".

    Raises:
        ValueError: if the arrays are invalid or do not fit together, or a translation is not an image in [-1, 1]
            of the size of its truth.

    Example:
        >>> images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1), dtype=np.uint8)
        >>> scores = translation_scores(lambda x: -x, images, 255 - images, 255 - images)
        >>> scores["error"] < 1e-6, scores["copy"] > 0.5
        (True, True)
    """
    images, truth, domain = (
        arrays.level_batch(images, "images"),
        arrays.level_batch(truth, "truth"),
        arrays.level_batch(domain, "domain"),
    )
    if images.shape != truth.shape or truth.shape[1:] != domain.shape[1:]:
        raise ValueError(
            "`images` and `truth` must have one shape, and `domain` images of the same. "
            f"Received: {images.shape}, {truth.shape} and {domain.shape}"
        )
    wanted = _signed(truth)
    translated = _in_batches("translate", translate, _signed(images), batch_size)
    copies = {
        "copy": images,
        "histogram_matching": histogram_matching(images, domain),
        "pooled_histogram_matching": histogram_matching(images, domain, each=False),
    }
    errors = {name: _error(_signed(copy), wanted) for name, copy in copies.items()}
    scores = {
        "error": _error(translated, wanted),
        "psnr": _mean_in_batches(psnr, wanted, translated, batch_size),
        "ssim": _mean_in_batches(ssim, wanted, translated, batch_size),
        **errors,
        "median_image": _error(_signed(np.median(domain, axis=0)), wanted),
        "baseline": min(errors.values()),
    }
    scores["ratio"] = scores["error"] / scores["baseline"]
    if translate_back is not None:
        scores["cycle_error"] = _error(
            _in_batches("translate_back", translate_back, translated, batch_size), _signed(images)
        )
    return scores


def _signed(images: np.ndarray) -> np.ndarray:
    return arrays.from_levels(images).astype(np.float32)


def _error(images: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean(np.abs(images - truth), dtype=np.float64))


def _in_batches(name: str, function: Callable[[Any], Any], images: np.ndarray, size: int) -> np.ndarray:
    parts = [function(images[at : at + size]) for at in range(0, len(images), size)]
    made = np.concatenate([arrays.signed(part, f"what {name} answers") for part in parts])
    if made.shape != images.shape:
        raise ValueError(f"`{name}` must answer images of shape {images.shape}. Received: shape {made.shape}")
    return made


def _mean_in_batches(function: Callable[..., Any], truth: np.ndarray, images: np.ndarray, size: int) -> float:
    values = [
        np.asarray(function(_colour(truth[at : at + size]), _colour(images[at : at + size]), channel="rgb"))
        for at in range(0, len(images), size)
    ]
    return float(np.mean(np.concatenate(values), dtype=np.float64))


def _colour(images: np.ndarray) -> np.ndarray:
    """Returns grey images with three equal channels, which have the same scores."""
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images
