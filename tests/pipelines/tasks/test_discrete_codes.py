"""The numbers of discrete codes, of an autoencoder whose codes are known: each pixel's quarter of the grey scale."""

import math
import types
from pathlib import Path

import numpy as np
import pytest

from keras_genssl.analysis import QuantizedPCA
from pipelines.tasks import images
from pipelines.tasks.generation import discrete_codes

TEST = np.array([0, 0, 0, 64, 64, 200, 0, 0, 0], np.uint8).reshape(-1, 3, 3, 1).repeat(600, axis=0)
TRAIN = np.random.default_rng(0).integers(0, 256, (40, 3, 3, 1), dtype=np.uint8)


class Generator:
    """Its prior gives every code a sixth."""

    num_classes = None

    def __init__(self) -> None:
        self.autoencoder = types.SimpleNamespace(
            quantizers=[types.SimpleNamespace(num_codes=4)],
            code_maps=lambda batch: (batch[..., 0] // 64,),
            from_code_maps=lambda maps: maps[0][..., None] / 2.0 - 1.0,
        )

    def predict(self, given: dict[str, np.ndarray], batch_size: int, verbose: int) -> np.ndarray:
        return np.full(len(given["image"]), -9 * math.log(6))


def test_use_errors_and_nats_are_those_of_known_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of nine codes six are 0, two are 1 and one is 3; code k is decoded as k / 2 - 1."""
    split = {"train": {"image": TRAIN}, "eval": {"image": TEST}}
    monkeypatch.setattr(images, "read", lambda examples, name, limit=None: split[name])
    numbers, baselines = discrete_codes.measure(Generator(), Path())
    entropy = -(6 * math.log(6 / 9) + 2 * math.log(2 / 9) + math.log(1 / 9)) / 9
    error = (2 * (64 / 127.5 - 0.5) ** 2 + (200 / 127.5 - 1.5) ** 2) / 9
    assert numbers == pytest.approx(
        {
            "nmse": error / np.var(TEST / 127.5),
            "psnr": 10 * math.log10(4 / error),
            "bits": 18,
            "used_codes": 0.75,
            "perplexity": math.exp(entropy),
            "code_nats": math.log(6),
        },
        rel=1e-4,
    )
    assert baselines["histogram"]["code_nats"] == pytest.approx(entropy)
    rounded = QuantizedPCA(18).fit(TRAIN).reconstruct(TEST)
    expected = np.square(rounded - (TEST / 127.5 - 1)).mean()
    assert baselines["quantized_pca"]["psnr"] == pytest.approx(10 * math.log10(4 / expected), rel=1e-4)
    assert baselines["quantized_pca"]["bits"] == 18
    told = discrete_codes.remarks(numbers, baselines)
    assert told.startswith(
        "The codebook has not collapsed: held-out images use 75% of the codes. The prior has COLLAPSED"
    )
