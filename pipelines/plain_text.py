"""Makes text from outside, such as file names, fit to be shown and written."""

import re

# Control characters, characters that turn the direction of writing, line and paragraph ends, bytes that are not UTF-8.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: object) -> str:
    r"""Returns one line in which characters that are invisible or change how other text is shown are backslash escapes.

    >>> print(visible("one\ntwo\x1b[31m\udcff"))
    one\ntwo\x1b[31m\xff
    """
    return _UNSEEN.sub(lambda found: _escaped(found[0]), str(text))


def encodable(text: str) -> str:
    r"""Returns text that UTF-8 can hold: bytes of file names that are not UTF-8 become backslash escapes.

    >>> print(encodable("a\udcffb"))
    a\xffb
    """
    return "".join(_escaped(letter) if "\ud800" <= letter <= "\udfff" else letter for letter in text)


def _escaped(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # Python's form of a byte that is not UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()
