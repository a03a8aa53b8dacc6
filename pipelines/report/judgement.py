"""What a task shows of an evaluation in the report: numbers, tables and pictures."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Cell:
    """The text of a table cell; ``good`` colours it."""

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
        id: its id in the page.
        title: the heading.
        caption: explains the numbers.
        head: the names of the columns.
        rows: rows with one cell for each column.
        foot: one more row, for example of means.
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
        note: explains the pictures.
        rows: rows with equally many pictures.
    """

    title: str
    note: str
    rows: list[Row]


@dataclasses.dataclass(frozen=True)
class Judgement:
    """Everything that the report shows of an evaluation.

    Attributes:
        summary: the evaluation in one line.
        tiles: the most important numbers.
        tables: the tables with all numbers.
        galleries: the galleries of pictures.
    """

    summary: str
    tiles: list[Tile]
    tables: list[Table]
    galleries: list[Gallery]


def numeric(text: str, good: bool | None = None) -> Cell:
    """Returns a cell with a number, with a minus sign in place of the hyphen.

    >>> numeric("-0.50").text
    '−0.50'
    """
    return Cell(minus(text), good)


def minus(text: str) -> str:
    """Returns a number with a minus sign in place of the hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


def markdown(table: Table) -> str:
    """Returns a table in Markdown for cards; all columns but the first are numbers and aligned right.

    >>> print(markdown(Table("t", "", "", ["", "a"], [[Cell("one"), Cell("1")]])))
    |  | a |
    |---|---:|
    | one | 1 |
    """
    lines = [table.head, *([cell.text for cell in row] for row in [*table.rows, *([table.foot] if table.foot else [])])]
    head, *rows = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([head, f"|---|{'---:|' * (len(table.head) - 1)}", *rows])
