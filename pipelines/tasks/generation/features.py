"""The feature networks that recipes can name."""

import hashlib
from pathlib import Path
from typing import Any

from pipelines.errors import UserError
from pipelines.tasks.generation.recipe import GenerationRecipe

_INCEPTION = "inception:"


def load(name: str) -> Any:
    """Loads the network from uint8 images to features; None for ``none``.

    Raises:
        UserError: the file cannot be used.
    """
    from keras_genssl import metrics

    if name == "none":
        return None
    if name == "fashion":
        return metrics.fashion_features()
    try:
        return metrics.inception_features(name.removeprefix(_INCEPTION))
    except (ValueError, OSError) as error:
        raise UserError(f"evaluate.features={name}: {error}") from error


def knows_classes(network: Any, recipe: GenerationRecipe) -> bool:
    """Returns whether a network knows the classes of a recipe's images."""
    return hasattr(network, "classify") and recipe.source.published == "fashion_mnist"


def is_slow(name: str) -> bool:
    """Returns whether features of a whole data set take long."""
    return name.startswith(_INCEPTION)


def identity(name: str) -> str:
    """Returns what identifies a network: its name, and the digest of its file."""
    if not name.startswith(_INCEPTION):
        return name
    path = Path(name.removeprefix(_INCEPTION)).expanduser()
    if not path.is_file():
        raise UserError(f"evaluate.features={name}: no such file")
    return _INCEPTION + hashlib.sha256(path.read_bytes()).hexdigest()
