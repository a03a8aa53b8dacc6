"""What an adversarial loss beside another one does to errors and to realism (``benchmarks/adversarial_term.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "generation"


def section(records: list[dict[str, Any]]) -> str:
    """Writes one table for each record."""
    return "\n".join(_trade(value) for value in records)


def _trade(value: dict[str, Any]) -> str:
    tasks = {
        "autoencoder": f"autoencoder, {value['code_dim']} numbers a code",
        "super_resolution": f"super-resolution, {value['scale']} times",
    }
    rows = [["task", "weight of the adversarial loss", "PSNR, dB", "MSE", "Fashion-FID", "seconds"]]
    for row in value["rows"]:
        weight = f"{row['weight']:g}" if row["weight"] else "none"
        numbers = f"{row['psnr']:.2f}", f"{row['mse']:.4f}", f"{row['fid']:.2f}", f"{row['seconds']:.0f}"
        rows.append([tasks[row["task"]], weight, *numbers])
    return f"""## A GAN as an additional loss: {value["data"]}

`AdversarialTerm` adds a discriminator to a method that makes images. Each row trains the same network from the same
initial weights for {value["steps"]:,} steps of {value["batch_size"]} images. PSNR is the mean over {value["images"]:,}
test images, MSE is that of pixels in [-1, 1], and Fashion-FID compares what the network makes of them with these
images.

{table(rows, text=1)}
- `{value["command"]}` ({value["seconds"]:.0f} seconds in all, {value["device"]}, {versions(value["versions"])})
"""
