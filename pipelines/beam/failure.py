"""A worker's exception, sent to the driver as text: engines pass on the message of an exception, and little else."""

import base64
import binascii
import dataclasses
import json
import re
import traceback

from pipelines.errors import UnfinishedError, UserError

_MARK = "genssl-failure:"
_LONGEST = 500  # the largest number of characters of a message
_LONGEST_TRACEBACK = 20_000


class WorkerTracebackError(Exception):
    """The traceback of a worker, as the cause of the exception that the driver raises."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


@dataclasses.dataclass(frozen=True)
class Failure:
    """An exception of a worker.

    Attributes:
        told: one line with its kind, its message, and its notes, which say what was being done; for a `UserError` only
            the message.
        traceback: the traceback as Python prints it.
        by_user: whether it was a `UserError`.
    """

    told: str
    traceback: str
    by_user: bool

    def error(self) -> UserError:
        """Returns the exception that the driver raises."""
        if self.by_user:
            return UserError(self.told)
        return UnfinishedError(f"a worker failed: {self.told}. What was whole by then is kept")


def pack(error: Exception) -> RuntimeError:
    """Returns an exception whose text contains another exception, in characters that every engine keeps.

    >>> unpack(pack(ValueError("two\\nlines"))).told
    'ValueError: two lines'
    """
    by_user = isinstance(error, UserError)
    told = str(error) if by_user else in_a_line(error)
    text = "".join(traceback.format_exception(error))[-_LONGEST_TRACEBACK:]
    packed = base64.urlsafe_b64encode(json.dumps([told, text, by_user]).encode()).decode()
    return RuntimeError(f"{_MARK}{packed};")


def unpack(error: BaseException) -> Failure | None:
    """Returns the failure in the text of an exception; None if it came from no worker of ours."""
    found = re.search(f"{_MARK}([A-Za-z0-9_=-]+);", str(error))
    if found is None:
        return None
    try:
        return Failure(*json.loads(base64.urlsafe_b64decode(found[1])))
    except (binascii.Error, ValueError, TypeError):
        return None


def in_a_line(error: BaseException) -> str:
    """Returns the kind of an exception, its message and its notes, shortened."""
    parts = [f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())]
    text = " ".join(", ".join(part.strip().rstrip(".") for part in parts).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
