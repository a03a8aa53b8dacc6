"""The order of files that are numbered by their names."""

import re


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Make a key by which names are sorted as people do, numbers in them as numbers: `frame9` before `frame10`.

    A number comes before other text. Numbers that are equal but for leading zeros are sorted as text.

    Args:
        name: of a file, without its extension.

    Returns:
        What `sorted` compares.

    Example:
        >>> sorted(["frame10", "frame9", "frame", "09", "9"], key=natural_order)
        ['09', '9', 'frame', 'frame9', 'frame10']
    """
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
