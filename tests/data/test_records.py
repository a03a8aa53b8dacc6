import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.data.records import Records, Shard


def test_reads_any_record(tmp_path):
    rng = np.random.default_rng(0)
    expected, shards = [], []
    for i, count in enumerate((4, 0, 3)):
        path = str(tmp_path / f"part{i}")
        records = [rng.bytes(int(size)) for size in rng.integers(0, 5000, count)]
        with tf.io.TFRecordWriter(path) as writer:
            for record in records:
                writer.write(record)
        shards.append(Shard(path, count, 0, count))
        expected += records
    records = Records(shards)
    assert len(records) == 7
    ids = rng.integers(0, 7, 50)
    assert records.read(ids) == [expected[i] for i in ids]

    part = Records([Shard(shards[0].path, 4, 1, 2), Shard(shards[2].path, 3, 2, 1)])
    assert part.read(range(len(part))) == [expected[1], expected[2], expected[6]]


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "part"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for i in range(3):
            writer.write(bytes([i]) * 10)
    return path


def test_truncated_file_is_named(shard):
    shard.write_bytes(shard.read_bytes()[:-3])
    with pytest.raises(ValueError, match=r"part is damaged or cut short: record 2 at byte 52 of 75"):
        Records([Shard(str(shard), 3, 0, 3)]).read([0])


@pytest.mark.parametrize(("byte", "message"), [(26, "cut short: record 1"), (40, "checksum of record 1")])
def test_changed_byte_is_noticed(shard, byte, message):
    content = bytearray(shard.read_bytes())
    content[byte] ^= 1
    shard.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        Records([Shard(str(shard), 3, 0, 3)]).read([1])


def test_count_must_agree(shard):
    with pytest.raises(ValueError, match=r"part must hold 4 records\. It holds 3"):
        Records([Shard(str(shard), 4, 0, 4)]).read([0])


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Records([Shard(str(tmp_path / "nowhere"), 1, 0, 1)]).read([0])
