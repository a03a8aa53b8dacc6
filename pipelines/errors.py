"""The error that a user can mend."""


class UserError(Exception):
    """What the user gave cannot be run: the message says what, where, and what to do instead.

    The command line prints it in red without a traceback and exits with status 2. Every other
    exception is a fault of ours and keeps its traceback.
    """
