"""The numbers of discrete codes: how they are used, what they keep of an image, and how well a prior predicts them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_genssl.checks import arrays
from pipelines.recipe.numbers import Baseline, Number, Numbers, Values
from pipelines.tasks import images
from pipelines.tasks.generation.numbers import RECONSTRUCTION_FID
from pipelines.tasks.reconstructions import PSNR, mean_squared_error, psnr

if TYPE_CHECKING:
    import keras

IMAGES = 10_000  # at most, on which a variance or codes are measured
UNUSED = 0.1  # the share of used codes below which a codebook has collapsed
_BATCH = 500

PCA = Baseline("quantized_pca", "PCA rounded to as many bits", "rounded PCA")
HISTOGRAM = Baseline("histogram", "histogram of the codes")
NUMBERS = Numbers(
    (
        Number(name="nmse", heading="NMSE of reconstructions", better="lower", format=".4f", tile=True),
        PSNR,
        RECONSTRUCTION_FID,
        Number(name="bits", heading="bits of a code", better="lower", format=".0f"),
        Number(name="used_codes", heading="codes used", better="higher", format=".1%", tile=True),
        Number(name="perplexity", heading="perplexity of codes", better="higher", format=".1f"),
        Number(name="code_nats", heading="nats a code under the prior", better="lower", format=".3f", tile=True),
    ),
    (PCA, HISTOGRAM),
)


def measure(model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Measures the codes of held-out images, what is reconstructed of them, and what the prior makes of them.

    NMSE is the squared error over the variance of all held-out pixels. With several levels, codes are used as much, and
    are as perplexing, as those of the level that fares worst; nats are a mean over the codes of all levels.

    Args:
        model: a trained `models.CodeGenerator`.
        examples: the directory of prepared examples.

    Returns:
        The numbers, and those of the baselines: PCA rounded to as many bits as the codes have, and the entropy of the
        histogram of codes, of each level by itself.
    """
    from keras_genssl import analysis

    autoencoder = model.autoencoder
    held_out = images.read(examples, "eval", IMAGES)
    test = held_out["image"]
    truth = arrays.signed(test)
    batches = range(0, len(test), _BATCH)
    parts = [[np.asarray(level) for level in autoencoder.code_maps(test[at : at + _BATCH])] for at in batches]
    maps = [np.concatenate(level) for level in zip(*parts, strict=True)]
    decoded = [np.asarray(autoencoder.from_code_maps([level[at : at + _BATCH] for level in maps])) for at in batches]
    counts = [
        np.bincount(level.ravel(), minlength=quantizer.num_codes)
        for level, quantizer in zip(maps, autoencoder.quantizers, strict=True)
    ]
    entropies = [_entropy(each) for each in counts]
    bits = [level[0].size * math.log2(len(each)) for level, each in zip(maps, counts, strict=True)]
    given = {"image": test} if model.num_classes is None else held_out
    log_probs = model.predict(given, batch_size=_BATCH, verbose=0)
    codes = sum(level[0].size for level in maps)
    numbers = {
        **_errors(truth, np.concatenate(decoded)),
        "bits": sum(bits),
        "used_codes": min(float((each > 0).mean()) for each in counts),
        "perplexity": math.exp(min(entropies)),
        "code_nats": -float(np.mean(log_probs)) / codes,
    }
    of_histogram = sum(level[0].size * entropy for level, entropy in zip(maps, entropies, strict=True)) / codes
    baselines = {HISTOGRAM.name: {"code_nats": of_histogram}}
    train = images.read(examples, "train", images.fitted(test.shape[1:]))["image"]
    pca = analysis.QuantizedPCA(math.floor(sum(bits))).fit(train)
    baselines[PCA.name] = {**_errors(truth, pca.reconstruct(test)), "bits": float(pca.bits)}
    return numbers, baselines


def remarks(numbers: Values, baselines: Mapping[str, Values]) -> str:
    """Says whether the codebook or the prior has collapsed.

    >>> remarks({"used_codes": 0.02, "perplexity": 1.5, "code_nats": 2.0}, {"histogram": {"code_nats": 3.0}})
    'The codebook has COLLAPSED: held-out images use 2% of the codes. The prior has not collapsed: it predicts a code \
with 2.000 nats, the histogram of codes with 3.000.'
    """
    used, nats = numbers["used_codes"], numbers["code_nats"]
    of_histogram = baselines[HISTOGRAM.name]["code_nats"]
    assert used is not None  # measured, as all are
    assert nats is not None
    assert of_histogram is not None
    codebook = "has COLLAPSED" if used < UNUSED else "has not collapsed"
    prior = "has COLLAPSED" if nats >= of_histogram else "has not collapsed"
    return (
        f"The codebook {codebook}: held-out images use {used:.0%} of the codes. The prior {prior}: it predicts a code "
        f"with {nats:.3f} nats, the histogram of codes with {of_histogram:.3f}."
    )


def _entropy(counts: np.ndarray) -> float:
    """The entropy of a histogram, in nats."""
    shares = counts[counts > 0] / counts.sum()
    return -float(np.sum(shares * np.log(shares)))


def _errors(truth: np.ndarray, answer: np.ndarray) -> dict[str, float]:
    """The mean squared error over the variance, and the PSNR of that mean, for values in [-1, 1]."""
    mse = mean_squared_error(truth, answer)
    return {"nmse": mse / float(truth.var(dtype=np.float64)), PSNR.name: psnr(mse)}
