"""Images by gradient ascent on a classifier: what fails in the plane and on pixels, and why codes of a decoder work.

    python benchmarks/gradient_ascent.py [--samples 2000] [--steps 100]

In the plane, points climb the probability of one of three classes. On Fashion-MNIST, images of given classes are made
by ascent on the pixels, without and with regularizers, and by ascent on the codes of a VAE and on the latents of a
DCGAN. Each row of the table is judged by the classifier that was climbed, by one of other initial weights, by the
shipped classifier of another architecture, by Fashion-FID, precision, and the distance to the nearest training image.
Prints the table, writes results/gradient_ascent.json, and draws docs/images/gradient_ascent.png and
docs/images/gradient_ascent_plane.png. Takes about five minutes on two cores.
"""

import argparse
import pathlib
import shlex
import sys
import time

import keras
import numpy as np
from garments import fashion_mnist

import keras_genssl as kg
from keras_genssl import analysis, regularizers
from pipelines.runtime import code, device, store

RESULTS = pathlib.Path(__file__).parents[1] / "results" / "gradient_ascent.json"
PICTURES = RESULTS.parents[1] / "docs" / "images"
BATCH = 128
CLASSIFIER_STEPS = 1400
VAE_STEPS, VAE_CODE = 2000, 32
GAN_STEPS, GAN_LATENTS, GAN_FILTERS = 2000, 64, 32
COMPONENTS = 64
CERTAIN = 0.99
PIXEL_RATE, CODE_RATE = 1.0, 0.1


# The plane.

SIGMA = 0.5
CENTRES = np.array([[0.0, 1.0], [-0.87, -0.5], [0.87, -0.5]])
WANTED = 2
PLANE_STEPS, PLANE_LOOKS, PLANE_RATE = 2000, 40, 0.5
POINTS = 200


def plane_data(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns points (num, 2) of three Gaussians, and their classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=num)
    return (CENTRES[labels] + SIGMA * rng.standard_normal((num, 2))).astype(np.float32), labels


def log_density(points: np.ndarray) -> np.ndarray:
    """Returns the logarithm of the density of the data in the plane."""
    squares = np.square(points[:, None] - CENTRES).sum(axis=2) / (2 * SIGMA**2)
    return np.logaddexp.reduce(-squares, axis=1) - np.log(3 * 2 * np.pi * SIGMA**2)
