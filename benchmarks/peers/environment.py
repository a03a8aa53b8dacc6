"""The environment that PyTorch has to itself."""

import subprocess
import sys
from pathlib import Path

# Without their dependencies: those of PyTorch hold CUDA's libraries, several GB. Where the package index has no CPU
# build, give `--environment` an environment made with one.
_PINNED = ("torch==2.13.0", "torchvision==0.28.0")
_LIBRARIES = ("lightly==1.6.0", "lightly_utils==0.0.2", "pytorch-metric-learning==2.9.0", "torch-fidelity==0.4.0")
_OF_PYTORCH = ("typing_extensions", "filelock", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "fsspec")
_OF_LIBRARIES = ("numpy", "pillow", "tqdm", "scipy", "scikit-learn", "lightning_utilities", "packaging", "psutil")


def python(directory: Path) -> Path:
    """The interpreter of an environment with PyTorch, which is made if it does not exist."""
    interpreter = directory / "bin" / "python"
    if not (directory / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
        install = [str(interpreter), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "--no-deps", *_PINNED, *_LIBRARIES], check=True)
        subprocess.run([*install, *_OF_PYTORCH, *_OF_LIBRARIES, "setuptools"], check=True)
        subprocess.run([str(interpreter), "-c", "import torch"], check=True)
        (directory / "complete").touch()
    return interpreter
