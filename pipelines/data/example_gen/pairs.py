"""PairExampleGen: a CSV table of pairs of image files -> keyed records of two images and whether they differ."""

import collections
import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keras_genssl.pretext import codec
from keras_genssl.pretext.names import canonical, on_disk
from pipelines.beam import progress
from pipelines.beam.shards import DeadLetter
from pipelines.data.example_gen import image_files as sources
from pipelines.data.example_gen.image_pairs import NAME, SIDES, Pair, pair_key, publish_pairs
from pipelines.data.written import DUPLICATE
from pipelines.errors import UserError
from pipelines.runtime.artifact import Artifact
from pipelines.runtime.component import Component, Kind
from pipelines.runtime.engines import Workers

if TYPE_CHECKING:
    from pipelines.data.sources import Pairs as Table
    from pipelines.data.sources import Reading

SPEC = Component("PairExampleGen", {"images": Kind.IMAGES}, Kind.EXAMPLES)
LABELS = ("same", "different")  # numbered as in `keras_genssl.data.pairs`
UNLABELLED = "{path}: the table of pairs must have a column `label`: same or different. It has none"
CONTRADICTION = "Contradiction"  # the kind of dead letters for a pair that has both labels
_KNOWN = {**{str(number): number for number in range(2)}, **{name: number for number, name in enumerate(LABELS)}}


def read(source: "Table", reading: "Reading") -> Artifact:
    """Reads the examples of a recipe's source.

    Raises:
        UserError: as in `pair_example_gen`, or its splits are not train and eval.
    """
    made = pair_example_gen(
        source.table,
        reading.home / NAME,
        source.split,
        max_failure_rate=source.max_failure_rate,
        labels=reading.labels,
        workers=reading.workers,
        tell=reading.tell,
    )
    if set(made.manifest["splits"]) != {"train", "eval"}:
        raise UserError(
            f"{source.table}: the column `split` must say train and eval. "
            f"Received: {', '.join(made.manifest['splits'])}"
        )
    return made


def pair_example_gen(
    table: str | os.PathLike[str],
    output_dir: str | os.PathLike[str],
    split: Mapping[str, float],
    *,
    max_failure_rate: float = 0.5,
    max_pixels: int = codec.MAX_PIXELS,
    labels: bool = False,
    workers: Workers = 1,
    tell: progress.Tell | None = None,
) -> Artifact:
    """Writes pairs of image files as records: `key`, `name` (table and line), `first`, `second` and `label`.

    Pairs that share an image, directly or through other pairs, are in the same split, so that unseen images are
    measured; a column `split` overrides this. Rows that cannot be used become dead letters with their lines. With
    labels, the order of
    the two images does not matter: a pair counts once, and rows that label it both as same and as different all become
        dead
    letters, as does a row that calls an image different from itself.

    Args:
        table: a CSV file in UTF-8 with a header. `first` and `second` are paths relative to the table's folder, in any
            spelling that is equal in Unicode to that on the disk; `label`, if there is one, is 0 or `same`, 1 or
            `different`; `split`, if there is one, names the split.
        output_dir: the artifact is published as `<output_dir>/<digest>`.
        split: fractions, `{"train": 0.9, "eval": 0.1}`, if the table has no column `split`.
        max_failure_rate: the largest share of the rows that may become dead letters (repeated pairs do not count).
        max_pixels: larger images are refused before they are decompressed.
        labels: whether to refuse a table without the column `label` at once.
        workers: the number of processes (1 is this process), or the engine that has them.
        tell: called with a `progress.Progress`, from another thread, as shards are written.

    Returns:
        The artifact, which `keras_genssl.data.load` reads like `data.pairs`.

    Raises:
        UserError: the table cannot be read or lacks a column, too many rows fail, or a split stays empty.
    """
    path = Path(table).expanduser()
    if not 0 <= max_failure_rate <= 1:
        raise UserError(f"`max_failure_rate` must be in [0, 1]. Received: {max_failure_rate}")
    rows, letters, labelled = _rows(path, labels)
    pairs, more = _resolve(path, rows)
    letters += more
    if not pairs:
        first = f" The first: {letters[0].path}: {letters[0].message}" if letters else ""
        raise UserError(f"{path}: none of {len(letters)} rows can be used.{first}")
    return publish_pairs(
        SPEC.name,
        str(path),
        pairs,
        letters,
        split,
        output_dir,
        LABELS if labelled else (),
        max_failure_rate=max_failure_rate,
        max_pixels=max_pixels,
        code_of=__name__,
        workers=workers,
        tell=tell,
    )


def _rows(path: Path, labels: bool) -> tuple[list[tuple[int, dict[str, str]]], list[DeadLetter], bool]:
    """Returns lines with fields, dead letters for lines that do not fit the head, and whether there are labels."""
    letters: list[DeadLetter] = []
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            head = [name.strip() for name in next(reader, [])]
            missing = [name for name in SIDES if name not in head]
            if missing or len(set(head)) < len(head):
                raise UserError(
                    f"{path}:1: the head must name the columns first and second, and none twice. Received: "
                    f"{', '.join(head) or 'nothing'}"
                )
            if labels and "label" not in head:
                raise UserError(UNLABELLED.format(path=f"{path}:1"))
            for fields in reader:
                if not fields:
                    continue
                row = dict(zip(head, (field.strip() for field in fields), strict=False))
                row |= {"split": canonical(row["split"])} if "split" in row else {}
                fault = _fault(fields, head, row)
                if fault is None:
                    rows.append((reader.line_num, row))
                else:
                    letters.append(DeadLetter(None, f"{canonical(path.name)}:{reader.line_num}", "row", *fault))
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num}: no CSV: {error}") from error
    except OSError as error:
        raise UserError(f"The table {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"The table {path} must be in UTF-8. Received: {error.reason}") from error
    return rows, letters, "label" in head


def _fault(fields: Sequence[str], head: Sequence[str], row: Mapping[str, str]) -> tuple[str, str] | None:
    if len(fields) != len(head):
        return "RaggedRow", f"{len(fields)} fields, and the head has {len(head)}"
    if "label" in row and row["label"] not in _KNOWN:
        return "UnknownLabel", f"`label` must be one of {', '.join(_KNOWN)}. Received: {row['label']!r}"
    if "split" in row and not row["split"].isidentifier():
        return "UnknownSplit", f"`split` must be a word. Received: {row['split']!r}"
    return None


def _resolve(path: Path, rows: Sequence[tuple[int, Mapping[str, str]]]) -> tuple[list[Pair], list[DeadLetter]]:
    """Returns the pairs whose files can be read, each once, and dead letters for the others."""
    names = sorted({row[side] for _, row in rows for side in SIDES})
    places = on_disk(str(path.parent / name) for name in names)
    found = [sources.File(places[str(path.parent / name)], name, name) for name in names]
    readable, unreadable = sources.fingerprint(found)
    files = {file.label: file for file in readable}
    reasons = {letter.path: letter for letter in unreadable}
    letters: list[DeadLetter] = []
    rows_of: dict[tuple[str, ...], list[Pair]] = collections.defaultdict(list)
    for line, row in rows:
        where = f"{canonical(path.name)}:{line}"
        bad = next((reasons[row[side]] for side in SIDES if row[side] in reasons), None)
        if bad is not None:
            letters.append(DeadLetter(None, where, "read", bad.error, f"{bad.path}: {bad.message}"))
            continue
        first, second = (files[row[side]] for side in SIDES)
        label = _KNOWN[row["label"]] if "label" in row else None
        # Whether two images differ does not depend on their order. In a table without labels the order may have a
        # meaning.
        same = (first.key, second.key) if label is None else tuple(sorted((first.key, second.key)))
        rows_of[same].append(Pair(pair_key(first, second), where, (first, second), label, row.get("split")))
    pairs: list[Pair] = []
    for same, equal in rows_of.items():
        others = [pair for pair in equal if pair.label != equal[0].label]
        if others:
            told = f"{equal[0].row} calls this pair {_called(equal[0])}, and {others[0].row} {_called(others[0])}"
        elif len(set(same)) == 1 and equal[0].label == LABELS.index("different"):
            told = "its two images are the same bytes, and are called different"
        else:
            pairs.append(equal[0])
            told = f"the same pair as {equal[0].row}"
            letters += [DeadLetter(pair.key, pair.row, "split", DUPLICATE, told) for pair in equal[1:]]
            continue
        letters += [DeadLetter(pair.key, pair.row, "split", CONTRADICTION, told) for pair in equal]
    return pairs, letters


def _called(pair: Pair) -> str:
    assert pair.label is not None
    return LABELS[pair.label]
