"""Frechet distances by class, and of sets that are too small for one, on features that are known."""

import numpy as np
import pytest

from keras_genssl import metrics
from pipelines.tasks.distances import distances, frechet
from pipelines.tasks.generation import class_distances
from pipelines.tasks.generation.task import TASK

RNG = np.random.default_rng(0)


def test_each_class_is_compared_with_its_own_images():
    """Samples of class c are its training images moved by c along each of three axes: the distance is 3 c²."""
    real = RNG.normal(size=(300, 3)) * 2.0
    labels = np.arange(300) % 3
    numbers, facts = class_distances.measure(real, labels, real + labels[:, None], labels, 3)
    assert numbers["class_fid"] == pytest.approx(3 * (0 + 1 + 4) / 3)
    assert numbers["worst_class_fid"] == pytest.approx(12)
    assert facts == {"classes": 3, "measured": 3, "least": 100, "most": 100, "worst": 2}
    assert class_distances.told(facts, "Fashion-FID", 3) == (
        "The Fashion-FID of a class compares 100 samples with that class's training images, mean and worst of 3 "
        "classes (worst: class 2); so few bias it upwards."
    )


def test_classes_with_no_more_images_than_features_are_left_out():
    real = RNG.normal(size=(13, 3))
    labels = np.array([0] * 5 + [1] * 4 + [2] * 3 + [3])  # three features need four images
    numbers, facts = class_distances.measure(real, labels, real + labels[:, None], labels, 5)
    assert numbers["worst_class_fid"] == pytest.approx(3)
    assert numbers["class_fid"] == pytest.approx(1.5)
    assert facts == {"classes": 5, "measured": 2, "least": 4, "most": 5, "worst": 1}
    told = class_distances.told(facts, "FID", 3)
    assert "compares 4 to 5 samples" in told
    assert told.endswith("3 of 5 classes are left out, which have no more than 3 of either.")
    few, facts = class_distances.measure(real[:3], labels[:3], real, labels, 1)
    assert (few, facts) == ({}, {"classes": 1, "measured": 0})
    assert class_distances.told(facts, "FID", 3) == (
        "No class has more than 3 samples and training images, so no FID of a class is measured."
    )


def test_small_sets_get_every_number_but_the_frechet_distance():
    real, fake = RNG.normal(size=(9, 6)), RNG.normal(size=(9, 6))
    assert frechet(real, fake)["fid"] == pytest.approx(metrics.FID(lambda x: x, real)(fake))
    assert frechet(real[:6], fake) == frechet(real, fake[:6]) == {}
    found = distances(real[:6], fake)
    assert set(found) == {"kid", "precision", "recall", "density", "coverage"}
    assert found["kid"] == metrics.kernel_distance(real[:6], fake, subset_size=6)[0]


def _evaluation(images, numbers, real, **more):
    evaluation = {"features": "fashion", "images": images, "held_out": 100, "dim": 128, "numbers": numbers}
    return {**evaluation, "baselines": {"real": real}, **more}


def test_the_caption_says_what_the_number_of_samples_does():
    fid, few = {"fid": 1.0, "kid": 0.1}, {"kid": 0.1}
    assert "biased" not in TASK.caption(_evaluation(10_000, fid, fid))
    told = TASK.caption(_evaluation(9_999, fid, few))
    assert "Fashion-FID of 9,999 samples is biased upwards: compare it only with that of as many." in told
    assert told.endswith("The 100 held-out images are too few for it.")
    told = TASK.caption(_evaluation(90, few, few))
    assert told.endswith(
        "No Fashion-FID is measured: it needs more samples and training images than features, and there are 90 of each "
        "and 128 features. KID is not biased by their number."
    )
    facts = {"classes": 10, "measured": 10, "least": 990, "most": 1010, "worst": 6}
    told = TASK.caption(_evaluation(10_000, fid, fid, classes=facts))
    assert "The Fashion-FID of a class compares 990 to 1,010 samples" in told
