"""Write a prepared directory as pipelines/ lays it out: TFDS metadata, shards, and the manifest last."""

import hashlib
import json
import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds


def write_prepared(directory, splits, features, num_shards=3, name="tiny", stacks=None):
    """`splits`: split -> list of example dicts, as TFDS encodes them by `features` (a dict of connectors).

    `stacks`: name -> how many images of equal height lie below one another in the image of that name.
    """
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    features = tfds.features.FeaturesDict(features)
    manifest = {"format": 1, "name": name, "splits": {}, "dead_letters": {"records": 0, "file": None}}
    manifest |= {"stacks": stacks} if stacks else {}
    infos = []
    for split, examples in splits.items():
        shards = []
        for i, numbers in enumerate(np.array_split(np.arange(len(examples)), num_shards)):
            path = directory / f"{name}-{split}.tfrecord-{i:05d}-of-{num_shards:05d}"
            with tf.io.TFRecordWriter(str(path)) as writer:
                for number in numbers:
                    writer.write(features.serialize_example(features.encode_example(examples[number])))
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            size = path.stat().st_size
            shards.append({"file": path.name, "records": len(numbers), "bytes": size, "sha256": digest})
        manifest["splits"][split] = {"records": len(examples), "shards": shards}
        template = tfds.core.ShardedFileTemplate(
            data_dir=directory, dataset_name=name, split=split, filetype_suffix="tfrecord"
        )
        infos.append(
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=[shard["records"] for shard in shards],
                num_bytes=sum(shard["bytes"] for shard in shards),
                filename_template=template,
            )
        )
    tfds.folder_dataset.write_metadata(data_dir=directory, features=features, split_infos=infos)
    (directory / "manifest.json").write_text(json.dumps(manifest))
    return directory


def super_resolution(num_examples, size=8, scale=2, seed=0):
    """Examples and features of the super-resolution layout; example i has the value i in its low corner."""
    rng = np.random.default_rng(seed)
    examples = []
    for i in range(num_examples):
        low = rng.integers(0, 256, (size // scale, size // scale, 3), np.uint8)
        low[0, 0, 0] = i
        high = rng.integers(0, 256, (size, size, 3), np.uint8)
        examples.append({"key": f"key{i}", "name": f"name{i}", "low": low, "high": high})
    image = tfds.features.Image(shape=(None, None, 3), encoding_format="png")
    features = {"key": tfds.features.Text(), "name": tfds.features.Text(), "low": image, "high": image}
    return examples, features
