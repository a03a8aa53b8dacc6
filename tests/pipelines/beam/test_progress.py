import threading

from pipelines.beam.progress import Progress, watch
from pipelines.beam.shards import DeadLetter, Record, Shard, write_shard
from pipelines.components.image_example_gen import image_example_gen
from pipelines.components.prepare import prepare
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


def test_components_tell_how_far_they_are(tmp_path):
    for seed in range(3):
        save(tmp_path / "photos" / f"p{seed}.png", seed, height=32, width=48)
    (tmp_path / "photos" / "bad.jpg").write_text("no image")
    told = []
    examples = image_example_gen(tmp_path / "photos", tmp_path / "examples", {"eval": ["p0"]}, tell=told.append)
    shards = sum(len(split["shards"]) for split in examples.manifest["splits"].values())
    assert told[-1] == Progress(shards, shards, 3, 1)
    told.clear()
    parameters = {"patch_size": 16, "stride": 16}
    prepare(examples, tmp_path / "prepared", "super_resolution", parameters, tell=told.append)
    assert told[-1] == Progress(shards, shards, 2 * 2 * 3 + 1, 0)
    told.clear()
    prepare(examples, tmp_path / "prepared", "super_resolution", parameters, tell=told.append)
    assert told == []  # reused
