"""What is saved loads in a process that has done `import keras_genssl` and nothing else."""

import importlib
import inspect
import json
import os
import pathlib
import pkgutil
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_genssl
from keras_genssl import registered
from keras_genssl.engine import Method
from keras_genssl.engine.players_optimizers import PlayersOptimizers
from keras_genssl.kinds.seeds import GivenSeed
from tests import fresh_process, index_of_registered
from tests.registered_objects import EXAMPLES

ROOT = pathlib.Path(__file__).parents[1]
NAMES = {name: module for module, names in registered.NAMES.items() for name in names}


def fresh(*arguments: str) -> str:
    """What a new Python prints, which knows this tree but has the tests not in its way."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=ROOT / "docs"
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_the_index_says_where_each_registered_name_is_defined() -> None:
    written = pathlib.Path(registered.__file__).read_text()
    assert written == index_of_registered.text(), "write it anew: python -m tests.index_of_registered"


def test_what_has_a_config_is_registered() -> None:
    """All but the bases, which no saved model holds."""
    modules = [importlib.import_module(m.name) for m in pkgutil.walk_packages(keras_genssl.__path__, "keras_genssl.")]
    ours = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and hasattr(value, "get_config")
    }
    assert len(ours) > 100
    bases = {base for kind in ours for base in kind.__mro__[1:]}
    # One tells loggers of the players' optimizers, which are saved; the other is an argument of functions.
    views = {PlayersOptimizers, GivenSeed}
    missing = [kind for kind in ours - bases - views if keras.saving.get_registered_name(kind) == kind.__name__]
    assert not missing


def save(name: str, folder: pathlib.Path) -> object:
    """Saves a model with its arrays beside it; returns the configuration of anything."""
    made = EXAMPLES[name]()
    if isinstance(made, keras.Model):
        arrays = {"state": fresh_process.state(made), "input": [], "output": []}
        made.save(folder / f"{name}.keras")
        if not isinstance(made, Method) and hasattr(made, "inputs") and None not in made.inputs[0].shape:
            rng = np.random.default_rng(3)
            for tensor in made.inputs:
                labels = tensor.dtype == "int32"
                values = rng.integers(0, 3, tensor.shape) if labels else rng.uniform(-1, 1, tensor.shape)
                arrays["input"].append(values.astype(tensor.dtype))
            arrays["output"] = fresh_process.answer(made, arrays["input"])
        named = {f"{kind}{number}": value for kind in arrays for number, value in enumerate(arrays[kind])}
        np.savez(folder / f"{name}.npz", **named)
    return fresh_process.serialized(made)


def test_each_registered_name_has_an_example_which_loads_in_a_fresh_process(tmp_path: pathlib.Path) -> None:
    assert EXAMPLES.keys() == NAMES.keys(), "tests/registered_objects.py needs an example of each registered name"
    configs = {name: save(name, tmp_path) for name in EXAMPLES}
    assert not [name for name, config in configs.items() if f'"keras_genssl>{name}"' not in json.dumps(config)]
    (tmp_path / "configs.json").write_text(json.dumps(configs))
    assert fresh(fresh_process.__file__, str(tmp_path)) == ""


ONE_BY_ONE = """
import importlib, sys, threading
import keras
import keras_genssl as kg

find = keras.saving.get_registered_object
def imported():
    return sorted({name.split(".")[1] for name in sys.modules if name.startswith("keras_genssl.")})

# What is not ours imports nothing of ours, and neither does a model of Keras' own.
keras.models.clone_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="relu")]))
assert find("keras_genssl>Unheard") is None and find("Dense") is None
assert imported() == ["onednn", "registered", "registry"]

# A name is its class, and imports no more than its subpackage needs.
assert find("keras_genssl>PixelShuffle") is kg.layers.PixelShuffle
assert imported() == ["checks", "layers", "onednn", "pretext", "registered", "registry"]
objects = keras.saving.get_custom_objects()
assert objects["keras_genssl>LARS"] is kg.optimizers.LARS and objects.get("keras_genssl>psnr") is kg.metrics.psnr

# By the deserializers of each kind, in a user's scope, in which copies of the registry are read.
def of(name, **config):
    return {"module": "elsewhere", "class_name": name, "registered_name": f"keras_genssl>{name}", "config": config}
class Mine(keras.layers.Layer):
    pass
with keras.saving.custom_object_scope({"Mine": Mine}):
    assert find("keras_genssl>CosineMomentum") is kg.schedules.CosineMomentum
    assert keras.losses.deserialize(of("SupConLoss", temperature=0.5)).temperature == 0.5
    assert keras.layers.deserialize(of("Solarize", threshold=0.25)).threshold == 0.25
    assert keras.optimizers.deserialize(of("LARS", trust=0.5)).trust == 0.5
    assert keras.constraints.deserialize(of("ClipWeights", limit=0.5)).limit == 0.5

# Reloaded, the package keeps its classes.
importlib.reload(kg)
assert find("keras_genssl>LARS") is kg.optimizers.LARS

# A stand-in that got out into a copy is as good as what it stands for.
copy = next(value for key, value in {**objects}.items() if key.endswith(">EDSR"))
assert "models" not in imported()
assert issubclass(copy, keras.Model) and copy == kg.models.EDSR and {copy: 1}[kg.models.EDSR] == 1
assert copy.__name__ == "EDSR" and keras.saving.get_registered_name(copy) == "keras_genssl>EDSR"

# Several threads ask at once.
for name in [name for name in sys.modules if name.startswith("keras_genssl")]:
    del sys.modules[name]
import keras_genssl as kg
asked, found = ("BYOL", "NTXentLoss", "DCGAN", "RandomFlip", "BYOL"), {}
def ask(number):
    found[number] = find(f"keras_genssl>{asked[number]}")
threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(asked))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert [found[number] for number in range(len(asked))] == [
    kg.models.BYOL, kg.losses.NTXentLoss, kg.models.DCGAN, kg.views.RandomFlip, kg.models.BYOL
]
"""


def test_a_registered_name_imports_its_class_and_no_more() -> None:
    fresh("-c", ONE_BY_ONE)


@pytest.mark.parametrize("name", ["SpectralNormalization", "pairwise_distances"])
def test_a_plain_model_loads_from_hdf5(name: str, tmp_path: pathlib.Path) -> None:
    model = EXAMPLES[name]()
    model.save(tmp_path / "model.h5")
    inputs = [np.random.default_rng(3).uniform(-1, 1, model.inputs[0].shape).astype("float32")]
    again = keras.saving.load_model(tmp_path / "model.h5")
    np.testing.assert_array_equal(fresh_process.answer(again, inputs), fresh_process.answer(model, inputs))
