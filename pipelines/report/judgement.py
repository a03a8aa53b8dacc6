"""What a task shows of an evaluation: numbers, tables and pictures, for the report to lay out."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Cell:
    """A text; ``good`` colours it."""

    text: str
    good: bool | None = None


@dataclasses.dataclass(frozen=True)
class Tile:
    """One number in large letters."""

    name: str
    value: str
    unit: str = ""
    good: bool | None = None


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows under a head; the first column names the row.

    Attributes:
        id: in the page.
        title: the heading.
        caption: what the numbers are.
        head: the names of the columns.
        rows: of as many cells.
        foot: one more row, such as that of means.
    """

    id: str
    title: str
    caption: str
    head: list[str]
    rows: list[list[Cell]]
    foot: list[Cell] | None = None


@dataclasses.dataclass(frozen=True)
class Picture:
    """An image file with its caption."""

    file: Path
    caption: str
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Row:
    """Pictures side by side."""

    title: str
    pictures: list[Picture]


@dataclasses.dataclass(frozen=True)
class Gallery:
    """Rows of pictures under one heading.

    Attributes:
        title: the heading.
        note: what they show.
        rows: each with as many pictures.
    """

    title: str
    note: str
    rows: list[Row]


@dataclasses.dataclass(frozen=True)
class Judgement:
    """All that the report shows of an evaluation.

    Attributes:
        summary: the evaluation in a line.
        tiles: the numbers that count.
        tables: with all numbers.
        galleries: of pictures.
        usage: Python code that uses the pushed model, ``{path}`` being its directory; none without.
    """

    summary: str
    tiles: list[Tile]
    tables: list[Table]
    galleries: list[Gallery]
    usage: str | None = None


def numeric(text: str, good: bool | None = None) -> Cell:
    """A cell with a number, whose hyphen becomes a minus sign.

    >>> numeric("-0.50").text
    '−0.50'
    """
    return Cell(minus(text), good)


def minus(text: str) -> str:
    """A number as pages write it: with a minus sign in the place of a hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


def markdown(table: Table) -> str:
    """A table as cards have it; all columns but the first are numbers, to the right.

    >>> print(markdown(Table("t", "", "", ["", "a"], [[Cell("one"), Cell("1")]])))
    |  | a |
    |---|---:|
    | one | 1 |
    """
    lines = [table.head, *([cell.text for cell in row] for row in [*table.rows, *([table.foot] if table.foot else [])])]
    head, *rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([head, f"|---|{'---:|' * (len(table.head) - 1)}", *rows])
