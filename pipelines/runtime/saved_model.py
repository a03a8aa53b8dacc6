"""The digest that identifies a SavedModel in any place."""

import hashlib
from pathlib import Path


def digest(model: Path) -> str:
    """Returns the SHA-256 of graph and weights; cards and warm-up files in the same directory do not count."""
    found = hashlib.sha256()
    for file in [model / "saved_model.pb", *sorted((model / "variables").glob("*"))]:
        found.update(file.read_bytes())
    return found.hexdigest()
