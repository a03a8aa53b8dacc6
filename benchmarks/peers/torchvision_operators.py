"""Declares the compiled operators of torchvision where they do not load, beside a CPU build of PyTorch.

Nothing that is measured calls them; torchvision registers shapes for these two when it is imported.
"""

import torch

_KEPT = []  # Declarations end with their library.
for _name in ("nms", "qnms"):
    try:
        _library = torch.library.Library("torchvision", "FRAGMENT")
        _library.define(f"{_name}() -> ()")
        _KEPT.append(_library)
    except RuntimeError:  # It is declared.
        pass
