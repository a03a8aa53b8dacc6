"""The errors that a user can fix."""


class UserError(Exception):
    """Something that the user gave cannot be used. The message says what, where, and what to do instead.

    The command line prints it in red without a traceback and exits with status 2. Every other
    exception is a bug of ours and keeps its traceback.

    Args:
        *lines: the lines of the message, usually one. A line break inside one is part of a name and shown escaped.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class UnfinishedError(UserError):
    """A job stopped midway. What was complete is kept, and the same command continues from there."""
