import sys

from pipelines import results
from pipelines.results.benchmarks import speed


def test_ratios_are_written_and_become_a_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["/somewhere/benchmarks/mining.py", "--rounds", "3"])
    rows = [speed.ratio("batch 2", [4.0, 2.0, 9.0], "at least 3"), speed.ratio("batch 4", [1.0])]
    path = speed.write("mining", "Mining", "Times faster than a loop.", rows, ["Batch 8: 3 MB."])
    assert path.as_posix() == "results/speed/mining.json"
    page = results.render(tmp_path / "results")
    assert "## Speed\n\n### Mining\n\nTimes faster than a loop.\n\n" in page
    assert "|  | median | of rounds | least to largest | asked |\n| --- | ---: | ---: | ---: | ---: |\n" in page
    assert "| batch 2 | 4.00 | 3 | 2.00 to 9.00 | at least 3 |\n| batch 4 | 1.00 | 1 | 1.00 to 1.00 |  |\n" in page
    assert "\nBatch 8: 3 MB.\n\n- `python benchmarks/mining.py --rounds 3` (" in page
