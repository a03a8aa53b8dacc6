"""The page for users of TensorFlow Addons: its program runs, and every name of ours and of Keras exists."""

import operator
import re

import keras
import numpy as np

import keras_genssl as kg
from tests import guides

PAGE = "migrating_from_tfa.md"


def test_names_exist():
    tables = (guides.DOCS / PAGE).read_text().replace("kg.", "keras_genssl.")
    names = set(re.findall(r"\b((?:keras|keras_genssl)\.[a-z]+(?:\.\w+)+)", tables)) - {"keras.Sequential"}
    assert len(names) >= 29
    for name in names:
        package, path = name.split(".", 1)
        operator.attrgetter(path)({"keras": keras, "keras_genssl": kg}[package])


def test_the_program_runs():
    names = guides.run(PAGE)
    images = np.random.default_rng(0).normal(size=(8, 28, 28, 1)).astype("float32")
    labels = np.arange(8) // 2
    expected = kg.losses.TripletSemiHardLoss(0.2)(labels, names["embed"](images))
    np.testing.assert_allclose(names["embed"].evaluate(images, labels, verbose=0), expected, rtol=1e-4)
