"""Generative and self-supervised learning on images in Keras 3.

Subpackages load on first use, so that ``import keras_genssl`` costs no more than ``import keras``. What a saved model
holds of them is found all the same (see `registry`):

    import keras_genssl as kg

    network = kg.backbones.edsr(scale=2)
    model = kg.models.EDSR(network)
"""

import importlib
from types import ModuleType

from keras_genssl import onednn
from keras_genssl.registry import when_keras_is_imported

__version__ = "0.1.0"

_SUBPACKAGES = (
    "analysis",
    "backbones",
    "callbacks",
    "corruptions",
    "data",
    "engine",
    "export",
    "gallery",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "pretext",
    "penalties",
    "priors",
    "regularizers",
    "schedules",
    "views",
)

__all__ = ["__version__", *_SUBPACKAGES]


def __getattr__(name: str) -> ModuleType:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


onednn.prefer()
when_keras_is_imported()
