import json

from pipelines.components import change, pusher
from pipelines.recipe.thresholds import Range


def test_change_is_this_model_less_the_last_one_at_its_bounds():
    bounds = {"fid": Range(max=0.5), "accuracy": Range(min=-0.25)}
    at = change.judge(bounds, {"fid": 2.5, "accuracy": 0.5}, {"fid": 2.0, "accuracy": 0.75}, 3)
    assert at.reasons == []
    assert at.notes == [
        "fid changed by +0.5 from the 2 of version 3",
        "accuracy changed by -0.25 from the 0.75 of version 3",
    ]
    over = change.judge(bounds, {"fid": 2.625, "accuracy": 0.375}, {"fid": 2.0, "accuracy": 0.75}, 3)
    assert over.reasons == [
        "fid changed by +0.625 from the 2 of version 3, above its max change of +0.5",
        "accuracy changed by -0.375 from the 0.75 of version 3, below its min change of -0.25",
    ]


def test_number_that_is_not_there_fails_in_this_model_and_is_not_asked_of_the_last():
    verdict = change.judge({"fid": Range(max=1)}, {"fid": 2.0}, {}, 3)
    assert (verdict.reasons, verdict.notes) == ([], ["fid of version 3 is not known, so its change was not asked"])
    for numbers in ({}, {"fid": float("nan")}):
        assert len(change.judge({"fid": Range(max=1)}, numbers, {"fid": 2.0}, 3).reasons) == 1


def test_last_is_the_latest_version_with_other_weights(tmp_path):
    for version, weights in {1: "a", 2: "b", 3: "b"}.items():
        extra = tmp_path / str(version) / "assets.extra"
        extra.mkdir(parents=True)
        (extra / "card.json").write_text(json.dumps({"training": {"sha256": weights}, "name": version}))
    (tmp_path / "4").mkdir()  # without a card: nothing of it is known
    assert [pusher.last(tmp_path, weights).version for weights in ("a", "b", "c")] == [3, 1, 3]
    assert pusher.last(tmp_path / "none", "a") is None
