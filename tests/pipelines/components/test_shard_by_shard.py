import contextlib

from pipelines.beam import progress
from pipelines.beam.shards import Shard
from pipelines.data.shard_by_shard import Part, shard_by_shard
from pipelines.runtime.artifact import Artifact

SPLITS = {
    "train": {"records": 5, "shards": [{"file": "a", "records": 3}, {"file": "b", "records": 2}]},
    "eval": {"records": 4, "shards": [{"file": "c", "records": 4}]},
}


def test_each_shard_is_made_of_one_and_weighs_its_own_records(tmp_path, monkeypatch):
    watched, done = [], []

    @contextlib.contextmanager
    def watch(directory, shards, tell):
        watched.append((directory, dict(shards), tell))
        yield

    monkeypatch.setattr(progress, "watch", watch)
    monkeypatch.setattr("pipelines.beam.jobs.run_each", lambda parts, write, workers: [write(*one) for one in parts])
    artifact = Artifact(tmp_path / "read", "digest", False, {"splits": SPLITS})
    made = [Shard("new", "train", 0, 2), Shard("new", "train", 1, 2), Shard("new", "eval", 0, 1)]
    assert shard_by_shard(artifact, "new", done.append, tmp_path, 1, None) == made
    read = [str(tmp_path / "read" / name) for name in "abc"]
    assert done == [Part(read[0], made[0], 3, 5), Part(read[1], made[1], 2, 5), Part(read[2], made[2], 4, 4)]
    assert watched == [(str(tmp_path), dict(zip(made, [3, 2, 4], strict=True)), None)]
    assert shard_by_shard(artifact, "new", done.append, tmp_path, 1, None, {"eval": SPLITS["eval"]}) == made[2:]
