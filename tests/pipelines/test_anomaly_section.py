import json

from pipelines import results


def test_anomalies_become_a_table_of_classes_and_methods(tmp_path):
    spread = {"mean": 0.51234, "deviation": 0.00456}
    record = {
        "kind": "anomaly",
        "command": "python benchmarks/anomaly.py",
        "metric": "AUROC",
        "rows": [
            {"title": "PCA", "classes": {"Bag": {"mean": 0.9, "deviation": 0.0}}, "mean": spread},
            {"title": "VAE", "classes": {"Bag": {"mean": 0.8, "deviation": 0.1}}, "mean": spread},
        ],
        "settings": {"code": 32, "steps": 300, "batch_size": 256},
        "seeds": 5,
        "seconds": 12.3,
        "versions": {"keras": "3.15.1"},
    }
    (tmp_path / "anomaly.json").write_text(json.dumps(record))
    page = results.render(tmp_path)
    assert "| held out | PCA | VAE |\n| --- | ---: | ---: |\n| Bag | 0.900 | 0.800 |\n" in page
    assert "| **mean** | 0.512 +- 0.005 | 0.512 +- 0.005 |\n" in page
    assert "- `python benchmarks/anomaly.py` (12 seconds in all, keras 3.15.1)" in page
