"""The hint that training on this CPU would be faster with oneDNN (see `keras_genssl.onednn`)."""

import functools
import platform
import warnings

import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port  # no public function says whether oneDNN is in use

from keras_genssl import onednn


@functools.cache
def hint() -> None:
    """Warns once if a training starts on an x86 CPU without oneDNN and the user has not turned it off."""
    accelerated = tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("TPU")
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    if x86 and not accelerated and not _pywrap_util_port.IsMklEnabled() and not onednn.is_refused():
        warnings.warn(
            "oneDNN is off, because TensorFlow was imported before keras_genssl. On this CPU, training may take twice "
            f"as long. Import keras_genssl first, or set {onednn.VARIABLE}=1; {onednn.VARIABLE}=0 silences this hint.",
            stacklevel=3,
        )
