import hashlib
import io

import pytest
import tensorflow as tf

from pipelines.beam import records
from pipelines.beam.shards import DeadLetter, Record, Shard, hash64, shard_index, write_shard

SHARD = Shard("demo", "train", 0, 2)
FEATURES = {"key": b"k", "name": "ü".encode(), "image": bytes(range(256)) * 3}


def test_serialize_is_tensorflows_deterministic_form():
    example = tf.train.Example()
    for name, value in FEATURES.items():
        example.features.feature[name].bytes_list.value.append(value)
    assert records.serialize(FEATURES) == example.SerializeToString(deterministic=True)
    assert records.parse(example.SerializeToString()) == FEATURES


def test_tensorflow_reads_the_file_and_we_read_tensorflows(tmp_path):
    written = [b"", b"a", b"b" * 1000]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.write_bytes(b"".join(map(records.frame, written)))
    with tf.io.TFRecordWriter(str(theirs)) as writer:
        for record in written:
            writer.write(record)
    assert ours.read_bytes() == theirs.read_bytes()
    assert list(records.read(io.BytesIO(theirs.read_bytes()))) == written


@pytest.mark.parametrize("damage", [lambda d: d[:-1], lambda d: d[:5], lambda d: d[:14] + b"!" + d[15:]])
def test_damage_is_found(damage):
    with pytest.raises(ValueError, match="damaged"):
        list(records.read(io.BytesIO(damage(records.frame(b"abcdef")))))


def test_shards_are_ranges_of_the_hash():
    keys = sorted((f"key{i}" for i in range(4000)), key=lambda key: hash64(key, "train/1"))
    shards = [shard_index(key, "train/1", 4) for key in keys]
    assert shards == sorted(shards)
    assert all(900 <= shards.count(index) <= 1100 for index in range(4))  # 1000 each, deviation 27
    assert hash64("a", "train") != hash64("a", "eval")


def test_a_shard_reports_what_it_holds(tmp_path):
    letter = DeadLetter("k2", "b.jpg", "decode", "OSError", "truncated")
    outcomes = [Record(FEATURES, {"width": 3}), letter, Record(FEATURES, {"width": 3})]
    report = write_shard(str(tmp_path), SHARD, outcomes)
    data = (tmp_path / "demo-train.tfrecord-00000-of-00002").read_bytes()
    assert data == records.frame(records.serialize(FEATURES)) * 2
    assert report["records"] == 2
    assert report["bytes"] == len(data)
    assert report["sha256"] == hashlib.sha256(data).hexdigest()
    assert report["facts"] == {"width": [[3, 2]]}
    assert [found["message"] for found in report["dead_letters"]] == ["truncated"]


def test_a_verified_shard_is_not_written_again_and_a_damaged_one_is(tmp_path):
    first = write_shard(str(tmp_path), SHARD, [Record(FEATURES)])

    def untouched():
        raise AssertionError("drawn")
        yield

    assert write_shard(str(tmp_path), SHARD, untouched()) == first
    (tmp_path / SHARD.file).write_bytes(b"damaged")
    assert write_shard(str(tmp_path), SHARD, [Record(FEATURES)]) == first
    assert len((tmp_path / SHARD.file).read_bytes()) == first["bytes"]


def test_a_failure_in_the_middle_leaves_no_shard(tmp_path):
    def failing():
        yield Record(FEATURES)
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="on fire"):
        write_shard(str(tmp_path), SHARD, failing())
    assert not (tmp_path / SHARD.file).exists()
