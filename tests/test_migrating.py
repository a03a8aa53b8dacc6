"""The page for users of TensorFlow Addons: its program runs, it has every name of theirs, and every name it gives
exists."""

import collections
import importlib
import operator
import pathlib
import re

import keras
import numpy as np
import pytest

import keras_genssl as kg
from tests import guides

PAGE = (guides.DOCS / "migrating_from_tfa.md").read_text()
NAMES = (pathlib.Path(__file__).parent / "golden" / "tfa_names.txt").read_text().split()  # by make_tfa_golden.py


def theirs():
    """The names in the first columns of the tables of Addons' modules, by module; where it has several, by all."""
    modules, found = (), collections.defaultdict(list)
    for line in PAGE.splitlines():
        first = line.split("|")[1] if line.startswith("|") else ""
        if first.strip().startswith("Addons ("):
            modules = tuple(re.findall(r"`tfa\.(\w+)`", first))
        elif not first:
            modules = ()
        if modules and not first.strip().startswith("Addons"):
            found[modules] += re.findall(r"`([\w.]+)[^`]*`", first)
    return found


def test_names_exist():
    tables = PAGE.replace("kg.", "keras_genssl.")
    names = set(re.findall(r"\b((?:keras|keras_genssl)\.[a-z]+(?:\.\w+)+)", tables)) - {"keras.Sequential"}
    assert len(names) >= 60
    for name in names:
        package, path = name.split(".", 1)
        operator.attrgetter(path)({"keras": keras, "keras_genssl": kg}[package])


@pytest.mark.parametrize("package", ["scipy", "skimage", "sklearn", "tf"])
def test_names_of_other_packages_exist(package):
    pytest.importorskip(package.replace("tf", "tensorflow"))
    names = set(re.findall(rf"\b{package}\.(\w+)\.(\w+)", PAGE))
    assert len(names) >= 2
    for module, name in names:
        assert hasattr(importlib.import_module(f"{package.replace('tf', 'tensorflow')}.{module}"), name), name


def test_every_public_name_of_addons_stands_once_and_no_other():
    expected = collections.Counter(NAMES)
    assert len(expected) == len(NAMES) == 190
    found = collections.Counter()
    for modules, names in theirs().items():
        for name in names:
            dotted = [f"{module}.{name}" for module in modules if f"{module}.{name}" in expected]
            assert len(dotted) == 1, f"{name}: in {dotted or 'none'} of {modules}"
            found[dotted[0]] += 1
    assert found == expected


def test_metric_learning_losses_have_addons_spelling():
    elsewhere = ("giou", "kappa", "pinball", "focal", "sparsemax")
    names = [
        name for name in NAMES if name.startswith("losses.") and not any(part in name.lower() for part in elsewhere)
    ]
    assert len(names) == 14
    for name in names:
        assert callable(operator.attrgetter(name)(kg)), name


def test_the_program_runs():
    names = guides.run("migrating_from_tfa.md")
    images = np.random.default_rng(0).normal(size=(8, 28, 28, 1)).astype("float32")
    labels = np.arange(8) // 2
    expected = kg.losses.TripletSemiHardLoss(0.2)(labels, names["embed"](images))
    np.testing.assert_allclose(names["embed"].evaluate(images, labels, verbose=0), expected, rtol=1e-4)
