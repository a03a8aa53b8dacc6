"""Measures codes that are to follow a prior: against the prior, and what decoding them gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from keras_genssl.checks import arrays
from pipelines.recipe.numbers import Baseline, Number, Numbers, Values
from pipelines.tasks import images
from pipelines.tasks.reconstructions import PSNR, in_batches, mean_squared_error, psnr, variance

if TYPE_CHECKING:
    import keras

SEED = 1  # the seed of the prior's draws
COMPARED = 2000  # the number of codes in a two-sample test
FEWEST = 10  # codes that can be tested
TOO_FEW = f"Fewer than {FEWEST} images are held out, too few to judge codes by."
COLLAPSED = 0.5  # the share of variance below which something has collapsed

PRIOR = Baseline("prior", "other draws of the prior")
PCA_CODES = Baseline("pca_codes", "codes of PCA, as long and scaled to the prior")
NUMBERS = Numbers(
    (
        PSNR,
        Number(name="code_mmd", heading="MMD² of codes and prior", better="lower", format=".4f", tile=True),
        Number(name="code_mmd_low", heading="MMD², lower end", better="lower", format=".4f", column=False),
        Number(name="code_mmd_high", heading="MMD², upper end", better="lower", format=".4f", column=False),
        Number(name="code_variance", heading="variance of codes over prior's", better="higher", column=False),
        Number(name="sample_variance", heading="variance of samples over training images'", better="higher"),
    ),
    (PRIOR, PCA_CODES),
)


def measure(model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Measures held-out codes against the prior, reconstructions, and how much samples vary.

    Codes are compared with draws of the prior by `metrics.gaussian_mmd`, with its 95% bootstrap interval; so are other
    draws of the prior, and principal components as many as a code has units, with the mean and the variance of each
    unit of the prior.

    Args:
        model: it has `encode`, `reconstruct`, `sample` and `sample_codes`.
        examples: the directory of prepared examples.

    Returns:
        The numbers of the model, and those of the baselines; if fewer than ten images are held out, nothing of
        their codes.
    """
    from keras_genssl import analysis, metrics

    test = images.read(examples, "eval")["image"]
    codes = in_batches(model.encode, test)
    compared = min(COMPARED, len(test))
    drawn = model.sample_codes(max(2 * compared, COMPARED), seed=SEED)
    samples = model.sample(COMPARED, seed=SEED)
    train = images.read(examples, "train", images.fitted(test.shape[1:]))["image"]
    truth = arrays.signed(test)
    numbers = {
        PSNR.name: psnr(mean_squared_error(truth, in_batches(model.reconstruct, test))),
        "sample_variance": variance(samples) / variance(arrays.signed(train)),
    }
    baselines: dict[str, dict[str, float]] = {}
    tested = compared >= FEWEST
    prior, others = drawn[:compared], drawn[compared : 2 * compared]
    if tested:
        of_codes, of_prior = (metrics.gaussian_mmd(prior, against) for against in (codes[:compared], others))
        numbers |= {
            "code_mmd": of_codes.estimate,
            "code_mmd_deviation": of_codes.deviation,
            "code_mmd_low": of_codes.low,
            "code_mmd_high": of_codes.high,
            "code_variance": variance(codes) / variance(drawn),
        }
        baselines[PRIOR.name] = {"code_mmd": of_prior.estimate, "code_mmd_deviation": of_prior.deviation}
    if codes.shape[1] < min(len(train), math.prod(test.shape[1:])):
        pca = analysis.PCA(codes.shape[1]).fit(train)
        baselines[PCA_CODES.name] = {PSNR.name: psnr(mean_squared_error(truth, pca.reconstruct(test)))}
        if tested:
            linear = pca.encode(test)
            scaled = drawn.mean(axis=0) + drawn.std(axis=0) * (linear - linear.mean(axis=0)) / linear.std(axis=0)
            of_pca = metrics.gaussian_mmd(prior, scaled[:compared])
            baselines[PCA_CODES.name] |= {"code_mmd": of_pca.estimate, "code_mmd_deviation": of_pca.deviation}
    return numbers, baselines


def remarks(numbers: Values, baselines: Mapping[str, Values]) -> str:
    """Says how far codes are from the prior, and whether codes or decoder have collapsed.

    >>> found = {"code_mmd": 0.01, "code_mmd_low": 0.008, "code_mmd_high": 0.012}
    >>> print(remarks({**found, "code_variance": 0.9, "sample_variance": 0.2}, {"prior": {"code_mmd": 0.0}}))
    Held-out codes and draws of the prior: MMD² 0.0100, 95% bootstrap interval 0.0080 to 0.0120 (two sets of draws: \
0.0000). Codes vary 0.90 times as much as the prior: they have not collapsed. Samples vary 0.20 times as much as \
training images: the decoder has COLLAPSED.
    """
    compared = TOO_FEW
    if "code_mmd" in numbers:
        mmd, low, high = (numbers[f"code_mmd{suffix}"] for suffix in ("", "_low", "_high"))
        compared = (
            f"Held-out codes and draws of the prior: MMD² {mmd:.4f}, 95% bootstrap interval {low:.4f} to {high:.4f} "
            f"(two sets of draws: {baselines[PRIOR.name]['code_mmd']:.4f}). {of_codes(numbers)}"
        )
    return f"{compared} {of_samples(numbers, 'decoder')}"


def of_codes(numbers: Values) -> str:
    """Says whether codes have collapsed, in a sentence."""
    share = numbers["code_variance"]
    assert share is not None  # measured, as are all
    told = "they have COLLAPSED" if share < COLLAPSED else "they have not collapsed"
    return f"Codes vary {share:.2f} times as much as the prior: {told}."


def of_samples(numbers: Values, network: str) -> str:
    """Says in a sentence whether the network that makes samples has collapsed."""
    share = numbers["sample_variance"]
    assert share is not None  # measured, as are all
    told = f"the {network} has COLLAPSED" if share < COLLAPSED else f"the {network} has not collapsed"
    return f"Samples vary {share:.2f} times as much as training images: {told}."
