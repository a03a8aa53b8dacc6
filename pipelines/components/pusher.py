"""Pusher: a blessed and checked SavedModel becomes the next version of its name."""

import dataclasses
import json
import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.components.change import Last
from pipelines.errors import UserError
from pipelines.runtime import code, store
from pipelines.runtime.component import Component, Kind

SPEC = Component("Pusher", {"model": Kind.SAVED_MODEL, "evaluation": Kind.EVALUATION, "check": Kind.CHECK}, Kind.PUSHED)
MARK = ".genssl"


@dataclasses.dataclass(frozen=True)
class Pushed:
    """A version from which a model is served.

    Attributes:
        path: ``<directory>/<name>/<version>``.
        version: the integer version.
        new: True if it was pushed now; False if the latest version already had the same model.
        content: the digest in its card.
    """

    path: Path
    version: int
    new: bool
    content: str

    @property
    def reused(self) -> bool:
        """Returns the opposite of `new`."""
        return not self.new

    @property
    def inputs(self) -> dict[str, Any]:
        """Returns the digest in its card, which covers what the version was made from."""
        return {"model": self.content}

    @property
    def parameters(self) -> dict[str, Any]:
        """Returns name and version."""
        return {"name": self.path.parent.name, "version": self.version}

    @property
    def code(self) -> str:
        """Returns the digest of the code that pushes."""
        return code.digest(__name__)


def check(home: Path, identity: Mapping[str, Any]) -> None:
    """Checks that a model may become the next of the versions below ``home``.

    Args:
        home: the directory of the versions.
        identity: what all versions have in common, such as scale and method.

    Raises:
        UserError: the card of the latest version differs in it.
    """
    latest = max(versions(home), default=0)
    there = _card(home / str(latest))
    for key, value in identity.items():
        if not _agrees(there.get(key, value), value):
            raise UserError(
                f"{home / str(latest)} has {key} {there[key]}, and a model of {key} {value} cannot be its next "
                "version: give this one another name, --set export.name=NAME"
            )


def last(home: Path, weights: str) -> Last | None:
    """Returns the last model below ``home`` with other weights; every version there was blessed.

    Args:
        home: the directory of the versions.
        weights: the digest of the weights of the model to compare, which may be pushed already.
    """
    for version in reversed(versions(home)):
        card = _card(home / str(version))
        if card and card.get("training", {}).get("sha256") != weights:
            return Last(version, card)
    return None


def claim(directory: Path) -> None:
    """Makes and marks a directory of served models that only `genssl run` with one output fills.

    Raises:
        UserError: it contains models but no mark, such as those of a repository or of another output.
    """
    mark = directory / MARK
    if mark.exists():
        return
    models = sorted(path.parent.parent for path in directory.glob("*/*/saved_model.pb"))
    if models:
        raise UserError(
            f"{directory} holds models that no run with this --output pushed, such as {models[0].name}: give another "
            f"--output, or push among them with --push-to {directory}"
        )
    directory.mkdir(parents=True, exist_ok=True)
    mark.write_text("Models pushed by `genssl run`.\n", encoding="utf-8")


def push(
    saved_model: Path,
    directory: Path,
    name: str,
    card: dict[str, Any],
    readme: Callable[[int], str],
    identity: Sequence[str],
) -> Pushed:
    """Pushes a SavedModel into ``<directory>/<name>/<latest version + 1>/``.

    The copy is written next to it and renamed, so that a server never sees a partial version; several
    processes that push wait for each other. The card is written to ``assets.extra/`` of the version
    (``card.json``, ``README.md``), which TensorFlow Serving does not read. Entries without an integer
    name are left alone.

    Args:
        saved_model: the directory of the SavedModel.
        directory: the directory of served models.
        name: the model's name.
        card: the model card. ``card["digest"]`` identifies the model: if the latest version has the
            same digest, nothing is pushed.
        readme: makes the card for readers, in Markdown, for a version.
        identity: the keys of the card whose values all versions have in common.

    Raises:
        UserError: as in `check`.
    """
    home = Path(directory) / name
    with store.exclusive(home, wait=True):
        for debris in home.glob(".pushing-*"):
            shutil.rmtree(debris)
        check(home, {key: card[key] for key in identity})
        latest = max(versions(home), default=0)
        if latest and _card(home / str(latest)).get("digest") == card["digest"]:
            return Pushed(home / str(latest), latest, new=False, content=card["digest"])
        part = home / f".pushing-{uuid.uuid4().hex}"
        shutil.copytree(saved_model, part)
        extra = part / "assets.extra"
        extra.mkdir(exist_ok=True)
        store.write_json(extra / "card.json", card)
        version = latest + 1
        (extra / "README.md").write_text(readme(version), encoding="utf-8")
        os.rename(part, home / str(version))
        return Pushed(home / str(version), version, new=True, content=card["digest"])


def versions(home: Path) -> list[int]:
    """Returns the sorted integer versions below a model's directory; empty if there is no such directory."""
    return sorted(int(path.name) for path in home.glob("*") if path.name.isdecimal() and path.is_dir())


def _agrees(there: Any, value: Any) -> bool:
    """Returns whether two values agree where both have an entry; an older card lacks options that came later."""
    if isinstance(there, dict) and isinstance(value, dict):
        return all(_agrees(there.get(key, mine), mine) for key, mine in value.items())
    return bool(there == value)


def _card(version: Path) -> dict[str, Any]:
    """Returns the card of a pushed version; empty if it has none."""
    try:
        card = json.loads((version / "assets.extra" / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}
