"""What every test process needs before TensorFlow is imported; its children inherit it."""

import gc
import os

import keras_genssl  # noqa: F401  (before TensorFlow, so that the whole suite runs with oneDNN)

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Steps compiled with XLA run once here: what LLVM spends on their speed is lost.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores: one thread each, or they slow one another down.
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


# The files that take longest, longest first (`make test` keeps this order): begun last, one would run on alone.
SLOWEST = (
    "tests/distribution/test_replicas_equal_one_device.py",
    "tests/test_contracts.py",
    "tests/test_resumption.py",
    "tests/pipelines/test_tasks_run.py",
    "tests/pipelines/test_run.py",
    "tests/test_export_contract.py",
    "tests/pipelines/test_two_domains.py",
    "tests/test_backends.py",
    "tests/callbacks/test_resume.py",
    "tests/callbacks/test_image_callbacks.py",
)


def pytest_collection_modifyitems(items: list) -> None:
    ranks = {path: rank for rank, path in enumerate(SLOWEST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.split("::")[0], len(ranks)))


def pytest_collection_finish() -> None:
    """What was imported stays; to look through it again and again for garbage is a tenth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
