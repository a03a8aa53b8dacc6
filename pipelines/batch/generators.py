"""Exported models that make images of random numbers: where they are, and what they take."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.components import pusher, served
from pipelines.errors import UserError
from pipelines.runtime import device, history, saved_model, store
from pipelines.runtime.metadata import Metadata

_TAKEN = {"latent", "label", "truncation"}
_FIT = (
    "A generator has a signature `generate`, from latents, or `draw`, from nothing: all models of the tasks "
    "`generation` and `density` fit"
)
_LISTED = 8  # models in a message at most


@dataclasses.dataclass(frozen=True)
class Signature:
    """A signature that makes images.

    Attributes:
        name: its name.
        inputs: its inputs, as `saved_model.signatures` returns them: `num` and `seed`, or latents and what they need.
        pictures: the names of its outputs that are PNG files, one or several of each image.
    """

    name: str
    inputs: dict[str, dict[str, Any]]
    pictures: list[str]

    @property
    def latent_dim(self) -> int | None:
        """Returns the length of the latents; None if it takes none."""
        return int(self.inputs["latent"]["shape"][1]) if "latent" in self.inputs else None


def find(given: str, output: Path) -> Path:
    """Returns the directory of a SavedModel.

    Args:
        given: its path; or that of its versions, of a run, or of a recipe's runs, of which the newest counts; or one of
            these names below ``output``: a pushed model, a recipe, the number of a run.
        output: the output of runs.

    Raises:
        UserError: there is none.
    """
    store.check_encodable(Path(given), "SAVED_MODEL")
    places = [Path(given).expanduser(), output / "saved_models" / given, output / "runs" / given]
    if given.isdecimal() and (output / "metadata.sqlite").is_file() and not places[0].exists():
        directory = history.run(Metadata(output), int(given)).directory
        places = [] if directory is None else [Path(directory)]
    for place in places:
        found = _in(place)
        if found is not None:
            return found
    if places and places[0].is_dir():
        raise UserError(f"{given}: is no SavedModel, and holds none of its versions. {_among(places[0])}")
    names = [path.parent.relative_to(output / "saved_models") for path in _models(output / "saved_models")]
    names += [path.parents[2].relative_to(output / "runs") for path in _models(output / "runs")]
    close = difflib.get_close_matches(given, sorted({name.as_posix() for name in names}), n=1, cutoff=0.5)
    hint = f" Did you mean `{close[0]}`?" if close else ""
    raise UserError(f"{given}: is no directory, and neither a pushed model, a recipe nor a run of {output}.{hint}")


def _in(place: Path) -> Path | None:
    """Returns the SavedModel of a directory: itself, its newest version, or the export of a run or the newest run."""
    versions = [place / str(number) for number in reversed(pusher.versions(place))]
    for path in (place, *versions, place / "export" / "model"):
        if (path / "saved_model.pb").is_file():
            return path
    exported = list(place.glob("*/export/model/saved_model.pb"))
    return max(exported, key=lambda file: file.stat().st_mtime).parent if exported else None


def _models(directory: Path) -> list[Path]:
    """Returns the SavedModels some levels below a directory."""
    patterns = ("/".join(["*"] * depth + ["saved_model.pb"]) for depth in range(1, 7))
    return [file.parent for pattern in patterns for file in sorted(directory.glob(pattern))]


def _among(directory: Path) -> str:
    """Says which models below a directory are generators, or what a generator is."""
    found = [str(path) for path in _models(directory) if _chosen(path) is not None]
    if not found:
        return _FIT
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f"The generators here are {', '.join(found[:_LISTED])}{more}"


def _chosen(model: Path) -> Signature | None:
    """Returns the signature that makes images: of latents drawn here if there is one, else of its own numbers.

    Of two that take latents, it is the one that can be truncated; by 1 it gives what the other does.
    """
    device.start()
    found = saved_model.signatures(model)
    for name in ("generate_truncated", "generate", "serving_default", "draw"):
        one = found.get(name)
        if one is None:
            continue
        inputs, outputs = one["inputs"], one["outputs"]
        pictures = [key for key, it in outputs.items() if key.endswith("_bytes") and len(it["shape"]) == 1]
        ours = {"num", "seed"} == set(inputs) or ("latent" in inputs and set(inputs) <= _TAKEN)
        if pictures and ours:
            return Signature(name, inputs, pictures)
    return None


class Generator:
    """An exported generator.

    Args:
        model: the directory of a SavedModel.

    Raises:
        UserError: it is no generator, or it cannot be loaded.
    """

    def __init__(self, model: Path) -> None:
        served.check(model)
        signature = _chosen(model)
        if signature is None:
            names = ", ".join(saved_model.signatures(model))
            raise UserError(f"{model}: is no generator; its signatures are {names}. {_FIT}")
        self.path, self.signature = model, signature
        self._loaded = served.load(model)  # it owns what the signature uses
        self._function = self._loaded.signatures[signature.name]

    def __call__(self, **given: np.ndarray) -> dict[str, list[bytes]]:
        """Returns the PNG files of each output, for inputs by name.

        Raises:
            UserError: the model refuses an input.
        """
        import tensorflow as tf

        tensors = {name: tf.constant(value, self.signature.inputs[name]["dtype"]) for name, value in given.items()}
        try:
            answer = self._function(**tensors)
        except tf.errors.InvalidArgumentError as error:
            raise UserError(f"{self.path}: refuses its input: {_first_rule(error)}") from error
        return {name: list(answer[name].numpy()) for name in self.signature.pictures}

    def num_classes(self) -> int | None:
        """Returns the number of classes, which the model tells when it refuses one; None if it has none, or any."""
        if "label" not in self.signature.inputs:
            return None
        latent = np.zeros((1, self.signature.latent_dim or 0))
        try:
            self(latent=latent, label=np.array([-1]), **self.truncation(1.0, 1))
        except UserError as error:
            told = re.search(r"lie in \[0, (\d+)\)", str(error))
            return int(told[1]) if told else None
        return None

    def class_names(self) -> list[str]:
        """Returns the names of the classes, by number, from the card of a pushed model; empty if there is none."""
        try:
            card = json.loads((self.path / "assets.extra" / "card.json").read_text(encoding="utf-8"))
            return [str(name) for name in card["data"].get("class_names", ())]
        except (OSError, ValueError, KeyError, AttributeError):
            return []

    def truncation(self, value: float, num: int) -> dict[str, np.ndarray]:
        """Returns the input `truncation` for a number of images, if the model has one."""
        if "truncation" not in self.signature.inputs:
            return {}
        shape = [num if size is None else size for size in self.signature.inputs["truncation"]["shape"]]
        return {"truncation": np.full(shape, value)}

    def draw(
        self, num: int, seed: int, labels: np.ndarray | None, truncation: float, chunk: int
    ) -> Iterator[dict[str, list[bytes]]]:
        """Yields the PNG files of ``num`` images, some at a time.

        Latents are those of the library's ``sample(num, seed=seed)``. A signature `draw` is called with the seed, and
        for every further chunk with a seed made of it.

        Args:
            num: how many.
            seed: at least 0.
            labels: `(num,)`, the class of each; None for a model without classes.
            truncation: the value of the input `truncation`, if there is one.
            chunk: how many at a time.
        """
        rng = np.random.default_rng(seed)
        for start in range(0, num, chunk):
            size = min(chunk, num - start)
            if self.signature.latent_dim is None:
                own = seed if not start else int(np.random.default_rng([seed, start]).integers(2**63))
                yield self(num=np.array(size), seed=np.array(own))
                continue
            given = {"latent": rng.standard_normal((size, self.signature.latent_dim), dtype=np.float32)}
            if labels is not None:
                given["label"] = labels[start : start + size]
            yield self(**given, **self.truncation(truncation, size))


def _first_rule(error: Exception) -> str:
    """Returns the sentence of a rule that was broken in a graph, without what TensorFlow puts around it."""
    text = " ".join(str(error).split())
    told = re.search(r"`\w+` must .*?Received: [^\[{]*(\[[^\]]*\])?", text)
    return (told[0] if told else text[:200]).strip()
