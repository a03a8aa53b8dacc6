"""Translation shown: what report, card and console say of an evaluation."""

from pathlib import Path
from typing import Any

from pipelines.report.judgement import Cell, Gallery, Judgement, Picture, Row, Table, Tile, texts
from pipelines.tasks.translation.recipe import TranslationRecipe
from pipelines.tasks.words import FILES_IN

NAMES = {
    "error": "error",
    "ratio": "error over the better baseline's",
    "psnr": "PSNR, dB",
    "ssim": "SSIM",
    "cycle_error": "error of there and back",
}
BASELINES = {
    "copy": "the source itself",
    "histogram_matching": "histogram matching",
    "pooled_histogram_matching": "histogram matching, one map for all",
    "median_image": "the median image of the domain",
}


def number(name: str, value: float | None) -> str:
    """A number as it is written everywhere."""
    return "" if value is None else f"{value:.2f}" if name == "psnr" else f"{value:.4f}"


def caption(evaluation: dict[str, Any]) -> str:
    """How the numbers were measured."""
    other = {"image": "drawings of them", "drawing": "images"}[evaluation["source"]]
    return (
        f"{evaluation['images']:,} {evaluation['source']}s held out, translated into {other}, against the known truth: "
        "mean absolute differences of values in [-1, 1]; the better baseline is the least of copying and histogram "
        "matching."
    )


def summary(evaluation: dict[str, Any]) -> str:
    """One line."""
    numbers = evaluation["numbers"]
    return f"error {number('error', numbers['error'])}, {numbers['ratio']:.2f} of the better baseline's"


def judgement(recipe: TranslationRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
    """The errors, and images with their translations."""
    numbers = evaluation["numbers"]
    text = summary(evaluation)
    others = [
        [Cell(BASELINES[name]), *texts(number("error", value))] for name, value in evaluation["baselines"].items()
    ]
    return Judgement(
        title=text,
        verdict=text,
        tiles=[
            Tile("error", number("error", numbers["error"])),
            Tile("over baseline", f"{numbers['ratio']:.2f}", "", numbers["ratio"] < 1),
            Tile("PSNR", number("psnr", numbers["psnr"]), "dB"),
            Tile("SSIM", number("ssim", numbers["ssim"])),
        ],
        tables=[
            Table(
                id="errors",
                title="Translations against the truth",
                caption=caption(evaluation),
                head=["", "error"],
                rows=[[Cell("this model"), *texts(number("error", numbers["error"]))], *others],
            )
        ],
        galleries=[
            Gallery(
                "Side by side",
                f"The first held out, none picked; from the top: {', '.join(evaluation['rows'])}.",
                [Row("", [Picture(pictures / "translations.png", "images and their translations")])],
            )
        ],
        usage="""import tensorflow as tf

translate = tf.saved_model.load({path}).signatures["serving_default"]
png = translate(image_bytes=tf.io.read_file("image.png")[None])["image_bytes"][0]
tf.io.write_file("translated.png", png)""",
    )


def card_text(card: dict[str, Any], path: str) -> str:
    """The table of errors and the signatures, in Markdown."""
    evaluation = card["evaluation"]
    rows = [
        f"| {text} | {number(name, evaluation['numbers'].get(name))} |"
        for name, text in NAMES.items()
        if name in evaluation["numbers"]
    ]
    rows += [f"| error of {BASELINES[name]} | {value:.4f} |" for name, value in evaluation["baselines"].items()]
    table = "\n".join(["| | |", "|---|---:|", *rows])
    return f"""{caption(evaluation)}

{table}

Signatures: `serving_default` (encoded image in, PNG out), `serving_tensor` (float32 NHWC in [-1, 1]); \
`saved_model_cli show --dir {path} --all` tells what each takes.
{FILES_IN}
"""
