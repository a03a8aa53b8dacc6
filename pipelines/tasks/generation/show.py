"""Generation shown: what report, card and console say of an evaluation."""

from pathlib import Path
from typing import Any

from pipelines.report.judgement import Cell, Gallery, Judgement, Picture, Row, Table, Tile, texts
from pipelines.tasks.generation.features import title
from pipelines.tasks.generation.recipe import GenerationRecipe

NAMES = {
    "fid": "{fid}",
    "fid_over_pca": "{fid} over PCA's",
    "kid": "KID",
    "precision": "precision",
    "recall": "recall",
    "label_accuracy": "samples of their class",
    "train_on_samples_accuracy": "accuracy on real images, trained on samples",
    "nll": "NLL, nats an image",
    "nll_below_ppca": "NLL below probabilistic PCA's",
}
FLOOR = "real images held out"


def number(name: str, value: float | None) -> str:
    """A number as it is written everywhere."""
    if value is None:
        return ""
    if name in ("label_accuracy", "train_on_samples_accuracy"):
        return f"{100 * value:.1f}%"
    if name in ("precision", "recall", "fid_over_pca"):
        return f"{value:.3f}"
    return f"{value:.1f}" if name.startswith("nll") else f"{value:.4f}" if abs(value) < 0.1 else f"{value:.2f}"


def baseline(evaluation: dict[str, Any]) -> str:
    """What the baseline is called."""
    return f"Gaussian in {evaluation.get('components')} principal components"


def caption(evaluation: dict[str, Any]) -> str:
    """How the numbers were measured."""
    if evaluation["features"] == "none":
        return "The recipe names no feature network (evaluate.features), so that distances are not measured."
    network = "the library's Fashion-MNIST network" if evaluation["features"] == "fashion" else "InceptionV3"
    taught = (
        f" Beside the classifier trained on samples stands one trained on {evaluation['images']:,} real images."
        if "train_on_samples_accuracy" in evaluation["floor"]
        else ""
    )
    return (
        f"{evaluation['images']:,} samples against {evaluation['images']:,} training images, in eight bits, in the "
        f"features of {network}; {evaluation['held_out']:,} real images held out are the floor.{taught}"
    )


def summary(evaluation: dict[str, Any]) -> str:
    """One line."""
    numbers = evaluation["numbers"]
    if "fid" not in numbers:
        return f"{evaluation['images']:,} samples"
    between = [
        f"{name} {number('fid', evaluation[key]['fid'])}"
        for key, name in (("floor", "floor"), ("pca", "PCA"))
        if evaluation[key]
    ]
    return f"{title(evaluation['features'])} {number('fid', numbers['fid'])} ({', '.join(between)})"


def judgement(recipe: GenerationRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
    """The distances, and sheets of samples, real images and the baseline's."""
    numbers, called = evaluation["numbers"], title(evaluation["features"])
    shown = [name for name in NAMES if name in numbers]
    rows = [("this model", numbers), (FLOOR, evaluation["floor"])]
    if evaluation["pca"]:
        rows.append((baseline(evaluation), {**evaluation["pca"], "fid_over_pca": 1.0}))
    sheets = {"samples": "samples", "real": "training images", "pca": "Gaussian in PCA"}
    text = summary(evaluation)
    return Judgement(
        title=text,
        verdict=text,
        tiles=[
            Tile(NAMES[name].format(fid=called), number(name, numbers[name]))
            for name in ("fid", "fid_over_pca", "precision", "recall", "label_accuracy", "nll")
            if name in numbers
        ],
        tables=[
            Table(
                id="distances",
                title="Samples against real images",
                caption=caption(evaluation),
                head=["", *(NAMES[name].format(fid=called) for name in shown)],
                rows=[[Cell(name), *texts(*(number(key, values.get(key)) for key in shown))] for name, values in rows],
            )
        ]
        if shown
        else [],
        galleries=[
            Gallery(
                "Samples",
                "The first of a fixed seed, none picked; of a model that knows classes each column is one.",
                [
                    Row(
                        "",
                        [
                            Picture(pictures / f"{name}.png", text)
                            for name, text in sheets.items()
                            if (pictures / f"{name}.png").is_file()
                        ],
                    )
                ],
            )
        ],
        usage=_usage(recipe),
    )


def card_text(card: dict[str, Any], path: str) -> str:
    """The table of distances, and how to sample, in Markdown."""
    evaluation = card["evaluation"]
    numbers, called = evaluation["numbers"], title(evaluation["features"])
    rows = [
        f"| {NAMES[name].format(fid=called)} | {number(name, numbers[name])} | "
        f"{number(name, evaluation['floor'].get(name))} | {number(name, evaluation['pca'].get(name))} |"
        for name in NAMES
        if name in numbers
    ]
    table = "\n".join([f"| | samples | {FLOOR} | {baseline(evaluation)} |", "|---|---:|---:|---:|", *rows])
    height, width, channels = card["image"]
    return f"""{caption(evaluation)}

{table}

Images of {height} x {width} pixels, {channels} {"channel" if channels == 1 else "channels"}. Signatures: \
`serving_default` (PNG out), `serving_tensor` (float32 NHWC in [-1, 1]); `saved_model_cli show --dir {path} --all` \
tells what each takes.
"""


def _usage(recipe: GenerationRecipe) -> str:
    labels = ", label=tf.range(16, dtype=tf.int64) % 10" if hasattr(recipe.model, "num_classes") else ""
    return f"""import tensorflow as tf

sample = tf.saved_model.load({{path}}).signatures["serving_default"]
latents = tf.random.normal((16, {getattr(recipe.model, "latent_dim", 0)}))
pngs = sample(latent=latents{labels})["image_bytes"]
tf.io.write_file("sample.png", pngs[0])"""
