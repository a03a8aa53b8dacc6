import functools

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_genssl import data, pretext
from pipelines.data.example_gen.frames import frame_example_gen

RNG = np.random.default_rng(0)
FILMS = {
    "cooking/first": RNG.integers(0, 256, (12, 5, 6, 3), dtype=np.uint8),
    "second": RNG.integers(0, 256, (9, 4, 4, 3), dtype=np.uint8),
}


@pytest.fixture
def folder(tmp_path):
    for name, film in FILMS.items():
        (tmp_path / name).mkdir(parents=True)
        for number, frame in enumerate(film):
            Image.fromarray(frame).save(tmp_path / name / f"{number:06d}.png")
    (tmp_path / "second" / "notes.txt").write_text("no frame")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_films_are_read_in_the_order_of_names(folder):
    read = list(data.load(data.FrameFolders(folder), shuffle=False))
    assert [film["key"].numpy().decode() for film in read] == list(FILMS)
    for film, expected in zip(read, FILMS.values(), strict=True):
        np.testing.assert_array_equal(film["frames"], expected)


def test_a_film_that_a_transform_refuses_is_named(folder):
    tuples = functools.partial(pretext.frame_order, size=4, min_distance=8)
    message = rf"Cannot transform the film {folder}/second: .* = 11 frames"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        list(data.load(data.FrameFolders(folder), transform=tuples, shuffle=False))


def test_numbers_without_leading_zeros_are_read_as_numbers(tmp_path):
    film = np.repeat(np.arange(11, dtype=np.uint8), 3).reshape(11, 1, 1, 3)
    (tmp_path / "film").mkdir()
    for number, frame in enumerate(film):
        Image.fromarray(frame).save(tmp_path / "film" / f"f{number + 1}.png")
    (read,) = data.load(data.FrameFolders(tmp_path))
    assert read["frames"][:, 0, 0, 0].numpy().tolist() == list(range(11))  # 1, 10, 11, 2 ... by text
    made = frame_example_gen(tmp_path, tmp_path / "out", {"train": 1.0})
    on_disk = list(data.load(made.path, shuffle=False).as_numpy_iterator())
    np.testing.assert_array_equal([one["image"] for one in on_disk], film)


def test_films_of_several_splits_are_told_of(folder):
    (folder / "cooking").rename(folder / "train")
    (folder / "second").rename(folder / "val")
    with pytest.warns(UserWarning, match=r"the films of train, val, which are called like splits, are read together"):
        assert len(data.FrameFolders(folder)) == 2
    assert len(data.FrameFolders(folder / "train")) == 1


def test_every_second_frame_of_long_films(folder):
    films = data.FrameFolders(folder, every=2, least=6)
    assert len(films) == 1
    film = next(iter(data.load(films)))
    np.testing.assert_array_equal(film["frames"], FILMS["cooking/first"][::2])


def test_batches_of_tuples_continue_where_they_were_left(folder):
    def batches(position):
        dataset = data.load(data.FrameFolders(folder), batch_size=1, seed=3, transform=tuple_of_films)
        dataset.order.position = position
        return [{name: value.numpy().tolist() for name, value in batch.items()} for batch in dataset]

    whole = batches((1, 0))
    assert np.shape(whole[0]["frames"]) == (1, 3, 4, 4, 3)
    assert batches((1, 1)) == whole[1:]
    assert batches((0, 0)) != whole


def tuple_of_films(example, seed):
    return pretext.frame_order(example, seed, max_span=4, min_distance=2, size=4)


def test_content_tells_datasets_apart(folder):
    identity = data.FrameFolders(folder).identity
    assert data.FrameFolders(folder).identity == identity
    assert data.FrameFolders(folder, every=2).identity != identity


def test_bad_films_are_refused_by_name(folder):
    with pytest.raises(ValueError, match=r"`every` must be an integer of at least 1. Received: every=0"):
        data.FrameFolders(folder, every=0)
    with pytest.raises(FileNotFoundError, match="`folder` must hold folders of at least 13 frames"):
        data.FrameFolders(folder, least=13)
    with pytest.raises(ValueError, match=r"have one split, .train.*split=.test."):
        data.load(data.FrameFolders(folder), split="test")
    with pytest.raises(ValueError, match="Folders of frames have no labels"):
        data.FrameFolders(folder).labels("label")
    Image.fromarray(FILMS["second"][0, :2]).save(folder / "second" / "000004.png")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must have one size.*000004.png of \(2, 4, 3\)"):
        list(data.load(data.FrameFolders(folder)))
    (folder / "second" / "000004.png").write_bytes(b"nothing")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Cannot decode the frame .*000004.png"):
        list(data.load(data.FrameFolders(folder)))
