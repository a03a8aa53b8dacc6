"""Images by gradient ascent on a classifier (``benchmarks/gradient_ascent.py``)."""

from typing import Any

from pipelines.report.markdown import table, versions

BELOW = "generation"
JUDGES = ("climbed", "other_weights", "other_architecture")


def section(records: list[dict[str, Any]]) -> str:
    """Writes two tables for each record."""
    return "\n".join(_ascent(value) for value in records)


def _ascent(value: dict[str, Any]) -> str:
    plane, trained = value["plane"], value["trained"]
    accuracies = [f"{100 * trained['test_accuracy'][judge]:.1f}%" for judge in JUDGES]
    return f"""## Gradient ascent on a classifier

In the plane, {plane["points"]} points climb a classifier of three Gaussians with standard deviation {plane["sigma"]:g}.
The table shows medians, and the share of points within three standard deviations of the wanted class.

{table(_plane(plane["rows"]), text=1)}
On Fashion-MNIST, {value["samples"]:,} images of all ten classes in turn are made in {value["steps"]} steps
(`analysis.ascend`), of size {value["learning_rate"]["pixels"]:g} on pixels and {value["learning_rate"]["codes"]:g} on
codes. Accuracy is the share of images that a classifier gives the wanted class: the one that was climbed
({accuracies[0]} on test images), one with other initial weights ({accuracies[1]}), and the shipped one, of another
architecture ({accuracies[2]}). Images are compared with {value["reference"]:,} training images. The distance is the
root mean square difference to the nearest of them, for pixels in [-1, 1]. The VAE was trained for
{trained["vae_steps"]:,} steps, the DCGAN for {trained["gan_steps"]:,}. In rows "drawn", the codes are those that the
ascent starts from.

{table(_garments(value), text=1)}
- `{value["command"]}` (seed {value["seed"]}, {value["seconds"]:.0f} s, {value["device"]},
  {versions(value["versions"])})
"""


def _plane(rows: list[dict[str, Any]]) -> list[list[str]]:
    head = ["ascent on", "steps", "p(y given x)", "distance from the class, in σ", "within 3 σ", "log density"]
    return [
        head,
        *(
            [
                row["setting"].replace("|", r"\|"),
                f"{row['steps']:,}",
                f"{row['probability']:.4f}",
                f"{row['sigmas']:,.1f}",
                f"{100 * row['within']:.0f}%",
                f"{row['log_density']:,.1f}",
            ]
            for row in rows
        ),
    ]


def _garments(value: dict[str, Any]) -> list[list[str]]:
    certain = f"steps to p > {value['certain']:g}"
    rows = [
        [
            "images",
            "p at the end",
            certain,
            *("accuracy: climbed", "other weights", "other architecture"),
            *("Fashion-FID", "precision", "distance"),
        ]
    ]
    for row in value["rows"]:
        course = ["", ""]
        if "probability" in row:
            after = row["certain_after"]
            course = [f"{row['probability']:.4f}", "not reached" if after is None else f"{after}"]
        accuracies = [f"{100 * row['accuracy'][judge]:.1f}%" if row["accuracy"] else "" for judge in JUDGES]
        numbers = [f"{row['fid']:.1f}", f"{row['precision']:.3f}", f"{row['distance']:.3f}"]
        rows.append([row["setting"], *course, *accuracies, *numbers])
    return rows
