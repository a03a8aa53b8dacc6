import functools
import os
import sys

import pytest
import tensorflow as tf

from pipelines.recipe.method import DatasetInfo
from pipelines.run import loading as recipe
from pipelines.runtime import device
from pipelines.training import trainer


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["fpu avx512_bf16"], True),
        (["amx_bf16 fpu", "fpu amx_bf16"], True),
        (["fpu avx512_bf16", "fpu"], False),
        (["fpu avx512_bf16_like avx2"], False),
        ([], False),
    ],
)
def test_cpu_has_bfloat16_where_every_core_says_so(tmp_path, monkeypatch, flags, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.delenv("TPU_NAME", raising=False)
    monkeypatch.setattr(device, "CPU_INFO", tmp_path / "cpuinfo")
    assert not device.has_bfloat16()
    (tmp_path / "cpuinfo").write_text("".join(f"processor : 0\nflags\t\t: {words}\n\n" for words in flags))
    assert device.has_bfloat16() == expected


@pytest.mark.parametrize(("capability", "expected"), [((9, 0), True), ((8, 0), True), ((7, 5), False)])
def test_gpu_has_bfloat16_from_ampere_on(monkeypatch, capability, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu"] if kind == "GPU" else [])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: {"compute_capability": capability})
    monkeypatch.delenv("TPU_NAME", raising=False)
    assert device.has_bfloat16() == expected


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere TensorFlow is always asked")
@pytest.mark.parametrize(
    ("file", "expected"), [(None, False), ("null", False), ("nvme0", False), ("nvidiactl", True), ("accel0", True)]
)
def test_tensorflow_is_asked_only_where_a_driver_is(tmp_path, monkeypatch, file, expected):
    monkeypatch.setattr(device, "DEVICES", tmp_path)
    monkeypatch.setattr(device, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["it"] if kind == "TPU" else [])
    monkeypatch.setattr(device, "start", lambda: monkeypatch.setitem(sys.modules, "tensorflow", tf))
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.delenv("TPU_NAME", raising=False)
    if file is not None:
        (tmp_path / file).touch()
    assert device.has_bfloat16() == expected


@pytest.mark.parametrize(("cores", "named"), [(7, "7 CPU cores"), (1, "1 CPU core")])
def test_cores_are_counted_where_no_affinity_is_known(monkeypatch, cores, named):
    device.start.cache_clear()
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert device.start() == named
    device.start.cache_clear()


def not_to_be_asked():
    raise AssertionError("asked, which imports TensorFlow")


def test_precision_auto_names_the_run_by_what_was_taken():
    auto = recipe.load("super_resolution")
    assert auto.train.precision == "auto"
    digests = []
    for bfloat16, precision in ((True, "mixed_bfloat16"), (False, "float32")):
        complete = trainer.complete(auto, DatasetInfo(1), functools.partial(bool, bfloat16))
        named = recipe.load("super_resolution", [f"train.precision={precision}"])
        assert complete == named
        assert trainer.complete(named, DatasetInfo(1), not_to_be_asked) == named
        digests.append(trainer.inputs(complete, "examples"))
    assert digests[0] != digests[1]
