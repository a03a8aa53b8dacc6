"""Samples of plain and of variational autoencoders (``benchmarks/code_samplers.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "generation"

MODELS = {"autoencoder": "`Autoencoder`", "vae": "`VAE`", "iwae": "`VAE(num_samples=5)`, IWAE"}


def section(records: list[dict[str, Any]]) -> str:
    """Writes two tables for each record."""
    return "\n".join(_samplers(value) for value in records)


def _samplers(value: dict[str, Any]) -> str:
    rows = [
        ["autoencoder", "codes drawn from", "log-density of test codes", "Fashion-FID", "KID", "precision", "recall"]
    ]
    for row in sorted(value["rows"], key=lambda row: float(row["fid"])):
        density = "" if row["code_log_prob"] is None else f"{row['code_log_prob']:.2f}"
        numbers = f"{row['fid']:.2f}", f"{row['kid']:.2f}", f"{row['precision']:.3f}", f"{row['recall']:.3f}"
        rows.append([MODELS[row["model"]], _density(row["density"]), density, *numbers])
    made = [["reconstructions", "MSE", "Fashion-FID"]]
    made += [[MODELS[name], f"{row['mse']:.5f}", f"{row['fid']:.2f}"] for name, row in value["reconstructions"].items()]
    return f"""## Samples of autoencoders: {value["data"]}

A plain autoencoder becomes a generator if a density is fitted to its codes afterwards (`GaussianMixtureSampler`). The
autoencoders have the networks and the {value["code_dim"]} code numbers of `fashion_mnist/vae`; the plain one and the
VAE were trained for {value["steps"]:,} steps of {value["batch_size"]} images, IWAE for as long a time. Densities are
fitted to the codes of {value["fitted_to"]:,} training images. Each row compares {value["images"]:,} samples with as
many training images, and reconstructions of test images with these. Log-densities are in nats a code; they compare
densities of one autoencoder, not two autoencoders.

{table(rows, text=2)}
{table(made, text=1)}
- `{value["command"]}` ({value["seconds"]:.0f} seconds in all, {value["device"]}, {versions(value["versions"])})
"""


def _density(kind: int | str) -> str:
    if kind == "prior":
        return "the prior"
    return "one Gaussian" if kind == 1 else f"a mixture of {kind} Gaussians"
