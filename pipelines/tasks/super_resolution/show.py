"""Super-resolution shown: what report and card say of an evaluation."""

from pathlib import Path
from typing import Any

from pipelines.report.judgement import Cell, Gallery, Judgement, Picture, Row, Table, Tile, signed, texts
from pipelines.tasks.super_resolution.recipe import SuperResolutionRecipe
from pipelines.tasks.words import FILES_IN

CROPS = {"low": "small image (input)", "bicubic": "bicubic", "ours": "this model", "truth": "original"}
SHOWN = 24  # photographs whose crops stand in the report


def judgement(recipe: SuperResolutionRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
    """The gain, the table of photographs, and their crops."""
    mean, metric = evaluation["mean"], evaluation["metric"]
    gain = signed(mean["gain_db"], 2)
    return Judgement(
        title=f"{gain} dB over bicubic",
        verdict=f"{gain} dB over bicubic on photographs that training never saw",
        tiles=[
            Tile("PSNR, mean", f"{mean['psnr_ours']:.2f}", "dB"),
            Tile("bicubic", f"{mean['psnr_bicubic']:.2f}", "dB"),
            Tile("gain", gain, "dB", mean["gain_db"] > 0),
            Tile("SSIM, mean", f"{mean['ssim_ours']:.4f}"),
        ],
        tables=[
            Table(
                id="images",
                title="Quality on held-out photographs",
                caption=f"{'Luma (Y)' if metric['channel'] == 'y' else 'RGB'}, {metric['border']} pixels left out at "
                "each edge; the model's answer is measured as it is served, in eight bits.",
                head=["photograph", "gain, dB", "PSNR, dB", "bicubic", "SSIM", "bicubic", "pixels"],
                rows=[
                    [Cell(row["name"]), *_numbers(row), Cell(f"{row['width']} × {row['height']}")]
                    for row in evaluation["images"]
                ],
                foot=[Cell("mean"), *_numbers(mean), Cell("")],
            )
        ],
        galleries=[
            Gallery(
                "Side by side",
                "The patch of each photograph where bicubic errs most; pixels are shown as they are.",
                [_crops(index, row, pictures) for index, row in enumerate(evaluation["images"][:SHOWN])],
            )
        ],
        usage=f"""import tensorflow as tf

upscale = tf.saved_model.load({{path}}).signatures["serving_default"]
photo = tf.io.read_file("photo.jpg")
png = upscale(image_bytes=photo[None])["image_bytes"][0]
tf.io.write_file("photo_x{recipe.prepare.scale}.png", png)""",
    )


def card_text(card: dict[str, Any], path: str) -> str:
    """The table of photographs and the signatures, in Markdown."""
    mean, metric = card["evaluation"]["mean"], card["evaluation"]["metric"]
    channel = "luma (Y)" if metric["channel"] == "y" else "RGB"
    rows = "\n".join(
        f"| {row['name']} | {row['psnr_ours']:.2f} | {row['psnr_bicubic']:.2f} | {row['gain_db']:+.2f} "
        f"| {row['ssim_ours']:.4f} | {row['ssim_bicubic']:.4f} |"
        for row in [*card["evaluation"]["images"], {"name": "**mean**", **mean}]
    )
    return f"""PSNR in dB and SSIM on {channel}, {metric["border"]} pixels left out at each edge, on the held-out \
photographs:

| photograph | PSNR | bicubic | gain | SSIM | bicubic |
|---|---:|---:|---:|---:|---:|
{rows}
{_leave_one_out(card)}
Signatures: `serving_default` (encoded images of any size in, PNG out), `serving_tensor`
(float32 NHWC in [-1, 1]), `serving_examples` (`tf.train.Example`).
{FILES_IN}

```python
import tensorflow as tf

upscale = tf.saved_model.load("{path}").signatures["serving_default"]
png = upscale(image_bytes=tf.io.read_file("photo.jpg")[None])["image_bytes"][0]
```
"""


def _leave_one_out(card: dict[str, Any]) -> str:
    """What another recipe gained on each photograph held out in turn; only the model that ships says it."""
    if "leave_one_out" not in card:
        return ""
    of = card["leave_one_out"]
    return f"""
Two photographs say little. The recipe `{of["recipe"]}`, a smaller network trained for {of["steps"]:,} steps, gained
{of["gain_db"]:+.2f} dB on average over {of["photographs"]} photographs, each held out in turn (the table is in
`RESULTS.md`). This model was not measured so.
"""


def _numbers(row: dict[str, Any]) -> list[Cell]:
    return [
        Cell(signed(row["gain_db"], 2), row["gain_db"] > 0),
        *texts(f"{row['psnr_ours']:.2f}", f"{row['psnr_bicubic']:.2f}"),
        *texts(f"{row['ssim_ours']:.4f}", f"{row['ssim_bicubic']:.4f}"),
    ]


def _crops(index: int, row: dict[str, Any], pictures: Path) -> Row:
    detail = {kind: f"{row[f'psnr_{kind}']:.2f} dB, SSIM {row[f'ssim_{kind}']:.4f}" for kind in ("bicubic", "ours")}
    return Row(
        row["name"],
        [Picture(pictures / f"{index}-{kind}.png", text, detail.get(kind, "")) for kind, text in CROPS.items()],
    )
