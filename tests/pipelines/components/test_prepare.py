import hashlib
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

import keras_genssl as kg
import pipelines
from keras_genssl import pretext
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare
from pipelines.errors import UserError
from tests.pipelines.components.image_files import noise, save

PARAMETERS = {"scale": 2, "patch_size": 16, "stride": 8, "pyramid": [1.0, 0.5]}
ROOT = os.path.dirname(os.path.dirname(pipelines.__file__))
RUN = """
import sys
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare

source, out, workers = sys.argv[1:]
examples = image_example_gen(source, out + "/examples", {"eval": ["p1"]}, workers=int(workers))
parameters = {"scale": 2, "patch_size": 16, "stride": 8, "pyramid": [1.0, 0.5]}
prepare(examples, out + "/prepared", SuperResolution(**parameters), workers=int(workers))
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(5):
        save(folder / f"p{seed}.png", seed)
    save(folder / "small.png", 9, height=15)
    save(folder / "dot.png", 10, height=1, width=1)
    return folder


@pytest.fixture(scope="module")
def out(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    examples = image_example_gen(photos, out / "examples", {"eval": ["p1"]})
    prepare(examples, out / "prepared", SuperResolution(**PARAMETERS))
    return out


@pytest.fixture(scope="module")
def examples(photos, out):
    return image_example_gen(photos, out / "examples", {"eval": ["p1"]})


@pytest.fixture(scope="module")
def prepared(examples, out):
    return prepare(examples, out / "prepared", SuperResolution(**PARAMETERS))


def digests(directory):
    return {
        os.path.relpath(os.path.join(folder, name), directory): hashlib.sha256(
            pathlib.Path(folder, name).read_bytes()
        ).hexdigest()
        for folder, _, names in os.walk(directory)
        for name in names
    }


def test_nothing_is_done_twice(examples, prepared):
    assert examples.reused
    assert prepared.reused


def test_a_second_run_elsewhere_is_byte_identical(photos, out, tmp_path):
    examples = image_example_gen(photos, tmp_path / "examples", {"eval": ["p1"]})
    prepare(examples, tmp_path / "prepared", SuperResolution(**PARAMETERS))
    assert digests(tmp_path) == digests(out)


def test_two_workers_are_byte_identical_where_another_pipelines_is_near(photos, out, tmp_path):
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "__init__.py").write_text("raise RuntimeError('shadowed')")
    (tmp_path / "run.py").write_text(f"import sys\nsys.path.insert(0, {ROOT!r})\n{RUN}")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "run.py", str(photos), str(tmp_path / "out"), "2"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
    assert digests(tmp_path / "out") == digests(out)


def test_tfds_reads_features_splits_and_pixels(prepared):
    builder = tfds.builder_from_directory(prepared.path)
    assert sorted(builder.info.features) == ["high", "key", "low", "name"]
    assert builder.info.features["high"].shape == (None, None, 3)
    # 40 x 48 has 4 * 5 patches, its half 20 x 24 has 1 * 2; four training photographs
    assert {name: split.num_examples for name, split in builder.info.splits.items()} == {
        "train": 88,
        "eval": 1,
    }
    assert {name: split["records"] for name, split in prepared.manifest["splits"].items()} == {
        "train": 88,
        "eval": 1,
    }
    (whole,) = tfds.as_numpy(builder.as_dataset(split="eval"))
    assert whole["name"] == b"p1"
    assert (whole["high"] == noise(1)).all()
    assert (whole["low"] == pretext.downscale(noise(1), 2)).all()
    patches = list(tfds.as_numpy(builder.as_dataset(split="train")))
    assert {patch["high"].shape for patch in patches} == {(16, 16, 3)}
    assert {patch["low"].shape for patch in patches} == {(8, 8, 3)}
    assert len({patch["key"] for patch in patches}) == 88
    first = min((patch for patch in patches if patch["name"] == b"p0"), key=lambda patch: patch["key"])
    assert (first["high"] == noise(0)[:16, :16]).all()
    assert (first["low"] == pretext.downscale(noise(0), 2)[:8, :8]).all()


def test_a_photograph_that_no_level_has_a_patch_of_is_refused():
    halved = SuperResolution(patch_size=16, pyramid=[0.5])
    with pytest.raises(ValueError, match="30 x 40 pixels are too small for a patch of 16 at any `pyramid` factor"):
        list(halved.examples(np.zeros((40, 30, 3), np.uint8), "key", "train", 1))  # 20 x 15 at a half
    assert len(list(halved.examples(np.zeros((40, 32, 3), np.uint8), "key", "train", 1))) == 1


def test_super_resolution_on_the_fly_cuts_what_is_prepared():
    photograph = np.random.default_rng(0).integers(0, 256, (70, 69, 3), dtype=np.uint8)
    known = {_bytes(pair) for pair in SuperResolution(stride=2).examples(photograph, "key", "train", 1)}
    assert len(known) == 4 * 3  # patches of 64 at multiples of 2
    assert {_bytes(pretext.low_high_patch({"image": photograph}, seed)) for seed in range(200)} == known


def _bytes(pair):
    return pair["low"].tobytes(), pair["high"].tobytes()


def test_too_small_photographs_are_dead_letters(prepared):
    assert [(letter["path"], letter["stage"], letter["message"]) for letter in prepared.dead_letters] == [
        ("dot", "prepare", "1 x 1 pixels are too small for a patch of 16"),
        ("small", "prepare", "48 x 15 pixels are too small for a patch of 16"),
    ]
    assert prepared.manifest["dead_letters"]["records"] == 2


def test_too_many_failures_publish_nothing(examples, tmp_path):
    with pytest.raises(UserError, match=r"2 of 7 inputs.*`max_failure_rate`=0.2"):
        prepare(examples, tmp_path, SuperResolution(**PARAMETERS), max_failure_rate=0.2)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_parameter_prepares_again_and_reads_nothing_again(photos, out, prepared):
    examples = image_example_gen(photos, out / "examples", {"eval": ["p1"]})
    other = prepare(examples, out / "other", SuperResolution(**PARAMETERS, interpolation="bicubic"))
    assert (examples.reused, other.reused) == (True, False)
    assert other.digest != prepared.digest
    assert other.manifest["statistics"]["train"]["low_height"] == {"min": 16, "median": 16, "max": 16}


def test_prepare_hangs_on_the_content_of_the_examples(photos, out, tmp_path):
    examples = image_example_gen(photos, tmp_path, {"eval": ["p1"]}, max_failure_rate=0.4)
    assert not examples.reused  # another execution with the same content
    assert prepare(examples, out / "prepared", SuperResolution(**PARAMETERS)).reused


def test_the_pyramid_is_anti_aliased():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255  # above the Nyquist frequency of the half: grey, not stripes
    preparation = SuperResolution(patch_size=32, stride=32, pyramid=[0.5])
    (example,) = preparation.examples(stripes, "key", "train", images=1)
    inner = example["high"][:, 4:-4].astype(int)
    assert abs(inner - 127.5).max() <= 2


def test_patches_of_all_photographs_together_are_bounded(examples, prepared, tmp_path):
    def patches(max_patches):
        made = prepare(examples, tmp_path, SuperResolution(**PARAMETERS, max_patches=max_patches))
        return made, made.manifest["splits"]["train"]["records"]

    # six training photographs, of which four have 4 * 5 + 1 * 2 = 22 patches and two are too small
    assert patches(6 * 22)[0].content == prepared.content
    assert [patches(most)[1] for most in (10_000, 6 * 7 + 5, 6, 1)] == [88, 4 * 7, 4, 4]
    assert patches(1)[0].manifest["splits"]["eval"]["records"] == 1


def test_the_choice_of_patches_is_of_the_photograph_alone_and_over_all_levels():
    def chosen(share, key="key", images=1):
        preparation = SuperResolution(**PARAMETERS, max_patches=share * images)
        return [patch["high"].tobytes() for patch in preparation.examples(noise(3, 64, 64), key, "train", images)]

    every = chosen(10_000)
    assert len(every) == 7 * 7 + 3 * 3
    assert chosen(29, images=500) == chosen(29) == [patch for patch in every if patch in set(chosen(29))]
    assert set(chosen(10)) < set(chosen(29)) != set(chosen(29, key="other"))
    small = set(every[-9:]) & set(chosen(29))
    assert 1 <= len(small) <= 8  # 4.5 are expected


def test_the_library_loads_it(prepared):
    (batch,) = kg.data.load(prepared.path, split="eval", batch_size=1, shuffle=False)
    assert batch["name"].numpy().tolist() == [b"p1"]
    assert (batch["high"].numpy()[0] == noise(1)).all()
    train = kg.data.load(prepared.path, batch_size=88)
    (batch,) = train.take(1)
    assert batch["low"].shape == (88, 8, 8, 3)
    assert len(set(batch["key"].numpy().tolist())) == 88
