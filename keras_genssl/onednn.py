"""oneDNN, Intel's library of CPU kernels: TensorFlow leaves it off where a processor lacks AVX-512, at a high cost.

TensorFlow reads the environment variable `TF_ENABLE_ONEDNN_OPTS` once, when it is imported. A choice of the user is
kept; child processes inherit the variable.
"""

import os
import sys

VARIABLE = "TF_ENABLE_ONEDNN_OPTS"


def prefer() -> None:
    """Has TensorFlow use oneDNN, unless the user has set the variable or TensorFlow is imported already."""
    if "tensorflow" not in sys.modules:
        os.environ.setdefault(VARIABLE, "1")


def is_refused() -> bool:
    """Whether the user has turned oneDNN off, by a value that TensorFlow reads as false."""
    return os.environ.get(VARIABLE, "").lower() in ("0", "false")
