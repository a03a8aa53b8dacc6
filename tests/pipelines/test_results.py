import importlib.util
import json
import pathlib

import pytest

from keras_genssl.data import embedded_photographs
from pipelines import results
from pipelines.errors import UserError
from tests.pipelines import genssl

ROOT = pathlib.Path(__file__).parents[2]


def _row(name, bicubic, ours):
    sizes = {"height": 48, "width": 64}
    psnr = {"psnr_ours": ours, "psnr_bicubic": bicubic, "gain_db": ours - bicubic}
    return {"name": name, **sizes, **psnr, "ssim_ours": 0.9, "ssim_bicubic": 0.88}


def _metrics(recipe, gain, interrupted=False, **phases):
    rows = [_row("coffee", 30.0, 30.0 + gain), _row("china", 28.0, 28.5)]
    psnr = {who: (rows[0][f"psnr_{who}"] + rows[1][f"psnr_{who}"]) / 2 for who in ("ours", "bicubic")}
    return {
        "recipe": {
            "name": recipe,
            "prepare": {"preparation": "super_resolution", "scale": 2},
            "model": {"method": "EDSR", "filters": 8, "blocks": 2},
            "loss": {"pixel": "l1"},
            "train": {"seed": 3},
        },
        "evaluation": {
            "metric": {"channel": "y", "border": 2},
            "images": rows,
            "numbers": {"gain_db": psnr["ours"] - psnr["bicubic"], "psnr": psnr["ours"], "ssim": 0.9},
            "baselines": {"bicubic": {"psnr": psnr["bicubic"], "ssim": 0.88}},
            "blessed": True,
        },
        "training": {
            "phases": {name: {"steps": steps} for name, steps in phases.items()},
            "steps": sum(phases.values()),
            "seconds": 61.7,
            "interrupted": interrupted,
            "device": "2 CPU cores",
            "weights": 12345,
        },
        "export": {"bytes": 1000},
        "versions": {"keras": "3.15.1", "tensorflow": "2.21.0"},
        "command": f"genssl run {recipe} --output /somewhere/out --set train.seed=3 --workers=2",
    }


def _write(run, metrics):
    run.mkdir()
    (run / "metrics.json").write_text(json.dumps(metrics))
    return run


def _cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_on_disk_is_what_its_records_give():
    assert (ROOT / "RESULTS.md").read_text() == results.render(ROOT / "results")


def test_records_become_a_table_with_its_baseline_the_strongest_first(tmp_path):
    _write(tmp_path / "weak", _metrics("weak", 0.5, interrupted=True, training=200))
    _write(tmp_path / "strong", _metrics("strong", 1.25, training=4000, **{"warm start": 1000}))
    status, output, errors = genssl.call(tmp_path, "results", "--record", "weak", "--record", "strong")
    assert status == 0, output + errors
    page = (tmp_path / "RESULTS.md").read_text()
    assert page == results.render(tmp_path / "results")
    head, _, bicubic, *rows = [_cells(line) for line in page.splitlines() if line.startswith("|")]
    assert head[6:] == ["china", "coffee", "mean gain", "SSIM gain"]
    assert bicubic[6:8] == ["28.00", "30.00"]
    network = ["EDSR", "2 blocks of 8", "12,345"]
    strong, weak = ["28.50 (+0.50)", "31.25 (+1.25)", "+0.88"], ["28.50 (+0.50)", "30.50 (+0.50)", "+0.50"]
    assert rows == [
        ["`strong`", *network, "4,000 + 1,000", "62", *strong, "+0.0200"],
        ["`weak`", *network, "200", "", *weak, "+0.0200"],
    ]
    assert "- `genssl run strong --set train.seed=3` (seed 3, 2 CPU cores, keras 3.15.1, tensorflow 2.21.0)" in page
    assert "## Super-resolution x2, china and coffee held out" in page
    assert "luma (Y) without 2 pixels at each edge" in page
    assert "/somewhere" not in page + (tmp_path / "results" / "strong.json").read_text()


def test_leave_one_out_has_a_section_of_its_own(tmp_path):
    rows = [_row("coffee", 30.0, 31.0), _row("left", 28.0, 28.5), _row("right", 28.0, 28.5)]
    value = {
        "kind": "leave_one_out",
        "recipe": "super_resolution",
        "command": "python benchmarks/leave_one_out.py --steps 9",
        "scale": 2,
        "metric": {"channel": "y", "border": 2},
        "groups": [["coffee"], ["left", "right"]],
        "images": rows,
        "mean": {key: value for key, value in rows[0].items() if isinstance(value, float)},
        "seed": 0,
        "steps": 9,
        "seconds": 100.4,
        "device": "2 CPU cores",
        "versions": {"keras": "3.15.1"},
    }
    (tmp_path / "leave_one_out.json").write_text(json.dumps(value))
    page = results.render(tmp_path)
    assert "(left and right are held out together: they show one scene)" in page
    lines = [_cells(line) for line in page.splitlines() if line.startswith("|")]
    assert lines[2] == ["coffee", "64 x 48", "30.00", "31.00", "+1.00", "0.8800", "0.9000"]
    assert lines[-1][0] == "**mean**"


def test_every_colour_photograph_is_held_out_once_and_both_views_of_a_scene_together():
    path = ROOT / "benchmarks" / "leave_one_out.py"
    spec = importlib.util.spec_from_file_location("leave_one_out", path)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    groups = benchmark.groups()
    assert len(groups) == 10
    assert groups[-1] == ["motorcycle_left", "motorcycle_right"]
    assert sorted(name for group in groups for name in group) == list(embedded_photographs())
    metrics = [_metrics("super_resolution", gain, gain > 1, training=9) for gain in (1.0, 2.0)]
    for value, name in zip(metrics, "ba", strict=True):
        value["evaluation"]["images"] = [{**value["evaluation"]["images"][0], "name": name}]
    table = benchmark.table(metrics)
    assert [row["name"] for row in table["images"]] == ["a", "b"]
    assert table["mean"]["gain_db"] == 1.5
    assert table["seconds"] is None  # one of them was interrupted
    assert results.sections()[table["kind"]]([table])


def test_what_is_no_run_and_what_is_no_record_is_an_error(tmp_path):
    with pytest.raises(UserError, match="is no directory of a finished run"):
        results.record(tmp_path, tmp_path / "results")
    (tmp_path / "other.json").write_text('{"kind": "other"}')
    with pytest.raises(UserError, match=r"other.json: `kind` must be one of .*Received: 'other'"):
        results.render(tmp_path)
