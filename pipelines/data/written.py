"""The end of every component that writes records: failure limit, statistics, TFDS metadata, manifest."""

import collections
import dataclasses
import hashlib
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.beam.shards import DeadLetter, Shard, read_report
from pipelines.errors import UserError
from pipelines.runtime import store

DEAD_LETTERS = "dead_letters.jsonl"
DUPLICATE = "Duplicate"
VERSION = "1.0.0"

KINDS = ("text", "image", "grey", "label", "int", "patches", "grey_patches", "vector")
STACKS = ("patches", "grey_patches")  # several images of one size, equally many in each example, as one strip


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A directory of records that is being written.

    Attributes:
        name: its name in TFDS: lower-case letters, digits and underscores.
        features: name -> one of `KINDS`: `"text"`, `"image"` (colour), `"grey"` (an image of one channel), `"label"`,
            `"int"`, stacks of images in colour or grey, `"patches"` and `"grey_patches"`, and `"vector"`, the bytes of
            little-endian float32, whose length is in the facts of each record as `<name>_num`.
        shards: all files of all splits.
        labels: the names of the classes, if there is a label.
        encoding: the format of images, `"png"` or `"jpeg"`; stacks are always PNG.
    """

    name: str
    features: Mapping[str, str]
    shards: Sequence[Shard]
    labels: Sequence[str] = ()
    encoding: str = "png"

    def finish(
        self,
        directory: Path,
        attempted: int,
        max_failure_rate: float,
        dead_letters: Sequence[DeadLetter] = (),
        **about: Any,
    ) -> dict[str, Any]:
        """Writes everything that is not a shard and returns the manifest.

        Args:
            directory: the directory with the shards and their reports.
            attempted: the number of inputs without duplicates.
            max_failure_rate: the largest share of them that may fail.
            dead_letters: inputs that came to no shard.
            **about: more keys of the manifest.

        Raises:
            UserError: more inputs failed, or a split holds no record.
        """
        reports = [(shard, read_report(str(directory), shard)) for shard in self.shards]
        letters = [dataclasses.asdict(letter) for letter in dead_letters]
        letters += [letter for _, report in reports for letter in report["dead_letters"]]
        letters.sort(key=lambda letter: (letter["path"], letter["stage"], letter["key"] or ""))
        self._check(reports, letters, attempted, max_failure_rate)
        text = "".join(json.dumps(letter, sort_keys=True) + "\n" for letter in letters)
        (directory / DEAD_LETTERS).write_text(text, encoding="utf-8")
        splits: dict[str, dict[str, Any]] = {}
        facts: dict[str, dict[str, Any]] = {}
        for shard, report in reports:
            split = splits.setdefault(shard.split, {"records": 0, "shards": []})
            split["records"] += report["records"]
            split["shards"].append({key: report[key] for key in ("file", "records", "bytes", "sha256")})
            facts.setdefault(shard.split, {})
            for name, counts in report["facts"].items():
                values = facts[shard.split].setdefault(name, collections.Counter())
                values.update(dict(counts))
        stacks = self._counts(facts, STACKS, "images")
        vectors = self._counts(facts, ("vector",), "numbers")
        self._write_metadata(directory, splits, vectors)
        digests = {split: [shard["sha256"] for shard in splits[split]["shards"]] for split in splits}
        files = [shard.file for shard in self.shards] + ["dataset_info.json", "features.json", DEAD_LETTERS]
        return {
            "format": 1,
            "name": self.name,
            "version": VERSION,
            "features": dict(self.features),
            "content": store.digest(
                {"features": dict(self.features), "splits": digests}
                | ({"labels": list(self.labels)} if self.labels else {})
            ),
            "splits": splits,
            **({"stacks": stacks} if stacks else {}),
            **({"vectors": vectors} if vectors else {}),
            **({"labels": list(self.labels)} if self.labels else {}),
            "dead_letters": {
                "records": len(letters),
                "file": DEAD_LETTERS,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "errors": dict(sorted(collections.Counter(letter["error"] for letter in letters).items())),
            },
            "statistics": {
                split: {"records": splits[split]["records"]}
                | {name: self._summary(name, values) for name, values in sorted(facts[split].items())}
                for split in splits
            },
            **about,
            "files": {name: (directory / name).stat().st_size for name in files},
        }

    def _check(
        self,
        reports: Sequence[tuple[Shard, dict[str, Any]]],
        letters: Sequence[dict[str, Any]],
        attempted: int,
        max_failure_rate: float,
    ) -> None:
        failed = [letter for letter in letters if letter["error"] != DUPLICATE]
        first = "".join(f"\n  {x['path']}: {x['error']}: {x['message']}" for x in failed[:5])
        more = f"\n  and {len(failed) - 5} more" if len(failed) > 5 else ""
        if len(failed) > max_failure_rate * attempted:
            raise UserError(
                f"{len(failed)} of {attempted} inputs could not be used, more than "
                f"`max_failure_rate`={max_failure_rate} allows; nothing was published.{first}{more}"
            )
        for split in dict.fromkeys(shard.split for shard, _ in reports):
            if not any(report["records"] for shard, report in reports if shard.split == split):
                raise UserError(
                    f"The split {split!r} holds no record; nothing was published. Of {attempted} inputs "
                    f"{len(failed)} could not be used.{first}{more}"
                )

    def _counts(
        self, facts: Mapping[str, Mapping[str, collections.Counter]], kinds: Sequence[str], what: str
    ) -> dict[str, int]:
        """Returns the number of images in each stack, by which readers cut its strip, or of numbers in each vector."""
        found = {}
        for name in (name for name, kind in self.features.items() if kind in kinds):
            counts = sorted({count for split in facts.values() for count in split.get(f"{name}_num", ())})
            if len(counts) != 1:
                raise ValueError(f"All examples must have equally many {what} in `{name}`. Received: {counts}")
            found[name] = counts[0]
        return found

    def _write_metadata(
        self, directory: Path, splits: Mapping[str, dict[str, Any]], vectors: Mapping[str, int]
    ) -> None:
        import tensorflow_datasets as tfds

        def image(channels: int, encoding: str = self.encoding) -> Any:
            return tfds.features.Image(shape=(None, None, channels), encoding_format=encoding)

        kinds = {
            "text": tfds.features.Text,
            "image": lambda: image(3),
            "grey": lambda: image(1),
            "patches": lambda: image(3, "png"),
            "grey_patches": lambda: image(1, "png"),
            "int": lambda: tfds.features.Scalar(np.int64),
            "label": lambda: tfds.features.ClassLabel(names=list(self.labels)),
        }
        features = {
            name: tfds.features.Tensor(shape=(vectors[name],), dtype=np.float32, encoding="bytes")
            if kind == "vector"
            else kinds[kind]()
            for name, kind in self.features.items()
        }
        tfds.folder_dataset.write_metadata(
            data_dir=directory,
            features=tfds.features.FeaturesDict(features),
            split_infos=[
                tfds.core.SplitInfo(
                    name=name,
                    shard_lengths=[shard["records"] for shard in split["shards"]],
                    num_bytes=sum(shard["bytes"] for shard in split["shards"]),
                )
                for name, split in splits.items()
            ],
            version=VERSION,
            check_data=False,
        )

    def _summary(self, name: str, values: collections.Counter) -> dict[str, Any]:
        """Returns smallest, median and largest of numbers, or counts of words and of classes."""
        if self.features.get(name) == "label":
            return {label: values[number] for number, label in enumerate(self.labels)}
        if all(isinstance(value, str) for value in values):
            return dict(sorted(values.items()))
        numbers = sorted(values.elements())
        return {"min": numbers[0], "median": statistics.median_low(numbers), "max": numbers[-1]}
