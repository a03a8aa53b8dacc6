import threading

from pipelines.beam.progress import Progress, watch
from pipelines.beam.shards import DeadLetter, Record, Shard, write_shard
from pipelines.data.example_gen.images import image_example_gen
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.data.prepare import prepare
from tests.pipelines.components.image_files import save

SHARDS = [Shard("demo", "train", index, 2) for index in range(2)]


def test_what_is_written_is_told_while_the_job_runs(tmp_path):
    told, heard = [], threading.Event()

    def tell(progress):
        told.append(progress)
        heard.set()

    with watch(str(tmp_path), SHARDS, tell, every=0.01):
        write_shard(str(tmp_path), SHARDS[0], [Record({"key": b"a"}), DeadLetter(None, "b", "read", "E", "bad")])
        assert heard.wait(20)
        write_shard(str(tmp_path), SHARDS[1], [Record({"key": b"c"}), Record({"key": b"d"})])
    assert told == [Progress(1, 2, 1, 1), Progress(2, 2, 3, 1)]


def _write(directory, index, records, letters=0):
    outcomes = [Record({"key": b"a"})] * records + [DeadLetter(None, "b", "read", "E", "bad")] * letters
    write_shard(str(directory), Shard("demo", "train", index, 4), outcomes)


def test_rate_and_time_left_are_those_of_this_job(tmp_path):
    told, heard, now = [], threading.Event(), [100.0]
    inputs = {Shard("demo", "train", index, 4): images for index, images in enumerate((30, 5, 10, 0))}

    def tell(progress):
        told.append(progress)
        heard.set()

    _write(tmp_path, 0, 60)  # by an earlier job
    with watch(str(tmp_path), inputs, tell, every=0.01, clock=lambda: now[0]):
        assert heard.wait(20)
        heard.clear()
        now[0] += 4.0
        _write(tmp_path, 1, 9, letters=1)
        assert heard.wait(20)
        now[0] += 6.0
        _write(tmp_path, 2, 21)
        _write(tmp_path, 3, 0)
    assert (told[0].records, told[0].rate, told[0].left) == (60, None, None)
    assert (told[1].records, told[1].rate, told[1].left) == (69, 9 / 4, 4 * 10 / 5)  # 5 images took 4 s, 10 are left
    assert (told[-1].records, told[-1].rate, told[-1].left) == (90, 30 / 10, 0.0)
    with watch(str(tmp_path), [*inputs, Shard("demo", "eval", 0, 1)], told.append, every=60):
        write_shard(str(tmp_path), Shard("demo", "eval", 0, 1), [Record({"key": b"a"})])
    assert told[-1] == Progress(5, 5, 91, 1)
    assert told[-1].rate > 0
    assert told[-1].left is None  # of how many images it was made is not known


def test_components_tell_how_far_they_are(tmp_path):
    for seed in range(3):
        save(tmp_path / "photos" / f"p{seed}.png", seed, height=32, width=48)
    (tmp_path / "photos" / "bad.jpg").write_text("no image")
    told = []
    examples = image_example_gen(tmp_path / "photos", tmp_path / "examples", {"eval": ["p0"]}, tell=told.append)
    shards = sum(len(split["shards"]) for split in examples.manifest["splits"].values())
    assert told[-1] == Progress(shards, shards, 3, 1)
    told.clear()
    pairs = SuperResolution(patch_size=16, stride=16)
    prepare(examples, tmp_path / "prepared", pairs, tell=told.append)
    assert told[-1] == Progress(shards, shards, 2 * 2 * 3 + 1, 0)
    told.clear()
    prepare(examples, tmp_path / "prepared", pairs, tell=told.append)
    assert told == []  # reused
