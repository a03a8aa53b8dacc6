import pytest
import tensorflow as tf

from keras_genssl import engine


def test_default_and_auto_on_one_device_are_the_current_strategy(monkeypatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for name in ("default", "auto"):
        assert engine.strategy(name) is tf.distribute.get_strategy()


def test_a_cluster_in_the_environment_wins(monkeypatch) -> None:
    from keras_genssl.engine import strategies

    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 0}}')
    assert strategies._detect() == "multi_worker"


def visible(monkeypatch, **devices: int) -> None:
    """Has TensorFlow see so many devices of each kind."""
    for function in ("list_physical_devices", "list_logical_devices"):
        monkeypatch.setattr(
            tf.config, function, lambda kind: [f"/device:{kind}:{i}" for i in range(devices.get(kind, 0))]
        )


@pytest.mark.parametrize(
    ("devices", "tpu_name", "chosen"),
    [
        ({"CPU": 2}, None, "default"),
        ({"CPU": 1, "GPU": 1}, None, "default"),
        ({"CPU": 1, "GPU": 2}, None, "mirrored"),
        ({"CPU": 1, "TPU": 8}, None, "tpu"),
        ({"CPU": 1, "GPU": 2, "TPU": 8}, None, "tpu"),
        ({"CPU": 1}, "local", "tpu"),
    ],
)
def test_auto_goes_by_the_devices(monkeypatch, devices, tpu_name, chosen) -> None:
    from keras_genssl.engine import strategies

    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("TPU_NAME", raising=False)
    if tpu_name:
        monkeypatch.setenv("TPU_NAME", tpu_name)
    visible(monkeypatch, **devices)
    assert strategies._detect() == chosen


def test_a_tpu_is_connected_to_by_its_name(monkeypatch) -> None:
    class Resolver:
        connect = staticmethod(lambda name: f"resolver of {name!r}")

    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setenv("TPU_NAME", "node-1")
    monkeypatch.setattr(tf.distribute.cluster_resolver, "TPUClusterResolver", Resolver)
    monkeypatch.setattr(tf.distribute, "TPUStrategy", lambda resolver: ("tpu strategy", resolver))
    for name in ("auto", "tpu"):
        assert engine.strategy(name) == ("tpu strategy", "resolver of 'node-1'")
    monkeypatch.delenv("TPU_NAME")
    assert engine.strategy("tpu") == ("tpu strategy", "resolver of ''")


def test_mirrored_takes_every_gpu_and_without_one_every_cpu(monkeypatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("TPU_NAME", raising=False)
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda *devices, **rest: (devices, sorted(rest)))
    visible(monkeypatch, CPU=1, GPU=2)
    assert engine.strategy("auto") == ((), [])  # TensorFlow's own choice: every GPU
    visible(monkeypatch, CPU=1)
    names = [type("Device", (), {"name": f"/device:CPU:{i}"}) for i in range(2)]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: names if kind == "CPU" else [])
    assert engine.strategy("mirrored") == ((["/device:CPU:0", "/device:CPU:1"],), ["cross_device_ops"])


def test_errors(monkeypatch) -> None:
    with pytest.raises(ValueError, match="`name` must be one of"):
        engine.strategy("parameter_server")
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="needs the environment variable TF_CONFIG"):
        engine.strategy("multi_worker")
