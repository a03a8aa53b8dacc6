"""A linear model of two pixels, whose codes can be told by hand: code = 10 * image."""

import numpy as np


def encode(images):
    return 10.0 * images.reshape(len(images), -1)


def decode(codes):
    return (codes / 10.0).reshape(len(codes), 1, -1, 1)


def image(*pixels):
    return np.array(pixels, np.float32).reshape(1, 1, -1, 1)
