"""How far translated images are from a known truth, beside what needs no training."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_genssl.metrics.histogram_matching import histogram_matching
from keras_genssl.metrics.psnr import psnr
from keras_genssl.metrics.ssim import ssim


def translation_scores(
    translate: Callable[[Any], Any],
    images: np.ndarray,
    truth: np.ndarray,
    domain: np.ndarray,
    translate_back: Callable[[Any], Any] | None = None,
    batch_size: int = 256,
) -> dict[str, float]:
    """Score a translation whose truth is known.

    Errors are mean absolute differences of images in [-1, 1] (the largest is 2), over all pixels and images.

    Args:
        translate: maps float32 images (batch, height, width, channels) in [-1, 1] to images of the other domain.
        images: uint8 array (num_images, height, width, channels) to translate.
        truth: uint8 array of what each should become.
        domain: uint8 array (num, height, width, channels) of other images of the domain of `truth`, whose levels
            histogram matching takes.
        translate_back: the way back, for the cycle's error.
        batch_size: images translated at once.

    Returns:
        "error", "psnr" and "ssim" of the translations (over all channels); "cycle_error", of the images that come
        back, where there is a way; the errors of the baselines: "copy", the input itself;
        "histogram_matching", each image given the domain's levels; "pooled_histogram_matching", by one map for all;
        "median_image", the domain's median of each pixel, the best that ignores the input; "baseline", the least of
        copying and both ways of matching; and "ratio", the translation's error over that.

    Raises:
        ValueError: if the arrays do not fit together.

    Example:
        >>> images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1), dtype=np.uint8)
        >>> scores = translation_scores(lambda x: -x, images, 255 - images, 255 - images)
        >>> scores["error"] < 1e-6, scores["copy"] > 0.5
        (True, True)
    """
    if images.shape != truth.shape or truth.shape[1:] != domain.shape[1:]:
        raise ValueError(
            "`images` and `truth` must have one shape, and `domain` images of the same. "
            f"Received: {images.shape}, {truth.shape} and {domain.shape}"
        )
    wanted = _signed(truth)
    translated = _alike(_in_batches(translate, _signed(images), batch_size), wanted)
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
        start = _signed(images)
        scores["cycle_error"] = _error(_alike(_in_batches(translate_back, translated, batch_size), start), start)
    return scores


def _signed(images: np.ndarray) -> np.ndarray:
    return (images / 127.5 - 1.0).astype(np.float32)


def _error(images: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean(np.abs(images - truth), dtype=np.float64))


def _alike(images: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Answers of the shape of the truth: one grey value would be compared with each pixel."""
    if images.shape != truth.shape:
        raise ValueError(
            "`translate` and `translate_back` must give images of the shape of the truth. "
            f"Received: {images.shape} for {truth.shape}"
        )
    return images


def _in_batches(function: Callable[[Any], Any], images: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([np.asarray(function(images[at : at + size])) for at in range(0, len(images), size)])


def _mean_in_batches(function: Callable[..., Any], truth: np.ndarray, images: np.ndarray, size: int) -> float:
    values = [
        np.asarray(function(_colour(truth[at : at + size]), _colour(images[at : at + size]), channel="rgb"))
        for at in range(0, len(images), size)
    ]
    return float(np.mean(np.concatenate(values), dtype=np.float64))


def _colour(images: np.ndarray) -> np.ndarray:
    """Grey images in three equal channels, whose scores are those of the one."""
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images
