"""The numbers of generation: samples compared with training images."""

from collections.abc import Mapping
from typing import Any

from pipelines.recipe.numbers import Baseline, Number, Numbers, ratio


def title(features: str) -> str:
    """Returns the name of the Frechet distance in the features of a network; ``features`` is its name in recipes."""
    return "Fashion-FID" if features == "fashion" else "FID"


def _facts(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    beside = "held out" if "learnt_from" not in evaluation else "that were learnt from"
    return {**evaluation, "fid": title(evaluation["features"]), "beside": beside}


REAL = Baseline("real", "real images {beside}", "real images")
PCA = Baseline("pca", "Gaussian in {components} principal components", "PCA")
FID = Number(name="fid", heading="{fid}", better="lower", format=".2f", fine=".4f", tile=True)
RECONSTRUCTION_FID = Number(
    name="reconstruction_fid", heading="{fid} of reconstructions", better="lower", format=".2f", fine=".4f"
)
"""Of held-out images, for methods that declare it: what samples could reach if codes were drawn perfectly."""

TRUNCATED_FID = Number(
    name="truncated_fid", heading="{fid} at truncation 0.7", better="lower", format=".2f", fine=".4f"
)
"""Of samples whose styles are drawn to their mean, for methods that declare it: less variety, for quality."""

NUMBERS = Numbers(
    (
        FID,
        ratio(FID, PCA, tile=True),
        Number(name="kid", heading="KID", better="lower", format=".2f", fine=".4f"),
        Number(name="precision", heading="precision", better="higher", tile=True),
        Number(name="recall", heading="recall", better="higher", tile=True),
        Number(name="density", heading="density", better="higher"),
        Number(name="coverage", heading="coverage", better="higher", tile=True),
        Number(name="class_fid", heading="mean {fid} of a class", better="lower", format=".2f", fine=".4f"),
        Number(name="worst_class_fid", heading="worst {fid} of a class", better="lower", format=".2f", fine=".4f"),
        Number(name="duplicates", heading="near duplicates", better="lower", format=".1%"),
        Number(name="memorisation", heading="nearer to training images", better="lower", format=".1%"),
        Number(name="label_accuracy", heading="samples of their class", better="higher", format=".1%", tile=True),
        Number(
            name="train_on_samples_accuracy",
            heading="accuracy on real images, trained on samples",
            better="higher",
            format=".1%",
        ),
        Number(name="nll", heading="NLL", better="lower", format=".1f", unit="nats an image", tile=True),
        Number(name="nll_below_ppca", heading="NLL below probabilistic PCA's", better="higher", format=".1f", par=0.0),
    ),
    (REAL, PCA),
    headline=("fid", "kid", "nll", "psnr"),
    facts=_facts,
)
