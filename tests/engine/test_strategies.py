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


def test_errors(monkeypatch) -> None:
    with pytest.raises(ValueError, match="`name` must be one of"):
        engine.strategy("parameter_server")
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="needs the environment variable TF_CONFIG"):
        engine.strategy("multi_worker")
