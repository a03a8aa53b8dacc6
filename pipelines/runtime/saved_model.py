"""What a SavedModel is known by, wherever a copy of it lies."""

import hashlib
from pathlib import Path


def digest(model: Path) -> str:
    """The SHA-256 of the graph and the weights; cards and warm-up files beside them do not count."""
    found = hashlib.sha256()
    for file in [model / "saved_model.pb", *sorted((model / "variables").glob("*"))]:
        found.update(file.read_bytes())
    return found.hexdigest()
