"""What is read from a SavedModel without loading it: the digest that identifies it in any place, and its signatures."""

import hashlib
from pathlib import Path
from typing import Any


def digest(model: Path) -> str:
    """Returns the SHA-256 of graph and weights; cards and warm-up files in the same directory do not count."""
    found = hashlib.sha256()
    for file in [model / "saved_model.pb", *sorted((model / "variables").glob("*"))]:
        found.update(file.read_bytes())
    return found.hexdigest()


def signatures(model: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Returns the inputs and outputs of each signature, as a JSON value.

    Returns:
        Name of the signature -> ``inputs`` and ``outputs``, each name -> ``dtype`` and ``shape``; a size that is not
        fixed is None. ``serving_default`` comes first, then all others by name.
    """
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((model / "saved_model.pb").read_bytes())
    found = saved.meta_graphs[0].signature_def

    def told(tensors: Any) -> dict[str, Any]:
        return {
            name: {
                "dtype": tf.dtypes.as_dtype(tensors[name].dtype).name,
                "shape": [None if axis.size < 0 else axis.size for axis in tensors[name].tensor_shape.dim],
            }
            for name in sorted(tensors)
        }

    names = sorted(found.keys() - {"__saved_model_init_op"}, key=lambda name: (name != "serving_default", name))
    return {name: {"inputs": told(found[name].inputs), "outputs": told(found[name].outputs)} for name in names}
