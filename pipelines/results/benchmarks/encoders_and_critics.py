"""What encoders beside generators keep of an image (``benchmarks/encoders_and_critics.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions
from pipelines.tasks.generation.inverses import NEIGHBOUR, RATIO
from pipelines.tasks.reconstructions import PSNR

BELOW = "generation"


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_kept(value) for value in records)


def _kept(value: dict[str, Any]) -> str:
    search, trained = value["search"], value["autoencoder"]
    numbers = (PSNR, RATIO, NEIGHBOUR)
    rows = [["", "Fashion-FID of samples", *(f"{it.heading}{', dB' if it.unit else ''}" for it in numbers)]]
    for row in value["rows"]:
        fid = "" if row.get("fid") is None else f"{row['fid']:.2f}"
        rows.append([row["title"], fid, *(it.written(row) for it in numbers)])
    return f"""## Encoders beside generators: {value["data"]}

Reconstructions are of {value["images"]} held-out images. The error of a random pair is that of an image and another
image's reconstruction: a model that draws one image, whatever the code, has a ratio near 1. Nearest neighbours of
{value["judged"]:,} held-out images are searched among {value["known"]:,} training images, by the cosine of codes of
{value["code"]} numbers (of pixels, all). The latents of the DCGAN, {search["latents"]} of them, are searched by
{search["steps"]} steps of gradient descent on pixels from each of {search["starts"]} starts. The autoencoder has the
encoder of the others, and was trained for {trained["steps"]:,} steps with batches of {trained["batch_size"]}.

{table(rows, text=1)}
- `{value["command"]}` ({value["device"]}, {versions(value["versions"])})
"""
