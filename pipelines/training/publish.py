"""What only the chief does after training: it writes weights and history, and describes what was trained."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

from pipelines.runtime import device, store
from pipelines.training import weights
from pipelines.training.worker import Trained

_HISTORY = "history.json"


def publish(trained: Trained, directory: Path) -> dict[str, Any]:
    """Writes weights and history into a directory.

    Args:
        trained: the result of a worker.
        directory: the directory of the training; it does not contain these files yet.

    Returns:
        A JSON value: the phases with steps, epochs and last losses, and the digest of the weights.
    """
    plain = weights.build(trained.recipe)  # float32, without optimizers
    plain.set_weights(trained.model.get_weights())
    weights.save(plain, trained.facts, directory)
    store.write_json(directory / _HISTORY, {phase.name: phase.history for phase in trained.phases})
    served = trained.recipe.model.served(plain)
    return {
        "phases": {
            phase.name: {
                "steps": phase.steps,
                "epochs": phase.epochs,
                "losses": {name: values[-1] for name, values in phase.history.items() if "loss" in name},
            }
            for phase in trained.phases
        },
        "steps": sum(phase.steps for phase in trained.phases),
        "steps_per_epoch": trained.steps_per_epoch,
        "weights": sum(math.prod(weight.shape) for weight in served.trainable_weights),
        "device": device.start(),
        "interrupted": trained.interrupted,
        "sha256": hashlib.sha256(b"".join(array.tobytes() for array in plain.get_weights())).hexdigest(),
    }


def history(trained: Path) -> dict[str, dict[str, list[float]]]:
    """Reads the history of a training: phase -> metric -> one value per epoch."""
    return json.loads((trained / _HISTORY).read_text(encoding="utf-8"))
