import json

from pipelines import results


def test_anomalies_become_a_table_of_scores_and_classes(tmp_path):
    record = {
        "kind": "anomaly",
        "command": "python benchmarks/anomaly.py",
        "data": "Garments; the class held out is the anomaly",
        "metric": "AUROC on the test set",
        "rows": [
            {
                "title": "PCA",
                "classes": {"Bag": {"mean": 0.9, "deviation": 0.0}},
                "mean": {"mean": 0.51234, "deviation": 0.0},
                "seeds": 1,
            },
            {
                "title": "VAE",
                "classes": {"Bag": {"mean": 0.8, "deviation": 0.1}},
                "mean": {"mean": 0.61234, "deviation": 0.00456},
                "seeds": 5,
            },
        ],
        "settings": {"code": 32, "steps": 300, "batch_size": 256},
        "seeds": 5,
        "seconds": 12.3,
        "versions": {"keras": "3.15.1"},
    }
    (tmp_path / "anomaly.json").write_text(json.dumps(record))
    page = results.render(tmp_path)
    assert "AUROC on the test set. Garments; the class held out is the anomaly. Behind a plus-minus: " in page
    assert "| score | seeds | mean | Bag |\n| --- | ---: | ---: | ---: |\n" in page
    assert "| PCA | 1 | 0.512 | 0.900 |\n| VAE | 5 | 0.612 ± 0.005 | 0.800 ± 0.100 |\n" in page
    assert "- `python benchmarks/anomaly.py` (12 seconds in all, keras 3.15.1)" in page


def test_rows_of_some_classes_have_no_mean_and_their_own_command(tmp_path):
    spread = {"mean": 0.75, "deviation": 0.0}
    record = {
        "kind": "anomaly",
        "command": "python benchmarks/anomaly.py",
        "data": "Garments",
        "metric": "AUROC",
        "rows": [
            {"title": "PCA", "classes": {"Bag": spread, "Coat": spread}, "mean": spread, "seeds": 1},
            {"title": "f-AnoGAN", "classes": {"Bag": spread}, "seeds": 1},
        ],
        "seconds": 12.3,
        "versions": {"keras": "3.15.1"},
        "gans": {"command": "python benchmarks/anomaly_gans.py --classes 8", "seconds": 99.6},
    }
    (tmp_path / "anomaly.json").write_text(json.dumps(record))
    page = results.render(tmp_path)
    assert "| PCA | 1 | 0.750 | 0.750 | 0.750 |\n| f-AnoGAN | 1 |  | 0.750 |  |\n" in page
    assert "- `python benchmarks/anomaly_gans.py --classes 8` (100 seconds in all)\n" in page
