"""The benchmark of translation without pairs: its record, and what RESULTS.md says of it."""

import importlib.util
import json
import pathlib

import numpy as np
import pytest

from pipelines import results

SCRIPT = pathlib.Path(__file__).parents[2] / "benchmarks" / "unpaired_translation.py"
NARROW = [f"--{name}=2" for name in ("steps", "batch-size", "filters", "blocks", "discriminator-filters", "pool-size")]


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("unpaired_translation", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("domains", "weight"), [("prints", 2.5), ("drawings", 0.0)])
def test_the_identity_loss_is_for_domains_that_differ_in_style(benchmark, domains, weight):
    options = ["--output", "out", "--domains", domains]
    assert benchmark.parsed(options).identity_weight == weight
    assert benchmark.parsed([*options, "--identity-weight", "1.5"]).identity_weight == 1.5


def test_both_directions_are_recorded_and_shown_beside_baselines(benchmark, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    names = {"first": 6, "second": 4, "test_first": 3, "test_second": 3}
    arrays = {name: rng.integers(0, 256, (size, 16, 16, 3), dtype=np.uint8) for name, size in names.items()}
    monkeypatch.setitem(benchmark.DOMAINS, "prints", lambda count: arrays)
    monkeypatch.setattr(benchmark, "RESULTS", tmp_path / "results")
    benchmark.main(["--output", str(tmp_path / "out"), *NARROW])
    (path,) = (tmp_path / "results").iterdir()
    record = json.loads(path.read_text())
    assert path.name == "unpaired_translation.json"
    assert record["command"] == f"python benchmarks/unpaired_translation.py {' '.join(NARROW)}"
    assert (record["images"], record["settings"]["identity_weight"]) == (names, 2.5)
    assert str(tmp_path) not in path.read_text()
    truth = np.abs(arrays["test_first"] / 127.5 - arrays["test_second"] / 127.5).mean()
    assert [record["scores"][way]["copy"] for way in ("translate", "translate_back")] == pytest.approx([truth] * 2)
    page = results.render(tmp_path / "results")
    assert "## Translation without pairs: photographs and canvas prints, both ways" in page
    assert f"| error of the source itself | {truth:.4f} | {truth:.4f} |" in page
    errors = [f"{record['scores'][way]['error']:.4f}" for way in ("translate", "translate_back")]
    assert f"| CycleGAN: error | {errors[0]} | {errors[1]} |" in page
    assert (tmp_path / "out" / "translations.png").is_file()
