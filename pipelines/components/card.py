"""The model card that is pushed with a model."""

from typing import Any, Protocol

from pipelines.recipe.base import Recipe


class Told(Protocol):
    """What the card needs from a task."""

    def held_out(self, evaluation: dict[str, Any]) -> list[str] | None:
        """Returns the names of the held-out examples if there are few enough to list; otherwise None."""
        ...

    def identity(self, recipe: Any) -> dict[str, Any]:
        """Returns the entries of the card that all versions of a served model share."""
        ...

    def card_text(self, card: dict[str, Any], path: str) -> str:
        """Returns the card's tables and how to use the model, in Markdown."""
        ...


def card(
    recipe: Recipe,
    task: Told,
    digest: str,
    examples: dict[str, Any],
    training: dict[str, Any],
    evaluation: dict[str, Any],
    export: dict[str, Any],
    versions: dict[str, str],
) -> dict[str, Any]:
    """Returns what a user of the model must know, as a JSON value.

    Args:
        recipe: the recipe as it was run.
        task: the task of the recipe.
        digest: identifies this model.
        examples: the manifest of the prepared data.
        training: the result of the trainer.
        evaluation: the result of the evaluator.
        export: the result of the exporter.
        versions: package -> version.
    """
    sources = recipe.inputs
    names = task.held_out(evaluation)
    held_out = {} if names is None else {"held_out": names}
    labels = list(examples.get("labels", ()))
    named = labels != [str(number) for number in range(len(labels))]  # the names that classes without names get
    classes = {"class_names": labels} if named else {}
    return {
        "name": recipe.export.name,
        "digest": digest,
        "recipe": recipe.name,
        "description": recipe.description,
        "task": recipe.task,
        **task.identity(recipe),
        "license": "; ".join(dict.fromkeys(source.license for source in sources.values())),
        "data": {
            "source": "; ".join(f"{name}: {one.described}" if name else one.described for name, one in sources.items()),
            **held_out,
            **classes,
            "content": examples["content"],
            "statistics": examples["statistics"],
        },
        "training": training,
        "evaluation": {key: value for key, value in evaluation.items() if key not in ("blessed", "reasons")},
        "signatures": export["signatures"],
        "parameters": recipe.model_dump(mode="json", include={"prepare", "model", "loss", "train"}),
        "versions": versions,
    }


def renumbered(before: dict[str, Any], now: dict[str, Any]) -> str | None:
    """Says how the numbers of classes changed since the last version, by the cards; None if they did not."""
    names, others = (card.get("data", {}).get("class_names") for card in (now, before))
    if names is None or others is None or names[: len(others)] == others:
        return None
    moved = next(number for number, name in enumerate(others) if names[number : number + 1] != [name])
    this = names[moved] if moved < len(names) else "no class"
    return f"class {moved} is {this}, and {others[moved]} in the last version: data.class_names keeps the numbers"


def markdown(card: dict[str, Any], version: int, task: Told) -> str:
    """Writes the card in Markdown, for the version that the model is pushed as.

    Args:
        card: the card of the model.
        version: the version number.
        task: the task that the card names.
    """
    versions = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
    held_out, classes = card["data"].get("held_out"), card["data"].get("class_names")
    numbered = ", ".join(f"{number} {name}" for number, name in enumerate(classes or ()))
    return f"""# {card["name"]}

{card["description"]}. {card["method"]}{f", x{card['scale']}" if "scale" in card else ""}, \
{card["training"]["weights"]:,} trained weights.

- Data: {card["data"]["source"]}{f"; held out of training: {', '.join(held_out)}" if held_out else ""}.\
{f"{chr(10)}- Classes by number: {numbered}." if classes else ""}
- Training: {card["training"]["steps"]} steps, seed {card["parameters"]["train"]["seed"]}, recipe `{card["recipe"]}`.
- License: {card["license"]}.
- Made with {versions}.

{task.card_text(card, f"{card['name']}/{version}")}"""
