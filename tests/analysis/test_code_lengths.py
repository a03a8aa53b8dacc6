"""Simple codes against loops over pixels that count in dictionaries."""

import io
import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from PIL import Image

from keras_genssl import analysis

RNG = np.random.default_rng(0)
SHAPE = (5, 4, 2)


def images(count, num_levels):
    return np.minimum(RNG.poisson(1.5, (count, *SHAPE)), num_levels - 1).astype(np.uint8)


def naive(train, test, num_levels, context):
    counts = defaultdict(Counter)
    for image in train:
        for place in np.ndindex(*SHAPE):
            counts[context(image, *place)][int(image[place])] += 1

    def nats(image):
        terms = []
        for place in np.ndindex(*SHAPE):
            seen = counts[context(image, *place)]
            terms.append(math.log((seen[int(image[place])] + 1) / (seen.total() + num_levels)))
        return -sum(terms)

    return [nats(image) for image in test]


def level(image, row, column, channel):
    inside = row >= 0 and 0 <= column < SHAPE[1]
    return int(image[row, column, channel]) if inside else 0


CONTEXTS = {
    "histogram_nats": lambda image, *place: 0,
    "pixel_histogram_nats": lambda image, *place: place,
    "left_and_above_nats": lambda image, row, column, channel: (
        level(image, row, column - 1, channel) * 32 // 40,
        level(image, row - 1, column, channel) * 32 // 40,
        channel,
    ),
    "ten_neighbour_nats": lambda image, row, column, channel: (
        *(level(image, row - 2, column + shift, channel) for shift in (-1, 0, 1)),
        *(level(image, row - 1, column + shift, channel) for shift in (-2, -1, 0, 1, 2)),
        *(level(image, row, column + shift, channel) for shift in (-2, -1)),
        channel,
    ),
}


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_table_counts_as_a_loop_does(name):
    num_levels = 2 if name == "ten_neighbour_nats" else 40
    train, test = images(20, num_levels), images(3, num_levels)
    computed = getattr(analysis, name)(train, test, num_levels)
    np.testing.assert_allclose(computed, naive(train, test, num_levels, CONTEXTS[name]), rtol=1e-9)


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_a_file_holds_the_largest_square_number_of_images(kind):
    many = RNG.integers(0, 256, (11, 6, 6, 3), dtype=np.uint8)
    sheet = np.concatenate([np.concatenate(list(many[row * 3 : row * 3 + 3]), axis=1) for row in range(3)])
    buffer = io.BytesIO()
    options = {"optimize": True} if kind == "png" else {"lossless": True, "quality": 100}
    Image.fromarray(sheet).save(buffer, kind, **options)
    assert analysis.file_nats(many, kind) == pytest.approx(len(buffer.getvalue()) * 8 * math.log(2) / 9)


def test_a_png_of_black_and_white_images_has_one_bit_a_pixel():
    black_and_white = RNG.choice(np.array([0, 255], np.uint8), (1, 64, 64, 1))
    buffer = io.BytesIO()
    Image.fromarray(black_and_white[0, ..., 0] > 0).save(buffer, "png", optimize=True)
    nats = len(buffer.getvalue()) * 8 * math.log(2)
    assert analysis.file_nats(black_and_white, "png") == pytest.approx(nats)
    assert nats < 64 * 64 * 1.5 * math.log(2)  # noise cannot be compressed, and eight bits a pixel would be longer


def test_bad_images_are_named():
    some = images(2, 4)
    with pytest.raises(ValueError, match=r"`test` must hold levels in \[0, 2\)"):
        analysis.histogram_nats(some * 0, some + 2, 2)
    with pytest.raises(ValueError, match="of one shape, at least one"):
        analysis.histogram_nats(some[:0], some, 4)
    with pytest.raises(ValueError, match="`images` must hold at least one image"):
        analysis.file_nats(some[:0], "png")
