"""Run as a script by `tests/test_saving.py`, in a process that knows the package and not the tests.

`python fresh_process.py FOLDER` loads each object that was saved there as if it were the first, compares what it is
with what was noted when it was saved, and prints the names of those that fail or differ, with the reason.
"""

import copy
import json
import pathlib
import sys
import traceback
from typing import Any

import keras_genssl  # noqa: F401 (before Keras, whose registry is filled as soon as it is imported)

FIRST = "keras" not in sys.modules

import keras  # noqa: E402
import numpy as np  # noqa: E402


def forget() -> None:
    """Has the package imported anew, with none of its subpackages."""
    for module in [name for name in sys.modules if name.partition(".")[0] == "keras_genssl"]:
        del sys.modules[module]
    __import__("keras_genssl")


def state(model: keras.Model) -> list[np.ndarray]:
    """Weights, seeds and what optimizers keep."""
    if hasattr(model, "players"):
        optimizers = [getattr(model, f"{player}_optimizer", None) for player in model.players()]
    else:
        optimizers = [getattr(model, "optimizer", None)]
    variables = [variable for optimizer in optimizers if optimizer for variable in optimizer.variables]
    return [keras.ops.convert_to_numpy(variable) for variable in (*model.variables, *variables)]


def answer(model: keras.Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """What a plain model says to inputs."""
    outputs = model(inputs if len(inputs) > 1 else inputs[0])
    return [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(outputs)]


def serialized(made: Any) -> Any:
    """As it stands in a file."""
    return json.loads(json.dumps(keras.saving.serialize_keras_object(made)))


def loaded(file: pathlib.Path) -> Any:
    """A saved model, with its arrays as they were and as they are now."""
    model = keras.saving.load_model(file)
    with np.load(file.with_suffix(".npz")) as arrays:
        inputs, outputs, states = (
            [arrays[key] for key in arrays.files if key.startswith(kind)] for kind in ("input", "output", "state")
        )
    found = [*state(model), *(answer(model, inputs) if inputs else [])]
    for value, saved in zip(found, [*states, *outputs], strict=True):
        np.testing.assert_array_equal(value, saved)
    return model


def main(folder: pathlib.Path) -> None:
    assert FIRST, "Keras must not be imported by the package"
    before = ""
    for name, config in json.loads((folder / "configs.json").read_text()).items():
        subpackage = ".".join(config["module"].split(".")[:2])
        if not subpackage == before == "keras_genssl.models":  # the first method imports all the others
            forget()
        before = subpackage
        file = folder / f"{name}.keras"
        try:
            # A copy, because `from_config` of Keras' optimizers writes into what it reads.
            made = loaded(file) if file.exists() else keras.saving.deserialize_keras_object(copy.deepcopy(config))
            assert serialized(made) == config, f"{str(serialized(made))[:1000]}\nis not\n{str(config)[:1000]}"
        except Exception:
            print(name, traceback.format_exc(limit=-3)[:3000])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
