"""What is saved loads in a process that has done `import keras_genssl` and nothing else."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np

from tests.fresh_process import variables
from tests.registered_objects import EXAMPLES

ROOT = pathlib.Path(__file__).parents[1]


def fresh(*arguments: str) -> str:
    """What a new Python says; it knows this tree, not the tests."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=ROOT / "docs"
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def example_inputs(model: keras.Model) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    kinds = {"int32": lambda shape: rng.integers(0, 3, shape).astype("int32")}
    fractions = lambda shape: rng.uniform(-1, 1, shape).astype("float32")  # noqa: E731
    return [kinds.get(tensor.dtype, fractions)(tensor.shape) for tensor in model.inputs]


def save(name: str, folder: pathlib.Path):
    made = EXAMPLES[name]()
    if isinstance(made, keras.Model):
        arrays = {f"state{number}": value for number, value in enumerate(variables(made))}
        made.save(folder / f"{name}.keras")
        if isinstance(made, keras.src.models.Functional) and None not in made.inputs[0].shape:
            inputs = example_inputs(made)
            outputs = keras.tree.flatten(made(inputs if len(inputs) > 1 else inputs[0]))
            arrays |= {f"input{number}": value for number, value in enumerate(inputs)}
            arrays |= {f"output{number}": np.asarray(value) for number, value in enumerate(outputs)}
        np.savez(folder / f"{name}.npz", **arrays)
    return json.loads(json.dumps(keras.saving.serialize_keras_object(made)))
