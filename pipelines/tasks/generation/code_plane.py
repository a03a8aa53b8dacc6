"""A picture of codes in the plane: where held-out images lie, on what the codes should follow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.tasks import images
from pipelines.tasks.reconstructions import in_batches

if TYPE_CHECKING:
    import keras

SHOWN = 3000  # codes, and as many draws of the prior
SEED = 0  # the seed of the draws
_MARKERS = "o^sD"  # of ten classes each; there are ten colours


def in_the_plane(model: keras.Model) -> bool:
    """Returns whether a model encodes images as two numbers and can draw such codes."""
    return hasattr(model, "encode") and hasattr(model, "sample_codes") and model.decoder.input_shape[1:] == (2,)


def draw(model: keras.Model, examples: Path, path: Path) -> None:
    """Writes a PNG file of the first held-out images' codes, in a colour for each class, over draws of the prior.

    Args:
        model: it has `encode` and `sample_codes`, of codes of length 2.
        examples: the directory of prepared examples.
        path: the file.
    """
    from matplotlib.figure import Figure

    held_out = images.read(examples, "eval", SHOWN)
    codes, drawn = in_batches(model.encode, held_out["image"]), model.sample_codes(SHOWN, seed=SEED)
    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.add_subplot(aspect="equal")
    axes.scatter(drawn[:, 0], drawn[:, 1], s=12, color="lightgrey", linewidths=0, label="prior")
    labels = held_out.get("label", np.zeros(len(codes), int))
    for label, name in enumerate(images.class_names(examples) or ["images"]):
        of_class, marker = codes[labels == label], _MARKERS[label // 10 % len(_MARKERS)]
        axes.scatter(
            of_class[:, 0], of_class[:, 1], s=6, marker=marker, linewidths=0, color=f"C{label % 10}", label=name
        )
    reach = 1.5 * np.abs(drawn).max()  # a code far outside must not shrink the rest
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="first number of the code", ylabel="second")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=3, frameon=False)
    figure.savefig(path, dpi=100, metadata={"Software": None})
