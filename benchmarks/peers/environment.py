"""The environment that PyTorch has to itself."""

import subprocess
import sys
from pathlib import Path

# CUDA's libraries, several GB, are dependencies of PyTorch on Linux and stay out. Where the package index has no CPU
# build, give `--environment` an environment made with one.
_PINNED = ("torch==2.13.0",)
_PURE = ("typing_extensions", "filelock", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "fsspec", "setuptools")


def python(directory: Path) -> Path:
    """The interpreter of an environment with PyTorch, which is made if it does not exist."""
    interpreter = directory / "bin" / "python"
    if not (directory / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
        install = [str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*install, *_PINNED, *_PURE], check=True)
        subprocess.run([str(interpreter), "-c", "import torch"], check=True)
        (directory / "complete").touch()
    return interpreter
