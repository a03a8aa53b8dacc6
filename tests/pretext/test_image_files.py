import os

import pytest

from keras_genssl.pretext.image_files import find_images


def tree(root, *names):
    for name in names:
        path = os.path.join(os.fsencode(root), name if isinstance(name, bytes) else name.encode())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"")


def names(root):
    return [file.name for file in find_images(str(root))[0]]


def test_each_folder_is_read_once_whatever_links_there_are(tmp_path):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    tree(root, "a/1.png", "b/2.png", "b/deep/3.png")
    tree(elsewhere, "4.png")
    (root / "a" / "up").symlink_to(root)  # a circle through the root
    (root / "a" / "across").symlink_to(root / "b")  # and one through each other
    (root / "b" / "across").symlink_to(root / "a")
    (root / "0").symlink_to(root / "b" / "deep")  # before what it leads to in the alphabet
    (root / "out").symlink_to(tmp_path)  # to what the root lies in
    (root / "loop").symlink_to(root / "loop")
    for level in range(20):  # 2**20 ways to the last
        folder = root / f"diamond{level:02d}"
        folder.mkdir()
        for way in "xy":
            (folder / way).symlink_to(root / f"diamond{level + 1:02d}" if level < 19 else root / "b")
    assert names(root) == ["a/1.png", "b/2.png", "b/deep/3.png", "out/elsewhere/4.png"]
    (root / "out").unlink()
    (root / "link").symlink_to(elsewhere)
    assert names(root) == ["a/1.png", "b/2.png", "b/deep/3.png", "link/4.png"]


def test_names_that_are_no_utf_8_are_written_out(tmp_path):
    tree(tmp_path, b"caf\xe9/1.png", b"caf\xe9/\xff.JPG", "ok.png")
    found = find_images(str(tmp_path))[0]
    assert [file.name for file in found] == ["caf\\xe9/1.png", "caf\\xe9/\\xff.JPG", "ok.png"]
    assert all(os.path.isfile(file.path) for file in found)


def test_names_are_in_one_spelling_unless_two_would_be_one(tmp_path):
    tree(tmp_path, "e\u0301/1.png")
    assert names(tmp_path) == ["\u00e9/1.png"]
    tree(tmp_path, "\u00e9/1.png", "o\u0308.png")
    assert names(tmp_path) == ["e\u0301/1.png", "\u00e9/1.png", "\u00f6.png"]


def test_what_is_no_image_is_counted_and_what_is_hidden_is_not(tmp_path):
    tree(tmp_path, "a.PNG", "b.txt", "c", ".d.png", ".e/f.png", "g.png/h.webp", "made/1.png", "mine/2.png")
    (tmp_path / "made" / "saved_model.pb").write_bytes(b"")
    found, ignored = find_images(str(tmp_path), [str(tmp_path / "mine"), str(tmp_path), str(tmp_path / "missing")])
    assert [file.name for file in found] == ["a.PNG", "g.png/h.webp"]
    assert ignored == {".txt": 1, "no extension": 1, "folders that a program made": 2}


def test_a_folder_that_is_not_there_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        find_images(str(tmp_path / "missing"))
    assert caught.value.filename == str(tmp_path / "missing")
