import json

import numpy as np
import pytest

from pipelines.data.statistics.statistics_gen import FILE, statistics_gen
from pipelines.errors import UserError
from tests.pipelines.data.statistics import examples as tiny


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    planted = tiny.noise(1)
    nearly = np.clip(planted.astype(int) + 1, 0, 255).astype(np.uint8)
    splits = {
        "train": [
            [tiny.record("a", tiny.constant(100)), tiny.record("b", planted, 1)],
            [],
            [
                tiny.record("c", tiny.constant(7, 20, 8)),
                tiny.record("d", tiny.noise(2), label=None),
                tiny.record("e", b"no image"),
                tiny.record("f", None),
            ],
        ],
        "eval": [[tiny.record("g", nearly, 1), tiny.record("h", tiny.constant(60, channels=3))]],
    }
    return tiny.write(tmp_path_factory.mktemp("examples"), splits)


@pytest.fixture(scope="module")
def artifact(examples, tmp_path_factory):
    return statistics_gen(examples, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def statistics(artifact):
    return json.loads((artifact.path / FILE).read_text())


def test_images_are_counted_by_size_channels_and_level(statistics):
    train = statistics["splits"]["train"]
    assert train["examples"] == 6
    images = train["images"]["image"]
    # heights 8 (a), 16 (b), 20 (c), 16 (d): the octave of 16 holds three
    assert images["height"] == {"min": 8, "median": 16, "max": 20, "histogram": [[8, 1], [16, 3]]}
    assert images["width"] == {"min": 8, "median": 8, "max": 16, "histogram": [[8, 2], [16, 2]]}
    assert images["channels"] == {"1": 4}
    held_out = statistics["splits"]["eval"]["images"]["image"]
    assert held_out["channels"] == {"1": 1, "3": 1}
    assert held_out["of_channels"]["3"] == ["h"]
    assert images["extremes"]["height"]["smallest"][0] == [8, "a"]
    assert images["extremes"]["brightness"]["smallest"][0] == [7.0, "c"]


def test_histograms_have_bins_of_eight_levels(statistics):
    images = statistics["splits"]["train"]["images"]["image"]
    noise = np.concatenate([tiny.noise(seed).ravel() for seed in (1, 2)])
    pixels = np.bincount(noise // 8, minlength=32)
    pixels[100 // 8] += 8 * 8
    pixels[7 // 8] += 20 * 8
    assert images["colour"] == {"grey": pixels.tolist()}
    means = np.bincount([100 // 8, 0, *(int(tiny.noise(seed).mean()) // 8 for seed in (1, 2))], minlength=32)
    assert images["brightness"] == means.tolist()
    colour = statistics["splits"]["eval"]["images"]["image"]["colour"]
    assert colour["red"] == colour["blue"] == 7 * [0] + [64] + 24 * [0]


def test_labels_and_what_is_missing_or_no_image_are_named(statistics):
    train = statistics["splits"]["train"]
    assert train["labels"] == {"cat": 4, "dog": 1}
    assert train["missing"] == {"image": {"examples": 1, "names": ["f"]}, "label": {"examples": 1, "names": ["d"]}}
    assert train["images"]["image"]["undecodable"] == {"examples": 1, "names": ["e"]}


def test_a_near_duplicate_across_splits_is_found_and_named(statistics):
    (between,) = statistics["near_duplicates"]["between"]
    assert between["splits"] == ["train", "eval"]
    assert between["pairs"] == 1
    assert between["nearest"] == [{"names": ["b", "g"], "levels": 1, "bits": 0}]


def test_near_duplicates_are_sought_in_every_image_of_an_example(tmp_path):
    a, b, c, d, e, f = map(tiny.noise, range(6))
    splits = {"train": [[tiny.pair("p", a, b)], [tiny.pair("q", c, a)]], "eval": [[tiny.pair("r", d, c)]]}
    splits["eval"].append([tiny.pair("s", e, f)])
    made = statistics_gen(tiny.write(tmp_path / "in", splits, tiny.PAIRS, ()), tmp_path / "out")
    found = json.loads((made.path / FILE).read_text())["near_duplicates"]
    assert found["features"] == ["first", "second"]
    assert [(one["splits"], one["pairs"], one["nearest"][0]["names"]) for one in found["between"]] == [
        (["train", "train"], 1, ["first of p", "second of q"]),
        (["train", "eval"], 1, ["first of q", "second of r"]),
    ]


def test_two_workers_write_the_same_bytes_and_nothing_is_done_twice(examples, artifact, tmp_path):
    two = statistics_gen(examples, tmp_path, workers=2)
    assert (two.path / FILE).read_bytes() == (artifact.path / FILE).read_bytes()
    assert sorted(path.name for path in two.path.iterdir()) == ["manifest.json", FILE]
    assert statistics_gen(examples, tmp_path).reused


@pytest.mark.parametrize("damage", ["cut", "flipped", "short"])
def test_a_damaged_shard_is_named_and_nothing_is_published(tmp_path, damage):
    artifact = tiny.write(tmp_path / "in", {"train": [[tiny.record(n, tiny.noise(7)) for n in "ab"]]})
    (shard,) = artifact.path.glob("*.tfrecord-*")
    data = bytearray(shard.read_bytes())
    if damage == "cut":
        del data[-10:]
    elif damage == "flipped":
        data[60] ^= 1
    else:
        del data[len(data) // 2 :]
    shard.write_bytes(data)
    why = "it holds 1 records, and its manifest says 2" if damage == "short" else "A TFRecord file is damaged"
    with pytest.raises(UserError, match=rf"tiny-train\.tfrecord-00000-of-00001: the shard cannot be used: {why}"):
        statistics_gen(artifact, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
