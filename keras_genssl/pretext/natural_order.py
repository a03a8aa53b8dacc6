"""A sort order for files that are numbered by their names."""

import re


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Make a sort key that compares numbers in names as numbers: `frame9` comes before `frame10`.

    A number comes before other text. Numbers that differ only in leading zeros are sorted as text.

    Args:
        name: name of a file, without its extension.

    Returns:
        A key for `sorted`.

    Example:
        >>> sorted(["frame10", "frame9", "frame", "09", "9"], key=natural_order)
        ['09', '9', 'frame', 'frame9', 'frame10']
    """
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
