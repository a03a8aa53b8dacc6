"""Text from outside, such as the names of files, made fit to be shown and to be written."""

import re

# Control characters, what turns the direction of writing, ends of lines and of paragraphs, and bytes of no UTF-8.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: object) -> str:
    r"""One line, in which what would not be seen, or would change how other text is seen, is a backslash escape.

    >>> print(visible("one\ntwo\x1b[31m\udcff"))
    one\ntwo\x1b[31m\xff
    """
    return _UNSEEN.sub(lambda found: _escaped(found[0]), str(text))


def encodable(text: str) -> str:
    r"""Text that UTF-8 can hold: bytes of file names that are no UTF-8 become backslash escapes.

    >>> print(encodable("a\udcffb"))
    a\xffb
    """
    return "".join(_escaped(letter) if "\ud800" <= letter <= "\udfff" else letter for letter in text)


def _escaped(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # how Python holds a byte that is no UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()
