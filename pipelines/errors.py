"""The errors that a user can mend."""


class UserError(Exception):
    """What the user gave cannot be run: the message says what, where, and what to do instead.

    The command line prints it in red without a traceback and exits with status 2. Every other
    exception is a fault of ours and keeps its traceback.
    """


class UnfinishedError(UserError):
    """What stopped a job midway: what was whole by then is kept, and the same command goes on from there."""
