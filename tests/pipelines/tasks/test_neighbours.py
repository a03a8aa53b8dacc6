"""Duplicates and memorisation on vectors whose neighbours are known, and the pictures of them."""

import numpy as np
import pytest
from PIL import Image

from pipelines.tasks.generation import neighbours


def line(*values):
    return np.array(values, float)[:, None]


def test_the_threshold_is_what_a_hundredth_of_real_images_lie_within():
    """101 points at the squares 0, 1, 4, ...: the distances to the nearest are 1, 1, 3, 5, ..., 199."""
    training = line(*(np.arange(101.0) ** 2))
    held_out = line(*np.arange(200.0))
    facts, numbers = neighbours.of_real(training, held_out, count=500)
    assert (facts["compared"], facts["threshold"]) == (101, 1.0)  # the second of 101 in order
    assert numbers["duplicates"] == 1.0  # of the first 101 held-out points, all at steps of 1
    samples = line(*np.arange(0.0, 2000.0, 10.0))
    samples[50] = samples[49] + 0.5  # a pair within 1, the other 99 of the first 101 are not
    assert neighbours.of_samples(samples, training, held_out, facts)["duplicates"] == 2 / 101


def test_copies_of_training_images_are_memorised_and_held_out_images_are_not():
    rng = np.random.default_rng(0)
    training, held_out, fresh = (rng.normal(size=(size, 2)) for size in (3000, 3000, 1000))
    facts, numbers = neighbours.of_real(training, held_out, count=1000)
    assert (facts["compared"], facts["against"]) == (1000, 2000)  # the last thousand of the held out are judged
    assert neighbours.of_samples(training[:1000], training, held_out, facts)["memorisation"] == 1.0
    assert neighbours.of_samples(fresh, training, held_out, facts)["memorisation"] == pytest.approx(0.5, abs=0.05)
    assert numbers["memorisation"] == pytest.approx(0.5, abs=0.05)
    assert numbers["duplicates"] == pytest.approx(0.01, abs=0.01)


def test_few_images_are_judged_as_far_as_they_go():
    facts, numbers = neighbours.of_real(line(0, 1, 5), line(2, 3), count=2)
    assert facts == {"compared": 2, "threshold": 1.0, "against": 0}
    assert numbers == {"duplicates": 1.0}
    assert neighbours.of_samples(line(7, 7.5), line(0, 1, 5), line(2, 3), facts) == {"duplicates": 1.0}
    assert neighbours.of_real(line(0), line(2, 3), count=1) == ({}, {})
    assert neighbours.of_samples(line(7), line(0), line(2, 3), {}) == {}


def shades(*values):
    return np.broadcast_to(np.array(values, np.uint8)[:, None, None, None], (len(values), 4, 4, 1))


def drawn(path):
    """The shade in the middle of each image of a sheet."""
    with Image.open(path) as sheet:
        return np.asarray(sheet)[4::6, 4::6].tolist()


def test_pictures_show_pairs_and_nearest_training_images(tmp_path):
    samples, training = shades(10, 200, 13, 90, 205), shades(0, 100, 210, 20, 12)
    neighbours.draw_pairs(samples, samples, tmp_path / "pairs.png")
    assert drawn(tmp_path / "pairs.png") == [[10, 200, 13], [13, 205, 90]]  # the closest pair first
    neighbours.draw_nearest(samples[:2], samples[:2], training, training, tmp_path / "nearest.png")
    assert drawn(tmp_path / "nearest.png") == [[10, 200], [12, 210], [0, 100], [20, 20]]
