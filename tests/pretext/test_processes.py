"""Transforms on processes give the examples of transforms on threads."""

import gc
import os
import time

import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg

IMAGES = {"image": np.arange(12, dtype=np.uint8).reshape(12, 1, 1, 1), "label": np.arange(12)}


def test_processes_give_the_same_examples_and_name_the_refused_one():
    def marked(example, seed):
        if example["label"] == refused:
            raise ValueError("it is refused")
        return {"image": example["image"] + np.uint8(seed % 50), "process": np.int64(os.getpid())}

    refused = -1
    settings = {"batch_size": 4, "seed": 5}
    expected = kg.data.load(IMAGES, transform=marked, **settings)
    transform = kg.pretext.OnProcesses(marked, 2)
    loaded = kg.data.load(IMAGES, transform=transform, **settings)
    assert loaded.order.config == expected.order.config
    processes = set()
    for one, other in zip(loaded, expected, strict=True):
        np.testing.assert_array_equal(one["image"], other["image"])
        processes |= set(one["process"].numpy().tolist())
    assert os.getpid() not in processes
    assert 1 <= len(processes) <= 2

    refused = 7
    images = kg.data.load(IMAGES, shuffle=False, transform=kg.pretext.OnProcesses(marked, 1))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot transform example 7: it is refused"):
        list(images)


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_processes_end_with_the_transform():
    transform = kg.pretext.OnProcesses(lambda example, seed: {"process": np.int64(os.getpid())}, 1)
    process = int(transform({}, 0)["process"])
    assert is_alive(process)
    del transform
    gc.collect()
    ends = time.monotonic() + 60
    while is_alive(process) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not is_alive(process)


@pytest.mark.parametrize("num", [0, -1, True, 2.0])
def test_the_number_of_processes_must_be_positive(num):
    with pytest.raises(ValueError, match=r"`num_processes` must be an integer of at least 1\. Received: "):
        kg.pretext.OnProcesses(lambda example, seed: example, num)
