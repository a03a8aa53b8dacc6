"""Starts TensorFlow without the many messages that its C++ side writes to standard error."""

import functools
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
# What the drivers of accelerators put below /dev: NVIDIA's (Jetson's and Windows' too), AMD's, TPUs'.
DEVICES = Path("/dev")
_DRIVERS = ("nvidia*", "nvhost*", "nvgpu*", "nvmap", "dxg", "kfd", "accel*", "vfio")


@functools.cache
def start() -> str:
    """Imports TensorFlow and names the devices: ``"2 CPU cores"``, ``"1 GPU (NVIDIA H200)"``.

    What the import writes to standard error is shown only if the import fails.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as notes:
        kept = os.dup(2)
        os.dup2(notes.fileno(), 2)
        try:
            import tensorflow as tf

            gpus = tf.config.list_physical_devices("GPU")
        except BaseException:
            notes.seek(0)
            os.write(kept, notes.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    if gpus:
        name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "unknown")
        return f"{len(gpus)} GPU{'s' * (len(gpus) > 1)} ({name})"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return "1 CPU core" if cores == 1 else f"{cores} CPU cores"


def has_bfloat16() -> bool:
    """Returns whether the device computes in bfloat16; other devices emulate it, slowly.

    NVIDIA GPUs compute in bfloat16 from compute capability 8.0, all TPUs do, and CPUs report it in `CPU_INFO`.
    """
    if os.environ.get("TPU_NAME"):
        return True
    if _may_have_accelerators():
        start()
        import tensorflow as tf

        if tf.config.list_physical_devices("TPU"):
            return True
        gpus = tf.config.list_physical_devices("GPU")
        if gpus:
            details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
            return all(detail.get("compute_capability", (8, 0)) >= (8, 0) for detail in details)
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = [set(line.split()) for line in lines if line.startswith("flags")]
    return bool(flags) and all(not {"avx512_bf16", "amx_bf16"}.isdisjoint(words) for words in flags)


def _may_have_accelerators() -> bool:
    """Returns whether TensorFlow may know other devices than CPUs, without its import, which takes seconds."""
    if "tensorflow" in sys.modules or not sys.platform.startswith("linux"):
        return True
    has_plugin = os.environ.get("TF_PLUGGABLE_DEVICE_LIBRARY_PATH") or importlib.util.find_spec("tensorflow-plugins")
    return bool(has_plugin) or any(next(DEVICES.glob(driver), None) is not None for driver in _DRIVERS)
