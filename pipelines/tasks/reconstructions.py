"""Reconstructions of images in [-1, 1], and how much images or codes vary."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pipelines.recipe.numbers import Number

PSNR = Number(name="psnr", heading="PSNR of reconstructions", better="higher", format=".2f", unit="dB", tile=True)
_BATCH = 500


def in_batches(function: Callable[[np.ndarray], Any], values: np.ndarray) -> np.ndarray:
    """Returns a function's answers to all values, a batch at a time."""
    return np.concatenate([np.asarray(function(values[at : at + _BATCH])) for at in range(0, len(values), _BATCH)])


def mean_squared_error(truth: np.ndarray, answer: np.ndarray) -> float:
    """Returns the mean of the squared differences, over all images."""
    return float(np.mean(np.square(truth - answer), dtype=np.float64))


def psnr(mse: float) -> float:
    """Returns the peak signal-to-noise ratio of a mean squared error, in dB, for values in [-1, 1].

    >>> psnr(0.04)
    20.0
    """
    return 10 * math.log10(4 / max(mse, 1e-12))


def variance(values: np.ndarray) -> float:
    """Returns the variance of images or vectors around their mean, summed over their values.

    >>> variance(np.array([[0.0, 0.0], [2.0, 0.0]]))
    1.0
    """
    return float(values.var(axis=0, dtype=np.float64).sum())
