"""Reconstruction shown: what report, card and console say of an evaluation."""

from pathlib import Path
from typing import Any

from pipelines.report.judgement import Cell, Gallery, Judgement, Picture, Row, Table, Tile, texts
from pipelines.tasks.reconstruction.recipe import ReconstructionRecipe
from pipelines.tasks.words import FILES_IN

NAMES = {
    "mse": "MSE",
    "psnr": "PSNR, dB",
    "damaged_mse": "MSE of damaged images",
    "damaged_psnr": "PSNR of damaged images, dB",
}


def number(name: str, value: float | None) -> str:
    """A number as it is written everywhere."""
    if value is None:
        return ""
    return f"{value:.2f}" if "psnr" in name else f"{value:.3f}" if "over" in name else f"{value:.5f}"


def caption(evaluation: dict[str, Any]) -> str:
    """How the numbers were measured."""
    return (
        f"{evaluation['images']:,} images held out, values in [-1, 1]; PCA of {evaluation['code_dim']} components is "
        "fitted to the training images. PSNR is that of the mean error."
    )


def summary(evaluation: dict[str, Any]) -> str:
    """One line."""
    numbers, pca = evaluation["numbers"], evaluation["pca"]
    return f"MSE {number('mse', numbers['mse'])} (PCA-{evaluation['code_dim']} {number('mse', pca['mse'])})"


def judgement(recipe: ReconstructionRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
    """The errors, and images with their reconstructions."""
    numbers, pca, code_dim = evaluation["numbers"], evaluation["pca"], evaluation["code_dim"]
    shown = [name for name in NAMES if name in numbers]
    text = summary(evaluation)
    return Judgement(
        title=text,
        verdict=text,
        tiles=[
            Tile("PSNR", number("psnr", numbers["psnr"]), "dB"),
            Tile(f"PCA-{code_dim}", number("psnr", pca["psnr"]), "dB"),
            Tile("error over PCA's", number("mse_over_pca", numbers["mse_over_pca"]), "", numbers["mse_over_pca"] < 1),
        ],
        tables=[
            Table(
                id="errors",
                title="Reconstructions of images held out",
                caption=caption(evaluation),
                head=["", *(NAMES[name] for name in shown)],
                rows=[
                    [Cell("this model"), *texts(*(number(name, numbers[name]) for name in shown))],
                    [Cell(f"PCA-{code_dim}"), *texts(*(number(name, pca[name]) for name in shown))],
                ],
            )
        ],
        galleries=[
            Gallery(
                "Side by side",
                f"The first images held out, none picked; from the top: {', '.join(evaluation['rows'])}.",
                [Row("", [Picture(pictures / "reconstructions.png", "images and their reconstructions")])],
            )
        ],
        usage="""import tensorflow as tf

model = tf.saved_model.load({path})
image = tf.io.read_file("image.png")
code = model.signatures["serving_default"](image_bytes=image[None])["latent"]
png = model.signatures["decode"](latent=code)["image_bytes"][0]""",
    )


def card_text(card: dict[str, Any], path: str) -> str:
    """The table of errors and the signatures, in Markdown."""
    evaluation = card["evaluation"]
    numbers, pca = evaluation["numbers"], evaluation["pca"]
    rows = [
        f"| {text} | {number(name, numbers[name])} | {number(name, pca[name])} |"
        for name, text in NAMES.items()
        if name in numbers
    ]
    table = "\n".join([f"| | this model | PCA-{evaluation['code_dim']} |", "|---|---:|---:|", *rows])
    height, width, channels = card["image"]
    return f"""{caption(evaluation)}

{table}

Images of {height} x {width} pixels, {channels} {"channel" if channels == 1 else "channels"}. Signatures: \
`serving_default` (encoded image in, code out), `decode` (code in, PNG out), `reconstruct` (image in, PNG out); \
`saved_model_cli show --dir {path} --all` tells what each takes.
{FILES_IN}
"""
