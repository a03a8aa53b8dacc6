"""The errors that a user can mend."""


class UserError(Exception):
    """What the user gave cannot be run: the message says what, where, and what to do instead.

    The command line prints it in red without a traceback and exits with status 2. Every other
    exception is a fault of ours and keeps its traceback.

    Args:
        *lines: of the message, mostly one; an end of a line inside of one is part of a name, and shown as such.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class UnfinishedError(UserError):
    """What stopped a job midway: what was whole by then is kept, and the same command goes on from there."""
