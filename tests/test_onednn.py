"""oneDNN is on before TensorFlow is imported, whoever imports it; the user's own choice is kept."""

import os
import subprocess
import sys

import pytest
from tensorflow.python.util import _pywrap_util_port

from keras_genssl import onednn
from tests import processes


def test_this_process_and_what_it_starts_have_it():
    if onednn.is_refused():
        pytest.skip("the user has turned oneDNN off")
    assert os.environ[onednn.VARIABLE] == "1"
    assert _pywrap_util_port.IsMklEnabled()


@pytest.mark.parametrize(
    ("given", "modules", "expected"),
    [
        (None, [], "1"),
        ("0", [], "0"),
        ("", [], ""),
        (None, ["tensorflow"], None),  # too late: TensorFlow has read it
    ],
)
def test_the_variable_is_set_only_where_it_is_free_and_still_read(monkeypatch, given, modules, expected):
    monkeypatch.setattr(sys, "modules", dict.fromkeys(modules))
    environment = {} if given is None else {onednn.VARIABLE: given}
    monkeypatch.setattr(os, "environ", environment)
    onednn.prefer()
    assert environment.get(onednn.VARIABLE) == expected


HINTS = """
import os, warnings
import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port
import keras_genssl as kg

class Gpu:
    @staticmethod
    def list_physical_devices(kind):
        return [kind] if kind == "GPU" else []

def hints():
    kg.engine.onednn_hint.hint.cache_clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        kg.engine.onednn_hint.hint()
        kg.engine.onednn_hint.hint()
    return len(caught)

kg.engine.onednn_hint.platform.machine = lambda: "x86_64"
told = [_pywrap_util_port.IsMklEnabled(), hints()]
del os.environ["TF_ENABLE_ONEDNN_OPTS"]
told += [hints()]
tf.config.list_physical_devices = Gpu.list_physical_devices
print(*told, hints())
"""


def test_the_hint_is_given_once_on_a_cpu_where_it_is_off_and_not_refused():
    done = subprocess.run(
        [sys.executable, "-c", HINTS],
        cwd=processes.ROOT,
        env={**os.environ, onednn.VARIABLE: "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "0", "1", "0"]
