"""Every method under contract answers as its in-memory model does, where this package is not installed."""

import io
import pathlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

import keras_genssl as kg
from tests import without_keras
from tests.contracts import CASES, Batch


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


def given(model: kg.engine.Method, served: kg.engine.Serving, batch: Batch) -> tuple[Any, list[np.ndarray]]:
    """Two inputs of the default signature, as an export takes them and as the function in memory does."""
    asked, floats = {}, []
    for name, kind in served.inputs.items():
        if isinstance(kind, kg.engine.Image):
            images = batch[next(iter(model.inputs()))][:2]
            images = images if images.ndim == 4 else images[:, 0]  # a patch is an image too
            asked[f"{name}_bytes"] = [png(image) for image in images]
            floats.append(images.astype("float32") / 127.5 - 1.0)
        elif isinstance(kind, kg.engine.Label):
            asked[name] = np.array([1, 0])
            floats.append(asked[name])
        else:
            asked[name] = np.random.default_rng(1).normal(size=(2, kind.dim)).astype("float32")
            floats.append(asked[name])
    return asked, floats


@pytest.mark.parametrize("name", CASES)
def test_the_export_answers_in_a_clean_process(name: str, tmp_path: pathlib.Path) -> None:
    case = CASES[name]
    model = case.make(run_eagerly=True)
    (batch,) = case.batches(1)
    model.train_on_batch(batch)
    served = next(iter(model.serving().values()))
    inputs, floats = given(model, served, batch)
    made = served.function(*floats)
    made = made if isinstance(made, dict) else {next(iter(served.outputs)): made}
    (of_images,) = {isinstance(kind, kg.engine.Image) for kind in served.outputs.values()}
    expected = {name: np.array(values) for name, values in made.items()}
    if of_images:
        levels = {name: np.round(np.clip((values + 1) * 127.5, 0, 255)) for name, values in expected.items()}
        expected = {f"{name}_bytes": values.astype(np.uint8) for name, values in levels.items()}
    if len(expected) == 1:
        (expected,) = expected.values()
    path = kg.export.saved_model(model, tmp_path / "model" / "1")
    result = kg.export.check(path, inputs, expected, process=without_keras.process())
    assert result.max_error <= (1 if of_images else 1e-4)
    assert not list(tmp_path.rglob("*.part*"))
