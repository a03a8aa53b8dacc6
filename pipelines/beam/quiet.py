"""Imports Beam without its warnings; modules that use Beam import this one first.

The warnings go through the root logger, which would print and leave a handler in the user's program.
"""

import logging

_disabled, _silence = logging.root.manager.disable, logging.NullHandler()
logging.disable(logging.WARNING)
logging.root.addHandler(_silence)
try:
    import apache_beam  # noqa: F401
finally:
    logging.root.removeHandler(_silence)
    logging.disable(_disabled)
