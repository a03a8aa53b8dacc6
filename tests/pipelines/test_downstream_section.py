import json

from pipelines import results


def _row(name, title, tuned, random="random"):
    few = {"mean": 0.5, "deviation": 0.012}
    return {
        "name": name,
        "title": title,
        "random": random,
        "knn": 0.8125,
        "frozen_10": few,
        "tuned_10": {"mean": tuned, "deviation": 0.02},
    }


def test_beginnings_become_a_table_that_says_which_are_no_better_than_random(tmp_path):
    record = {
        "kind": "downstream",
        "command": "python benchmarks/downstream.py",
        "data": "Garments",
        "images": {"train": 60000, "test": 10000},
        "labels": [10],
        "draws": 3,
        "steps": 200,
        "batch_size": 64,
        "autoencoder": {"steps": 1500, "batch_size": 256},
        "rows": [
            _row("random", "random", 0.7, None),
            _row("random_layer", "random, as CPC's", 0.6, None),
            _row("rotation", "Rotation", 0.7),
            _row("cpc", "CPC", 0.65, "random_layer"),
            _row("jigsaw", "Jigsaw", 0.75),
        ],
        "seconds": 12.3,
        "device": "2 CPU cores",
        "versions": {"keras": "3.15.1"},
    }
    (tmp_path / "downstream.json").write_text(json.dumps(record))
    page = results.render(tmp_path)
    assert "20 neighbours among all 60,000 training images" in page
    assert "| beginning | kNN | frozen, linear, 10 labels a class | fine-tuned, 10 labels a class |\n" in page
    assert "| random | 81.2% | 50.0% ± 1.2 | 70.0% ± 2.0 |\n" in page
    assert "| Jigsaw | 81.2% | 50.0% ± 1.2 | 75.0% ± 2.0 |\n" in page
    assert "Fine-tuned with 10 labels a class, no better than random weights: Rotation.\n" in page
    assert "- `python benchmarks/downstream.py` (12 seconds in all, 2 CPU cores, keras 3.15.1)" in page
