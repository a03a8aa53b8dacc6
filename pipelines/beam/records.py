"""`tf.train.Example` and TFRecord without TensorFlow, whose import would take each worker seconds."""

import struct
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import google_crc32c
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def _example_class() -> Any:
    """Returns the part of `tf.train.Example` for bytes and integers; on the wire, a map is a repeated pair."""
    file = descriptor_pb2.FileDescriptorProto(name="pipelines/example.proto", package="pipelines")
    for message, fields in {
        "BytesList": [("value", 1, "bytes", True)],
        "Int64List": [("value", 1, "int64", True)],
        "Feature": [("bytes_list", 1, "BytesList", False), ("int64_list", 3, "Int64List", False)],
        "Entry": [("key", 1, "string", False), ("value", 2, "Feature", False)],
        "Features": [("feature", 1, "Entry", True)],
        "Example": [("features", 1, "Features", False)],
    }.items():
        descriptor = file.message_type.add(name=message)
        for name, number, kind, repeated in fields:
            field = descriptor.field.add(name=name, number=number)
            field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            if kind in ("bytes", "string", "int64"):
                field.type = getattr(field, f"TYPE_{kind.upper()}")
            else:
                field.type, field.type_name = field.TYPE_MESSAGE, f".pipelines.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("pipelines.Example"))


_Example = _example_class()


def serialize(features: Mapping[str, bytes | int]) -> bytes:
    """Serializes features of one value each, bytes or integer, as TensorFlow does with `deterministic=True`.

    >>> parse(serialize({"name": b"coffee", "label": 3}))
    {'label': 3, 'name': b'coffee'}
    """
    example = _Example()
    example.features.SetInParent()
    for name in sorted(features):
        value = example.features.feature.add(key=name).value
        one = features[name]
        (value.bytes_list if isinstance(one, bytes) else value.int64_list).value.append(one)
    return example.SerializeToString(deterministic=True)


def parse(serialized: bytes) -> dict[str, Any]:
    """Returns the features with one value, bytes or integer; others are left out."""
    features = {}
    for entry in _Example.FromString(serialized).features.feature:
        values = entry.value.bytes_list.value or entry.value.int64_list.value
        if values:
            features[entry.key] = values[0]
    return features


def _masked_crc(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(record: bytes) -> bytes:
    """Returns a record as it is in a TFRecord file: length, its checksum, data, its checksum."""
    length = struct.pack("<Q", len(record))
    return b"".join((length, _masked_crc(length), record, _masked_crc(record)))


def read(file: BinaryIO) -> Iterator[bytes]:
    """Yields the records of a TFRecord file and verifies their checksums.

    Raises:
        ValueError: the file is truncated or a checksum is wrong.
    """
    while header := file.read(12):
        length = header[:8]
        if len(header) < 12 or _masked_crc(length) != header[8:]:
            raise ValueError("A TFRecord file is damaged: the length of a record does not verify")
        size = struct.unpack("<Q", length)[0]
        body = file.read(size + 4)
        if len(body) < size + 4 or _masked_crc(body[:-4]) != body[-4:]:
            raise ValueError("A TFRecord file is damaged: a record does not verify")
        yield body[:-4]
