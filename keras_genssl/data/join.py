"""`data.join`: joins several datasets into one. Their examples belong together (pairs) or do not (domains)."""

import functools
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from keras_genssl.data.batches import Part, ordered
from keras_genssl.data.dataset import Examples, OrderedDataset
from keras_genssl.data.order import Order, UnalignedOrder
from keras_genssl.data.preparation import Example, Preparation, Transform, call
from keras_genssl.data.sources import Named, Source


def join(
    datasets: Mapping[str, OrderedDataset],
    batch_size: int | None = None,
    *,
    aligned: bool | Literal["name"],
    seed: int = 0,
    shuffle: bool = True,
    drop_remainder: bool = True,
) -> OrderedDataset:
    """Join datasets of `data.load` into one of dicts, `{"first": image, "second": image}`, with one order.

    The joined dataset is deterministic and restartable, like those of `data.load`: it has one `order` with one
    position, one length, and `map`. Each dataset contributes its source, its `transform` and its `on_error`. The join
    decides the order and the batches.

    A dataset's name holds the `image` of its examples, or their only field. Other fields are prefixed with the name:
    `first_label`, `first_key`. To leave them out, pass `features=["image"]` to `data.load`.

    Args:
        datasets: name -> dataset of `data.load`, at least two. Load them without `batch_size`, `seed`, `shuffle`,
            `balance` and `index`, and do not map them.
        batch_size: examples of each dataset in a batch, which must then have equal shapes; `None` for single examples.
        aligned: which examples are put together.

            - `True`: examples at the same position. The datasets must have the same length.
            - `"name"`: examples of the same name, which is the path below the folder without the extension, or the
              feature `name` of prepared records. An example without a partner is an error; with `on_error="skip"` in
              all datasets it is left out.
            - `False`: random examples. Each dataset has its own order. The largest dataset sets the length of an
              epoch; the others start over as often as needed, in another order each time (`UnalignedOrder`).
        seed: integer >= 0; gives the orders and the seeds of the transforms. Transforms of aligned examples get the
            same seed, so that both get the same random crop.
        shuffle: `False` for the order on disk.
        drop_remainder: drop the last batch of an epoch when it is incomplete.

    Returns:
        `OrderedDataset` of dicts of tensors. `order.config` holds the arguments and describes the examples of each
        dataset as the dataset's own `order.config` does. `class_names` is a dict, name of the dataset -> its class
        names. `skipped` is a dict, position -> why these examples were skipped; with `aligned=False`, name of the
        dataset -> such a dict.

    Raises:
        ValueError: if an argument is invalid, if aligned datasets differ in length, if an example has no partner, if
            two examples of one dataset have the same name, or if a dataset has several fields and none is `image`.

    Warns:
        UserWarning: if examples without a partner are left out.

    Example:
        >>> from keras_genssl import data
        >>> photos = data.load({"image": np.zeros((3, 8, 8, 3), np.uint8)})
        >>> drawings = data.load({"image": np.zeros((7, 8, 8, 1), np.uint8), "label": np.arange(7)})
        >>> unpaired = data.join({"first": photos, "second": drawings}, batch_size=2, aligned=False)
        >>> {name: tuple(spec.shape) for name, spec in unpaired.element_spec.items()}, len(unpaired)
        ({'first': (2, 8, 8, 3), 'second': (2, 8, 8, 1), 'second_label': (2,)}, 3)
    """
    if not isinstance(aligned, bool) and aligned != "name":
        raise ValueError(f'`aligned` must be True, False or "name". Received: aligned={aligned!r}')
    examples = _examples(datasets)
    identity = {"aligned": aligned, "datasets": {name: dict(own.identity) for name, own in examples.items()}}
    class_names = {name: own.source.class_names for name, own in examples.items()}
    order: Order
    parts: list[Part]
    skipped: dict[Any, Any]
    if aligned:
        rows = _by_name(examples) if aligned == "name" else _by_position(examples)
        source = JoinedSource({name: own.source for name, own in examples.items()}, rows)
        order = Order(len(source), batch_size, seed, shuffle, drop_remainder, identity)
        prepare = _prepare(source, examples, order, order.batch(0, 0)[1], batch_size)
        parts, skipped = [Part(prepare, order.batch)], prepare.skipped
    else:
        sizes = [len(own.source) for own in examples.values()]
        order = several = UnalignedOrder(sizes, batch_size, seed, shuffle, drop_remainder, identity)
        parts, skipped = [], {}
        for position, (name, own) in enumerate(examples.items()):
            source = JoinedSource({name: own.source}, {name: np.arange(len(own.source))})
            seeds = several.batch(0, 0)[1][:, position]
            prepare = _prepare(source, {name: own}, several.orders[position], seeds, batch_size)
            parts.append(Part(prepare, functools.partial(_column, several, position)))
            skipped[name] = prepare.skipped

    def merge(made: Sequence[Example], numbers: Sequence[tf.Tensor]) -> Example:
        del numbers
        return _flat({name: example for part in made for name, example in part.items()})

    return OrderedDataset(ordered(order, parts, merge), order, class_names=class_names, skipped=skipped)


class JoinedSource:
    """A source of dicts of examples, one example from each of several sources.

    Args:
        sources: name -> source.
        rows: name -> the numbers of that source's examples, `(num_examples,)`.
    """

    class_names: tuple[str, ...] | None = None

    def __init__(self, sources: Mapping[str, Source], rows: Mapping[str, np.ndarray]) -> None:
        self._sources = sources
        self._rows = rows
        self.identity = "".join(source.identity for source in sources.values())
        self.stored = tuple(spec for source in sources.values() for spec in source.stored)
        in_python = all(source.decoded is not None for source in sources.values())
        self.decoded = {name: source.decoded for name, source in sources.items()} if in_python else None
        self.by_batch = all(source.by_batch for source in sources.values())

    def __len__(self) -> int:
        return len(next(iter(self._rows.values())))

    def read(self, ids: np.ndarray) -> list[np.ndarray]:
        """Returns what is stored of the examples, one source after the other."""
        return [column for name, source in self._sources.items() for column in source.read(self._rows[name][ids])]

    def decode(self, stored: Sequence[Any]) -> dict[str, Any]:
        """Decodes the examples, by the name of their source."""
        left, example = list(stored), {}
        for name, source in self._sources.items():
            own, left = left[: len(source.stored)], left[len(source.stored) :]
            example[name] = source.decode(own) if self.decoded is not None else _decoded_in_graph(source, own)
        return example

    def labels(self, name: str) -> np.ndarray:
        """Raises a `ValueError`: joined datasets have no labels."""
        raise ValueError(f"Joined datasets have no labels. Received: {name!r}")

    def title(self, number: int) -> str:
        """Returns the titles of the sources' examples."""
        titles = [f"{name}: {source.title(int(self._rows[name][number]))}" for name, source in self._sources.items()]
        return f"({', '.join(titles)})" if len(titles) > 1 else titles[0]


def _decoded_in_graph(source: Source, stored: Sequence[tf.Tensor]) -> dict[str, tf.Tensor]:
    """Decodes one example of any source in a graph."""
    if source.decoded is None:
        return source.decode(stored)
    specs = tf.nest.flatten(source.decoded)
    values = call(lambda *row: tf.nest.flatten(source.decode(row)), stored, [spec.dtype for spec in specs])
    shaped = [tf.ensure_shape(value, spec.shape) for value, spec in zip(values, specs, strict=True)]
    return tf.nest.pack_sequence_as(source.decoded, shaped)


def _column(
    order: UnalignedOrder, position: int, epoch: int, step: int, num_steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the numbers and seeds of one dataset in a batch."""
    ids, seeds = order.batch(epoch, step, num_steps)
    return ids[:, position], seeds[:, position]


def _examples(datasets: Mapping[str, OrderedDataset]) -> dict[str, Examples]:
    if not isinstance(datasets, Mapping) or len(datasets) < 2:
        raise ValueError(f"`datasets` must be a dict of two datasets at least. Received: {datasets!r}")
    examples = {}
    for name, dataset in datasets.items():
        own = getattr(dataset, "examples", None)
        if not isinstance(own, Examples):
            raise ValueError(
                "`datasets` must hold what `data.load` returned, without `balance` and `index` and not mapped. "
                f"Received: {name}={dataset!r}"
            )
        plain = Order(len(own.source), identity=own.identity).config
        others = {key: value for key, value in dataset.order.config.items() if value != plain[key]}
        if others:
            raise ValueError(
                f"`datasets` must be loaded without what orders and batches them; give it to `data.join`. Received: "
                f"{name} with {', '.join(f'{key}={value}' for key, value in others.items())}"
            )
        examples[name] = own
    return examples


def _by_position(examples: Mapping[str, Examples]) -> dict[str, np.ndarray]:
    sizes = {name: len(own.source) for name, own in examples.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(
            "`datasets` must have equally many examples where aligned=True. "
            f"Received: {', '.join(f'{name} with {size}' for name, size in sizes.items())}"
        )
    return {name: np.arange(size) for name, size in sizes.items()}


def _by_name(examples: Mapping[str, Examples]) -> dict[str, np.ndarray]:
    """Returns the numbers of the examples whose name is in all datasets, in the order of the first dataset."""
    numbers: dict[str, dict[str, int]] = {}
    for dataset, own in examples.items():
        if not isinstance(own.source, Named):
            raise ValueError(
                '`datasets` must be folders or prepared records where aligned="name": others have no names. '
                f"Received: {dataset}, {type(own.source).__name__}"
            )
        names = own.source.names()
        numbers[dataset] = {name: number for number, name in enumerate(names)}
        if len(numbers[dataset]) < len(names):
            twice = next(name for number, name in enumerate(names) if numbers[dataset][name] != number)
            raise ValueError(
                'No two examples of a dataset may have one name where aligned="name". '
                f"Received: {dataset} with {twice!r} twice"
            )
    shared = set.intersection(*(set(known) for known in numbers.values()))
    alone = [f"{name!r} of {dataset}" for dataset, known in numbers.items() for name in known if name not in shared]
    if alone and not (shared and all(own.skip for own in examples.values())):
        raise ValueError(
            'Each example must have a partner of its name in the other datasets where aligned="name". '
            f"Received: {_listed(alone)} without one"
        )
    if alone:
        warnings.warn(f"Left out are examples without a partner of their name: {_listed(alone)}.", stacklevel=3)
    names = [name for name in next(iter(numbers.values())) if name in shared]
    return {dataset: np.array([known[name] for name in names]) for dataset, known in numbers.items()}


def _prepare(
    source: JoinedSource, examples: Mapping[str, Examples], order: Order, seeds: np.ndarray, batch_size: int | None
) -> Preparation:
    skips = {name: own.skip for name, own in examples.items()}
    if len(set(skips.values())) > 1:
        raise ValueError(
            "Aligned `datasets` must be loaded with the same `on_error`. Received: "
            + ", ".join(f"{name} with {'skip' if skip else 'raise'}" for name, skip in skips.items())
        )
    transforms = {name: own.transform for name, own in examples.items() if own.transform is not None}
    transform = _each(transforms) if transforms else None
    substitutes = order.substitutes if all(skips.values()) else None
    return Preparation(source, transform, int(seeds[0]), batch_size is not None, substitutes)


def _each(transforms: Mapping[str, Transform]) -> Transform:
    """Returns a transform of joined examples, which applies each dataset's own transform with the same seed."""

    def transform(example: Example, seed: int) -> Example:
        return example | {name: function(example[name], seed) for name, function in transforms.items()}

    return transform


def _flat(examples: Mapping[str, Example]) -> Example:
    """Returns one dict of fields. A dataset's name holds its image or only field and prefixes its other fields."""
    flat: Example = {}
    for name, example in examples.items():
        if len(example) > 1 and "image" not in example:
            raise ValueError(
                f"The examples of `datasets` must have a field `image`, or one field. Received: {name} with the fields "
                f"{sorted(example)}; choose one by `features` or `transform`"
            )
        for field, value in example.items():
            key = name if field == "image" or len(example) == 1 else f"{name}_{field}"
            if key in flat:
                raise ValueError(f"Names of `datasets` and fields must not meet. Received: {key} twice")
            flat[key] = value
    return flat


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items[:3]) + (f" and {len(items) - 3} more" if len(items) > 3 else "")
