"""Translation both ways between domains whose truth is known (``benchmarks/unpaired_translation.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions
from pipelines.tasks.translation.numbers import NUMBERS

BELOW = "translation"

DOMAINS = {"prints": ("photographs", "canvas prints"), "drawings": ("garments", "drawings")}
WORDS = {
    "prints": "patches of photographs and patches of other photographs printed on canvas (warmer tones, a weave)",
    "drawings": "garments of one half of the training images and edge drawings of the other half",
}


def section(records: list[dict[str, Any]]) -> str:
    """Writes a table for each record."""
    return "\n".join(_both_ways(value) for value in records)


def _both_ways(value: dict[str, Any]) -> str:
    first, second = DOMAINS[value["domains"]]
    there, back = (value["scores"][name] for name in ("translate", "translate_back"))
    rows = [["", f"{first} to {second}", f"{second} to {first}"]]
    rows += [
        [f"CycleGAN: {NUMBERS.title(number, value)}", number.written(there), number.written(back)]
        for number in NUMBERS.columns(there, back)
    ]
    error = NUMBERS["error"]
    rows += [
        [f"error of {baseline.heading}", *(error.written({"error": way[baseline.name]}) for way in (there, back))]
        for baseline in NUMBERS.baselines
    ]
    settings, images = value["settings"], value["images"]
    return f"""## Translation without pairs: {first} and {second}, both ways

CycleGAN learns, at {value["size"][0]} x {value["size"][1]} pixels, from {WORDS[value["domains"]]}: {images["first"]:,}
and {images["second"]:,} images, of which no two are a pair. Errors are mean absolute differences from the known truth,
of pixels in [-1, 1], on {images["test_first"]:,} held-out images. The better baseline is copying or histogram
matching, whichever has the smaller error. Cycle weight {settings["cycle_weight"]:g}, identity weight
{settings["identity_weight"]:g}, {settings["steps"]:,} steps of {settings["batch_size"]} images of each domain.

{table(rows, text=1)}
- `{value["command"]}` ({value["seconds"]:.0f} seconds of training, seed {value["seed"]}, {value["device"]}, \
{versions(value["versions"])})
"""
