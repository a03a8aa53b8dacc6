"""Exporter: writes the trained model as a SavedModel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.runtime import code, device, saved_model, store
from pipelines.runtime.component import Component, Kind

SPEC = Component("Exporter", {"trained": Kind.WEIGHTS}, Kind.SAVED_MODEL)


def export(model: Callable[[], Any], trained_digest: str, run: Path) -> store.Output:
    """Writes ``run/export/model``.

    Args:
        model: makes the trained model when it is needed.
        trained_digest: the digest of the training.
        run: the run's directory, locked by the caller.

    Returns:
        The output; ``result`` has the ``bytes`` of the SavedModel, its ``sha256``, which is the same for every copy,
        and its ``signatures``.
    """
    return store.make(run / "export", inputs(trained_digest), lambda part: _exported(model, part))


def inputs(trained_digest: str) -> dict[str, Any]:
    """Returns everything that the export depends on; the code of what the model serves is part of the training."""
    return {"trained": trained_digest, "code": code.digest(_exported)}


def _exported(model: Callable[[], Any], part: Path) -> dict[str, Any]:
    """Writes ``part/model``."""
    device.start()
    from keras_genssl import export as exporting

    path = part / "model"
    exporting.saved_model(model(), path)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return {"bytes": size, "sha256": saved_model.digest(path), "signatures": saved_model.signatures(path)}
