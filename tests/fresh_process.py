"""Run as a script in a process that has imported nothing of ours: loads what `tests/test_saving.py` saved.

`python fresh_process.py FOLDER`: for each `<name>.json` or `<name>.keras`, as if nothing else had been loaded before,
compares what it comes to with what was noted, and prints the names that differ or fail, with the reason.
"""

import copy
import json
import pathlib
import sys
import traceback

import keras_genssl  # noqa: F401, before Keras: its registry is filled as soon as it is imported

EARLY = "keras" in sys.modules

import keras  # noqa: E402
import numpy as np  # noqa: E402


def forget() -> None:
    """Has the package imported anew, none of its subpackages with it."""
    for module in [name for name in sys.modules if name.partition(".")[0] == "keras_genssl"]:
        del sys.modules[module]
    importlib_of_ours()


def importlib_of_ours() -> None:
    __import__("keras_genssl")


def variables(model: keras.Model) -> list[np.ndarray]:
    """Weights, seeds and what optimizers keep."""
    players = getattr(model, "players", None)
    optimizers = [model.optimizer_of(name) for name in players()] if players else [getattr(model, "optimizer", None)]
    found = [*model.variables, *(value for optimizer in optimizers if optimizer for value in optimizer.variables)]
    return [keras.ops.convert_to_numpy(value) for value in found]


def difference(value, other, path="") -> str:
    if type(value) is type(other) is dict and value.keys() == other.keys():
        return " ".join(filter(None, (difference(value[k], other[k], f"{path}.{k}") for k in value)))
    return "" if value == other else f"{path}: {str(value)[:200]} != {str(other)[:200]}"


import time


def main(folder: pathlib.Path) -> None:
    noted = json.loads((folder / "noted.json").read_text())
    for name, config in noted.items():
        t = time.process_time()
        forget()
        try:
            file = folder / f"{name}.keras"
            if file.exists():
                loaded = keras.saving.load_model(file)
                with np.load(folder / f"{name}.npz") as arrays:
                    inputs = [arrays[key] for key in arrays.files if key.startswith("input")]
                    expected = [arrays[key] for key in arrays.files if key.startswith("output")]
                    state = [arrays[key] for key in arrays.files if key.startswith("state")]
                for value, other in zip(variables(loaded), state, strict=True):
                    np.testing.assert_array_equal(value, other)
                if inputs:
                    outputs = keras.tree.flatten(loaded(inputs if len(inputs) > 1 else inputs[0]))
                    for value, other in zip(outputs, expected, strict=True):
                        np.testing.assert_array_equal(value, other)
            else:
                loaded = keras.saving.deserialize_keras_object(copy.deepcopy(config))  # it writes into what it reads
            again = json.loads(json.dumps(keras.saving.serialize_keras_object(loaded)))
            assert again == config, difference(again, config)
        except Exception:
            print(name, traceback.format_exc(limit=-3)[:1500])
        print("cpu", name, round(time.process_time() - t, 2))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
