"""Representation shown: what report, card and console say of an evaluation."""

from pathlib import Path
from typing import Any

from pipelines.report.judgement import Cell, Gallery, Judgement, Picture, Row, Table, Tile, signed, texts
from pipelines.tasks.representation.recipe import RepresentationRecipe
from pipelines.tasks.words import FILES_IN

NAMES = {
    "knn": "kNN",
    "linear": "linear",
    "few_label": "{labels} labels a class",
    "recall_at_1": "Recall@1",
    "nmi": "k-means NMI",
    "unseen_recall_at_1": "Recall@1, unseen classes",
    "unseen_roc_auc": "verification AUC, unseen",
    "unseen_one_shot": "one-shot accuracy, unseen",
    "seen_recall_at_1": "Recall@1, trained classes",
    "pair_roc_auc": "verification AUC",
}
BASELINES = {"pixels": "raw pixels", "pca": "PCA-{components}", "random": "random encoder"}
SHEETS = {
    "retrieval": "this model",
    "pixels": "raw pixels",
}


def number(name: str, values: dict[str, float]) -> str:
    """A number as it is written everywhere, with the deviation over draws where there is one."""
    if values.get(name) is None:
        return ""
    if name in ("nmi", "unseen_roc_auc", "pair_roc_auc"):
        return f"{values[name]:.3f}"
    deviation = values.get(f"{name}_deviation")
    return f"{100 * values[name]:.1f}%" + (f" ± {100 * deviation:.1f}" if deviation is not None else "")


def title(name: str, evaluation: dict[str, Any]) -> str:
    """What a number is called."""
    return NAMES[name].format(labels=evaluation["labels_per_class"])


def rows(evaluation: dict[str, Any]) -> list[tuple[str, dict[str, float]]]:
    """Who was measured, and the numbers."""
    found = [("this model", evaluation["numbers"])]
    if evaluation["penultimate"]:
        found.append(("the features below its embedding", evaluation["penultimate"]))
    baselines = evaluation["baselines"]
    named = [(BASELINES[name].format(components=evaluation["components"]), name) for name in BASELINES]
    return [*found, *((text, baselines[name]) for text, name in named if baselines.get(name))]


def caption(evaluation: dict[str, Any]) -> str:
    """How the numbers were measured."""
    if "pair_roc_auc" in evaluation["numbers"]:
        return (
            f"Cosines of frozen vectors, of {evaluation['images']:,} pairs held out. The AUC says how often a pair of "
            "the same is more alike than a pair of different images: 0.5 by chance."
        )
    held_out = f"Frozen vectors of {evaluation['images']:,} images held out"
    if not evaluation["numbers"]:
        return f"{held_out}. The images have no labels, so that nothing can be measured."
    if evaluation["classes"] is not None:
        trained = ", ".join(map(str, evaluation["classes"]))
        return (
            f"{held_out}; training saw the classes {trained}, and the unseen ones are the others. One-shot: the class "
            "by one image of each, 20 draws."
        )
    return (
        f"{held_out}, the classifiers knowing those of up to {evaluation['known']:,} training images: "
        f"{evaluation['neighbours']} neighbours by cosine; logistic regression on all labels and on "
        f"{evaluation['labels_per_class']} of each class (five draws). Recall@1 and k-means are among those held out."
    )


def summary(evaluation: dict[str, Any]) -> str:
    """One line."""
    numbers = evaluation["numbers"]
    for name in ("few_label", "knn", "unseen_recall_at_1", "recall_at_1", "pair_roc_auc"):
        if name in numbers:
            others = [f"{text} {number(name, values)}" for text, values in rows(evaluation)[1:] if name in values]
            return f"{title(name, evaluation)} {number(name, numbers)} ({', '.join(others)})"
    return f"{evaluation['images']:,} images without labels"


def judgement(recipe: RepresentationRecipe, evaluation: dict[str, Any], pictures: Path) -> Judgement:
    """The numbers, what is found alike, views, and vectors in the plane."""
    numbers = evaluation["numbers"]
    shown = [name for name in NAMES if name in numbers]
    text = summary(evaluation)
    return Judgement(
        title=text,
        verdict=text,
        tiles=[
            tile
            for name in ("few_label", "knn", "linear", "unseen_recall_at_1", "unseen_one_shot")
            if name in numbers
            for tile in (
                Tile(title(name, evaluation), f"{100 * numbers[name]:.1f}", "%"),
                *_gain(name, "random", "over the random encoder", numbers),
            )
        ],
        tables=[
            Table(
                id="scores",
                title="What the vectors are worth",
                caption=caption(evaluation),
                head=["", *(title(name, evaluation) for name in shown)],
                rows=[
                    [Cell(who), *texts(*(number(name, values) for name in shown))] for who, values in rows(evaluation)
                ],
            )
        ]
        if shown
        else [],
        galleries=[gallery for gallery in _galleries(recipe, evaluation, pictures) if gallery.rows[0].pictures],
        usage="""import tensorflow as tf

model = tf.saved_model.load({path})
image = tf.io.read_file("image.png")
vector = model.signatures["serving_default"](image_bytes=image[None])["vector"][0]""",
    )


def card_text(card: dict[str, Any], path: str) -> str:
    """The table of numbers and the signatures, in Markdown."""
    evaluation = card["evaluation"]
    measured = rows(evaluation)
    lines = [
        f"| {title(name, evaluation)} | {' | '.join(number(name, values) for _, values in measured)} |"
        for name in NAMES
        if name in evaluation["numbers"]
    ]
    head = [f"| | {' | '.join(who for who, _ in measured)} |", f"|---|{'---:|' * len(measured)}"]
    table = "\n".join([*head, *lines]) if lines else ""
    height, width, channels = card["image"]
    return f"""{caption(evaluation)}

{table}

Images of {height} x {width} pixels, {channels} {"channel" if channels == 1 else "channels"}, to vectors of \
{evaluation["dim"]}. Signatures: `serving_default` (encoded image in, vector out), `serving_tensor` (float32 NHWC in \
[-1, 1]); `saved_model_cli show --dir {path} --all` tells what each takes.
{FILES_IN}
"""


def _gain(name: str, other: str, what: str, numbers: dict[str, float]) -> list[Tile]:
    gain = numbers.get(f"{name}_over_{other}")
    return [] if gain is None else [Tile(what, signed(100 * gain, 1), "points", gain > 0)]


def _galleries(recipe: RepresentationRecipe, evaluation: dict[str, Any], pictures: Path) -> list[Gallery]:
    def row(files: dict[str, str]) -> Row:
        found = {name: text for name, text in files.items() if (pictures / f"{name}.png").is_file()}
        return Row("", [Picture(pictures / f"{name}.png", text) for name, text in found.items()])

    views = "; ".join(
        ", ".join(f"{key} {value}" for key, value in views.model_dump().items() if value not in (0.0, False))
        for views in recipe.model.shown()
    )
    return [
        Gallery(
            "Found alike",
            f"In each row an image and, to its right, the nearest of {evaluation['drawn']:,} held out, by cosine; the "
            "first image of each class, none picked.",
            [row(SHEETS)],
        ),
        Gallery("Views", f"Images, and below each what training sees of it: {views}.", [row({"views": "views"})]),
        Gallery(
            "What the model answers",
            f"Images held out, none picked. From above: {', '.join(recipe.model.rows)}.",
            [row({"answers": "answers"})],
        ),
        Gallery(
            "In the plane",
            "The first 1,000 vectors by t-SNE: neighbours stay neighbours, distances between groups mean nothing.",
            [row({"scatter": "vectors of images held out"})],
        ),
    ]
