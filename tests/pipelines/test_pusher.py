import json
import multiprocessing
import pathlib

import pytest

from pipelines.components import pusher
from pipelines.errors import UserError


def _saved_model(path, text="graph"):
    (path / "variables").mkdir(parents=True)
    (path / "saved_model.pb").write_text(text)
    (path / "variables" / "variables.index").write_text("v")
    return path


def _push(model, directory, digest, method="EDSR", scale=2):
    card = {"digest": digest, "method": method, "scale": scale}
    return pusher.push(
        pathlib.Path(model), pathlib.Path(directory), "sr", card, "# sr/{}\n".format, ["scale", "method"]
    )


def test_versions_count_up_and_ignore_what_is_no_integer(tmp_path):
    model = _saved_model(tmp_path / "model")
    for name in ("7", "latest", "007x", "notes"):
        (tmp_path / "out" / "sr" / name).mkdir(parents=True)
    (tmp_path / "out" / "sr" / "9").write_text("a file, not a version")
    pushed = _push(model, tmp_path / "out", "a")
    assert (pushed.version, pushed.new) == (8, True)
    assert (pushed.path / "saved_model.pb").read_text() == "graph"
    assert (pushed.path / "variables" / "variables.index").is_file()
    assert json.loads((pushed.path / "assets.extra" / "card.json").read_text())["digest"] == "a"
    assert (pushed.path / "assets.extra" / "README.md").read_text() == "# sr/8\n"


def test_same_model_is_not_pushed_again_but_another_is(tmp_path):
    model = _saved_model(tmp_path / "model")
    first, again, other = (_push(model, tmp_path / "out", digest) for digest in ("a", "a", "b"))
    assert (first.version, again.version, other.version) == (1, 1, 2)
    assert (first.new, again.new, other.new) == (True, False, True)


@pytest.mark.parametrize(
    ("method", "scale", "message"),
    [
        ("EDSR", 3, r"sr/1 has scale 2, and a model of scale 3 cannot be its next version: .* export\.name"),
        ("SRGAN", 2, r"sr/1 has method EDSR, and a model of method SRGAN cannot be"),
    ],
)
def test_another_scale_or_method_is_no_next_version(tmp_path, method, scale, message):
    model = _saved_model(tmp_path / "model")
    pusher.check(tmp_path / "out" / "sr", {"method": method, "scale": scale})
    _push(model, tmp_path / "out", "a")
    with pytest.raises(UserError, match=message):
        _push(model, tmp_path / "out", "b", method, scale)
    assert [path.name for path in (tmp_path / "out" / "sr").iterdir()] == ["1"]


def test_options_that_came_after_a_card_do_not_part_it_from_the_next_version(tmp_path):
    model, card = _saved_model(tmp_path / "model"), {"digest": "a", "encoder": {"kind": "small", "width": 8}}
    pusher.push(model, tmp_path, "encoder", card, "# {}".format, ["encoder"])
    pusher.check(tmp_path / "encoder", {"encoder": {"kind": "small", "width": 8, "normalization": "batch"}})
    with pytest.raises(UserError, match=r"has encoder .*'width': 8"):
        pusher.check(tmp_path / "encoder", {"encoder": {"kind": "small", "width": 9, "normalization": "batch"}})


def test_directory_with_models_of_others_is_not_claimed(tmp_path):
    pusher.claim(tmp_path / "mine")
    _push(_saved_model(tmp_path / "model"), tmp_path / "mine", "a")
    pusher.claim(tmp_path / "mine")
    _push(tmp_path / "model", tmp_path / "theirs", "a")
    with pytest.raises(UserError, match=r"theirs holds models that no run .* such as sr: .* --push-to"):
        pusher.claim(tmp_path / "theirs")
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["sr"]


def test_debris_of_a_killed_push_is_removed(tmp_path):
    debris = tmp_path / "out" / "sr" / ".pushing-0"
    debris.mkdir(parents=True)
    (debris / "saved_model.pb").write_text("half")
    _push(_saved_model(tmp_path / "model"), tmp_path / "out", "a")
    assert sorted(path.name for path in (tmp_path / "out" / "sr").iterdir()) == ["1"]


def test_concurrent_pushes_get_versions_of_their_own(tmp_path):
    count = 6
    models = [_saved_model(tmp_path / f"model{i}", f"graph{i}") for i in range(count)]
    arguments = [(str(model), str(tmp_path / "out"), str(i)) for i, model in enumerate(models)]
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        pushed = pool.starmap(_push, arguments)
    assert sorted(push.version for push in pushed) == list(range(1, count + 1))
    for i, push in enumerate(pushed):
        assert (push.path / "saved_model.pb").read_text() == f"graph{i}"
    assert sorted(p.name for p in (tmp_path / "out" / "sr").iterdir()) == [str(i + 1) for i in range(count)]
