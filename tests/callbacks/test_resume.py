import json
import os
import pathlib
import signal
import sys
import warnings

import keras
import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "data"), str(HERE)]

import train  # noqa: E402

from keras_genssl import callbacks, data  # noqa: E402
from tests import processes  # noqa: E402
from tests.data.prepared import super_resolution, write_prepared  # noqa: E402

STEPS = 10  # of an epoch: 41 examples in batches of 4


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    examples, features = super_resolution(41)
    return write_prepared(tmp_path_factory.mktemp("data") / "tiny", {"train": examples}, features)


def run(directory, folder, *kill):
    """Run the program in a process of its own: its outcome, or None when it was killed."""
    result = folder / "result.json"
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = processes.run([HERE / "train.py", directory, folder / "states", result, *kill], env=environment)
    if kill[0] != "none":
        assert done.returncode == -signal.SIGKILL, done.errors[-3000:]
        return None
    assert done.returncode == 0, done.errors[-3000:]
    assert "ran out of data" not in done.errors
    return json.loads(result.read_text())


def test_killed_runs_end_as_one_never_killed(directory, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    expected = run(directory, whole, "none")
    assert len(expected["history"]) == 3

    def states():
        return sorted(path.name for path in (broken / "states").iterdir())

    run(directory, broken, "step", "0", "2")  # before the first save
    assert states() == []
    run(directory, broken, "step", "0", "6")
    assert states() == ["state-00000000-0000000004"]
    run(directory, broken, "save", "3")  # saves at step 8, at the epoch's end, then dies at (1, 4)
    assert states()[0].startswith(".part-")
    assert states()[1:] == ["state-00000001-0000000000"]
    run(directory, broken, "step", "2", "9")  # after the last batch, before the epoch's end
    assert states() == ["state-00000002-0000000008"]
    outcome = run(directory, broken, "none")
    assert outcome == expected
    assert outcome["again"] == [0, True]
    assert states() == ["state-00000003-0000000000"]


class Stop(Exception):  # noqa: N818
    pass


def stop_after(batches):
    def count(batch, logs):
        batches_left[0] -= 1
        if not batches_left[0]:
            raise Stop

    batches_left = [batches]
    return keras.callbacks.LambdaCallback(on_train_batch_end=count)


def load(directory, **changes):
    options = {"batch_size": 4, "seed": 7, "transform": train.transform, **changes}
    return data.load(directory, **options)


@pytest.mark.parametrize("steps_per_execution", [1, 5])
def test_interrupted_in_one_process(directory, tmp_path, steps_per_execution):
    whole = train.make(steps_per_execution)
    dataset = load(directory)
    whole.fit(
        dataset,
        epochs=2,
        verbose=0,
        shuffle=False,
        callbacks=[callbacks.Resume(tmp_path / "a", dataset, every=2)],
    )

    dataset = load(directory)
    resume = callbacks.Resume(tmp_path / "b", dataset, every=2)
    broken = train.make(steps_per_execution)
    with pytest.raises(Stop):
        broken.fit(
            dataset,
            epochs=2,
            verbose=0,
            shuffle=False,
            callbacks=[resume, stop_after(3 if steps_per_execution == 1 else 1)],
        )
    (state,) = (tmp_path / "b").iterdir()
    assert state.name == ("state-00000000-0000000002" if steps_per_execution == 1 else "state-00000000-0000000005")
    again = train.make(steps_per_execution)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        again.fit(dataset, epochs=2, verbose=0, shuffle=False, callbacks=[resume])
    assert train.digest(again) == train.digest(whole)
    assert [int(v) for v in (again.optimizer.iterations, whole.optimizer.iterations)] == [20, 20]


def test_plain_fit_sees_each_epoch_once_and_in_order(directory):
    dataset = load(directory)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        history = train.make().fit(dataset, epochs=3, verbose=0, shuffle=False)
    assert dataset.order.position == (3, 0)
    assert len(history.epoch) == 3


def train_once(directory, folder, **changes):
    dataset = load(directory, **changes)
    train.make().fit(dataset, epochs=1, verbose=0, shuffle=False, callbacks=[callbacks.Resume(folder, dataset)])


def test_state_of_other_data_or_model_is_refused(directory, tmp_path):
    train_once(directory, tmp_path)
    with pytest.raises(ValueError, match=r"the data differ.*\{'seed': 7\}, here \{'seed': 8\}"):
        train_once(directory, tmp_path, seed=8)
    dataset = load(directory)
    model = train.make()
    model.network = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("adam", jit_compile=False)
    with pytest.raises(ValueError, match=r"the model weights differ.*8 variables, here 10"):
        model.fit(dataset, epochs=1, verbose=0, shuffle=False, callbacks=[callbacks.Resume(tmp_path, dataset)])
    model = train.make()
    model.compile(keras.optimizers.SGD(1e-2), jit_compile=False)
    with pytest.raises(ValueError, match=r"the optimizers differ.*'Adam'.*here .*'SGD'"):
        model.fit(dataset, epochs=1, verbose=0, shuffle=False, callbacks=[callbacks.Resume(tmp_path, dataset)])


def keep(example, seed):
    return example


def refused(folder, first, second):
    """The message with which the second dataset is refused to continue from the first."""
    model = train.make()
    state = callbacks.Resume(folder, first)
    state.set_model(model)
    state._save(0, 1)
    state = callbacks.Resume(folder, second)
    state.set_model(model)
    with pytest.raises(ValueError, match="a different run: the data differ") as caught:
        state._restore(next(folder.glob("state-*")))
    return str(caught.value)


def test_other_data_of_the_same_length_are_refused(directory, tmp_path):
    split = {"train": super_resolution(41)[0], "eval": super_resolution(41, seed=1)[0]}
    both = write_prepared(tmp_path / "both", split, super_resolution(41)[1])
    names = [
        ("split", load(both), load(both, split="eval")),
        ("features", load(both), load(both, features=["low", "high"])),
        ("transform", load(both), load(both, transform=keep)),
        ("source", load(both, split="eval"), load(write_prepared(tmp_path / "x", *other()), split="eval")),
    ]
    for name, first, second in names:
        assert f"'{name}': " in refused(tmp_path / name, first, second)
    assert load(directory).order.config == load(both).order.config  # the same records elsewhere


def other():
    examples, features = super_resolution(41, seed=2)
    return {"train": examples, "eval": examples}, features


def test_a_changed_folder_is_refused(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for name in "abcd":
        (images / f"{name}.ppm").write_bytes(b"P6 1 1 255\n\0\0\0")

    def photographs():
        return load(images, transform=None)

    first = photographs()
    assert first.order.num_examples == 4
    assert photographs().order.config == first.order.config
    (images / "d.ppm").write_bytes(b"P6 2 1 255\n\0\0\0\0\0\0")
    assert "'source': " in refused(tmp_path / "size", first, photographs())
    (images / "d.ppm").write_bytes(b"P6 1 1 255\n\0\0\0")
    (images / "a.ppm").rename(images / "e.ppm")
    assert "'source': " in refused(tmp_path / "name", first, photographs())


def test_an_interrupted_fit_leaves_nothing_to_the_next(directory, tmp_path):
    dataset = load(directory)
    resume = callbacks.Resume(tmp_path, dataset)
    model = train.make()
    model.fit(dataset, epochs=1, verbose=0, shuffle=False, callbacks=[resume])
    with pytest.raises(Stop):
        model.fit(dataset, epochs=2, verbose=0, shuffle=False, callbacks=[resume, stop_after(1)])
    assert len(model.fit(dataset, epochs=1, verbose=0, shuffle=False).epoch) == 1


def test_fit_must_get_the_dataset_of_resume(directory, tmp_path):
    resume = callbacks.Resume(tmp_path, load(directory))
    with pytest.raises(ValueError, match="must be given the dataset of `Resume`"):
        train.make().fit(load(directory, batch_size=4).take(2), verbose=0, shuffle=False, callbacks=[resume])


def test_arguments(directory, tmp_path):
    with pytest.raises(ValueError, match=r"`dataset` must be what `data\.load` or `data\.join` returned"):
        callbacks.Resume(tmp_path, load(directory).take(1))
    with pytest.raises(ValueError, match=r"`every` must be a positive integer or None\. Received: every=0"):
        callbacks.Resume(tmp_path, load(directory), every=0)
