"""The programs of the pages in docs/, run on tiny data and for one step of each training."""

import functools
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest

import keras_genssl as kg

DOCS = pathlib.Path(__file__).parents[1] / "docs"


def run(page: str, smaller: Mapping[str, str] | None = None, **names: Any) -> dict[str, Any]:
    """Runs a page's examples as one program, line numbers those of the page; what its names stand for in the end.

    Args:
        page: The file's name.
        smaller: What patterns of the page become here: the same programs, cheaper.
        names: What the program may use beside its own.
    """
    inside, code = False, []
    for line in (DOCS / page).read_text().splitlines():
        if line.startswith("```"):
            inside, line = line == "```python", ""
        code.append(line if inside else "")
    text = "\n".join(code)
    for full, small in (smaller or {}).items():
        text, count = re.subn(full, small, text)
        assert count, f"the page no longer says {full}"
    exec(compile(text, str(DOCS / page), "exec"), names)
    return names


def one_step(monkeypatch: pytest.MonkeyPatch) -> list[keras.callbacks.History]:
    """Makes every `fit` one step; a list that each of their histories will be added to."""
    fit, histories = keras.Model.fit, []

    @functools.wraps(fit)  # methods read the arguments of Keras' own
    def step(model: keras.Model, *data: Any, epochs: int, **arguments: Any) -> keras.callbacks.History:
        assert epochs > 1
        model.run_eagerly = True  # nothing to trace for a single step; that graphs agree is the contract's to show
        histories.append(fit(model, *data, epochs=1, steps_per_epoch=1, verbose=0, **arguments))
        return histories[-1]

    monkeypatch.setattr(keras.Model, "fit", step)
    return histories


def fashion_mnist(monkeypatch: pytest.MonkeyPatch, num: int, batch_size: int) -> np.ndarray:
    """Makes `load` take `num` random images in their order for Fashion-MNIST; these, uint8 `(num, 28, 28, 1)`."""
    load = kg.data.load
    garments = np.random.default_rng(0).integers(256, size=(num, 28, 28, 1), dtype=np.uint8)
    arrays = {"image": garments, "label": np.arange(num) % 10}

    def small_load(source: str, split: str = "train", **options: Any) -> Any:
        assert source == "fashion_mnist"
        shuffle = options.get("few_labels") is not None  # labelled images have an order of their own
        return load(arrays, split, **{**options, "batch_size": batch_size, "shuffle": shuffle})

    monkeypatch.setattr(kg.data, "load", small_load)
    return garments
