"""Similar images by the codes of an autoencoder (``benchmarks/autoencoder_gallery.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "reconstruction"

NAMES = {
    "codes": "codes of an autoencoder, {code_dim} numbers",
    "pca": "principal components, {code_dim} numbers",
    "pixels": "pixels",
}


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_retrieval(value) for value in records)


def _retrieval(value: dict[str, Any]) -> str:
    rows = [["nearest by", f"precision at {value['k']}"]]
    rows += [[text.format(**value), f"{value['precision'][name]:.4f}"] for name, text in NAMES.items()]
    return f"""## Retrieval: similar images of {value["data"]}

The precision is the share of the {value["k"]} nearest of {value["gallery"]:,} training images that have the class of
the test image, averaged over {value["queries"]:,} test images. The autoencoder was trained without labels, for
{value["steps"]:,} steps of {value["batch_size"]} images.

{table(rows, text=1)}
- `{value["command"]}` (seed {value["seed"]}, {value["device"]}, {versions(value["versions"])})
"""
