"""How readers are told what a SavedModel serves: a table of its signatures, and the arguments of a first call."""

from typing import Any

Tensors = dict[str, dict[str, Any]]
"""Inputs or outputs of a signature: name -> ``dtype`` and ``shape``, as `saved_model.signatures` returns them."""

_FILES = (
    "Encoded images are read in eight bits, upright as EXIF says, with transparency on white. The output `error` says\n"
    "why an image was refused, and is empty for the others."
)
_FORMS = (
    "The output `image_bytes` holds PNG files. Images of float32 lie in [-1, 1]. `examples` are `tf.train.Example`."
)


def described(signatures: dict[str, dict[str, Tensors]], path: str) -> str:
    """Returns the inputs and outputs of all signatures, in Markdown.

    Args:
        signatures: what the SavedModel serves (`saved_model.signatures`).
        path: the path of the SavedModel, as readers would type it.
    """
    rows = [
        f"| `{name}` | {_tensors(one['inputs'])} | {_tensors(one['outputs'])} |" for name, one in signatures.items()
    ]
    files = [_FILES] if any("image_bytes" in one["inputs"] for one in signatures.values()) else []
    shown = f"`saved_model_cli show --dir {path} --all` shows the same."
    return "\n".join(["| signature | takes | gives |", "|---|---|---|", *rows, "", *files, _FORMS, shown])


def arguments(inputs: Tensors, num: int) -> str:
    """Returns the arguments, in Python, of a call of a signature for ``num`` examples.

    Files are those of a variable `image`; labels are 0, a class that all models with classes know.
    """
    return ", ".join(f"{name}={_argument(name, one, num)}" for name, one in inputs.items())


def _argument(name: str, tensor: dict[str, Any], num: int) -> str:
    dtype, shape = tensor["dtype"], tensor["shape"]
    if dtype == "string":
        return "image[None]"
    if not shape:
        return f"tf.constant({num if name == 'num' else 0}, tf.{dtype})"
    given = (num, *shape[1:])
    return f"tf.random.normal({given})" if dtype.startswith("float") else f"tf.zeros({given}, tf.{dtype})"


def _tensors(tensors: Tensors) -> str:
    return ", ".join(f"`{name}` {one['dtype']}{_shape(one['shape'])}" for name, one in tensors.items())


def _shape(shape: list[int | None]) -> str:
    return f" {tuple(shape)}" if shape else ""
