"""Sections of RESULTS.md that are made from records of tasks and of benchmarks."""

from pipelines import results


def _common(recipe, method, steps, seconds=10.0):
    return {
        "recipe": recipe,
        "command": f"genssl run {recipe}",
        "seed": 0,
        "phases": {"training": steps},
        "seconds": seconds,
        "device": "2 CPU cores",
        "weights": 1234,
        "data": "fashion_mnist",
        "parameters": {"model": {"method": method}, "prepare": {"size": 28, "channels": 1}},
        "versions": {"keras": "3.15.1"},
    }


def _generator(recipe, method, fid, **numbers):
    return {
        "kind": "generation",
        **_common(recipe, method, 4000),
        "numbers": {"fid": fid, "fid_over_pca": fid / 8, "kid": 0.01, "precision": 0.5, "recall": 0.25, **numbers},
        "baselines": {
            "real": {"fid": 0.0125, "kid": 0.0, "precision": 0.75, "recall": 0.75},
            "pca": {"fid": 8.0, "kid": 1.0, "precision": 0.125, "recall": 0.0},
        },
        "images": 10000,
        "held_out": 10000,
        "components": 64,
        "features": "fashion",
    }


def _cells(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "---" not in line]


def test_all_generators_stand_in_one_table_between_floor_and_baseline_the_best_first():
    records = [
        _generator("a/vae", "VAE", 4.0, nll=-900.0, nll_below_ppca=50.0),
        _generator("b/gan", "ACGAN", 2.0, label_accuracy=0.9),
    ]
    records[0]["likelihood"] = {
        "likelihood": "gaussian", "latents": 8, "num_samples": 100, "images": 1000,
        "nll": -900.0, "negative_elbo": -890.0, "ppca": -850.0,
    }  # fmt: skip
    text = results.sections()["generation"](records)
    head, floor, first, second, pca, _, likelihood = _cells(text)
    assert head[5:] == [
        "Fashion-FID", "Fashion-FID over PCA's", "KID", "precision", "recall", "samples of their class",
    ]  # fmt: skip
    assert floor[1:] == ["real images held out", "", "", "", "0.0125", "", "0.0000", "0.750", "0.750", ""]
    assert first == ["`b/gan`", "ACGAN", "1,234", "4,000", "10", "2.00", "0.250", "0.0100", "0.500", "0.250", "90.0%"]
    assert (second[0], second[5], second[10]) == ("`a/vae`", "4.00", "")
    assert (pca[1], pca[5], pca[6]) == ("Gaussian in 64 principal components", "8.00", "1.000")
    assert likelihood[1:] == ["gaussian", "8", "100", "-890.0", "-900.0", "-850.0", "-50.0"]
    assert text.count("## ") == 1
    records[1]["baselines"]["real"] |= {"label_accuracy": 0.9375}  # records of before have none
    _, floor, *_ = _cells(results.sections()["generation"](records))
    assert (floor[5], floor[10]) == ("0.0125", "93.8%")
    records[1]["numbers"]["train_on_samples_accuracy"] = 0.5
    records[1]["baselines"]["real"]["train_on_samples_accuracy"] = 0.875
    text = results.sections()["generation"](records)
    assert _cells(text)[1][10:] == ["93.8%", "87.5%"]
    assert "The baseline of the classifier trained on samples is one trained on 10,000 real images." in text
    other = _generator("c/gan", "GAN", 1.0) | {"images": 2000}
    assert results.sections()["generation"]([*records, other]).count("## ") == 2  # numbers that do not compare


def test_numbers_that_only_some_generators_have_stand_in_a_table_for_each_kind():
    records = [
        _generator("a/aae", "AdversarialAutoencoder", 4.0, psnr=18.0, sample_variance=0.75),
        _generator("b/bigan", "BiGAN", 2.0, psnr=15.0, nearest_neighbour=0.875),
        _generator("c/ali", "ALI", 3.0, psnr=16.0, nearest_neighbour=0.75),
    ]
    for record in records[1:]:
        record["baselines"]["raw_pixels"] = {"nearest_neighbour": 0.5}
    text = results.sections()["generation"](records)
    generators, of_inverses, of_codes = text.split("## ")[1].split("\n\n|")[1:4]
    assert "PSNR" not in generators
    assert _cells("|" + of_inverses) == [
        ["recipe", "method", "PSNR of reconstructions, dB", "1-NN accuracy of codes"],
        ["`b/bigan`", "BiGAN", "15.00", "87.5%"],
        ["", "raw pixels", "", "50.0%"],
        ["`c/ali`", "ALI", "16.00", "75.0%"],
        ["", "raw pixels", "", "50.0%"],
    ]
    assert _cells("|" + of_codes)[1] == ["`a/aae`", "AdversarialAutoencoder", "18.00", "0.750"]


def test_densities_that_are_bounds_are_marked():
    records = [
        {
            "kind": "density",
            **_common(recipe, method, 1000),
            "numbers": {"nats": nats, "nats_over_ten_neighbours": nats / 125, **numbers},
            "baselines": {"ten_neighbours": {"nats": 125.0}},
            "images": 100,
            "levels": 2,
            "sheet": "100",
            **bound,
        }
        for recipe, method, nats, numbers, bound in (
            ("a/pixel_vae", "PixelVAE", 100.0, {"kl": 2.0}, {"bound": True}),
            ("b/pixelcnn", "PixelCNN", 110.0, {}, {"bound": False}),
            ("c/old", "PixelCNN", 120.0, {}, {}),  # records of before do not say it
        )
    ]
    text = results.sections()["density"](records)
    assert [row[5:] for row in _cells(text)[1:]] == [
        ["≤ 100.0", "≤ 0.800", "2.00"],
        ["110.0", "0.880", ""],
        ["120.0", "0.960", ""],
        ["125.0", "1.000", ""],
    ]
    assert "≤ marks an upper bound of -log p." in text
    assert "≤" not in results.sections()["density"](records[1:])


def test_autoencoders_stand_beside_pca_of_their_code_and_damaged_images_have_a_row():
    record = {
        "kind": "reconstruction",
        **_common("a/denoising", "DenoisingAutoencoder", 3000, seconds=None),
        "numbers": {"mse": 0.02, "psnr": 23.0, "mse_over_pca": 0.5, "damaged_mse": 0.03, "damaged_psnr": 21.25,
                    "damaged_mse_over_pca": 0.25},
        "baselines": {"pca": {"mse": 0.04, "psnr": 20.0, "damaged_mse": 0.12, "damaged_psnr": 15.0}},
        "images": 10000,
        "code_dim": 8,
    }  # fmt: skip
    _, clean, damaged = _cells(results.sections()["reconstruction"]([record]))
    assert clean[2:] == ["8", "1,234", "3,000", "", "0.02000", "0.04000", "0.500", "23.00", "20.00"]
    assert damaged[0] == "`a/denoising`, damaged"
    assert damaged[6:] == ["0.03000", "0.12000", "0.250", "21.25", "15.00"]


def test_translators_stand_above_what_needs_no_training():
    record = {
        "kind": "translation",
        **_common("a/cyclegan", "CycleGAN", 10),
        "numbers": {"error": 0.25, "ratio": 0.5, "psnr": 15.0, "ssim": 0.75, "cycle_error": 0.125},
        "baselines": {"copy": {"error": 0.5}, "histogram_matching": {"error": 0.75}},
        "images": 2000,
        "source": "image",
    }
    record["parameters"]["prepare"] |= {"thickness": 2, "threshold": 48.0, "source": "image"}
    text = results.sections()["translation"]([record])
    _, ours, copy, matched = _cells(text)
    assert ours[5:] == ["0.2500", "0.5000", "15.00", "0.7500", "0.1250"]
    assert (copy[1], copy[5], matched[5]) == ("the source itself", "0.5000", "0.7500")
    assert "## Translation: fashion_mnist, garments to drawings" in text


def test_anomalies_have_a_row_for_each_score_and_a_column_for_each_class():
    spread = {"mean": 0.5, "deviation": 0.01}
    row = {"method": "vae_elbo", "title": "VAE, negative ELBO", "seeds": 5, "mean": spread, "classes": {"Bag": spread}}
    alone = {**row, "title": "PCA", "seeds": 1}
    record = {
        "kind": "anomaly", "rows": [row, alone], "metric": "AUROC", "data": "Fashion-MNIST", "command": "python x.py",
        "seconds": 9.0, "versions": {},
    }  # fmt: skip
    head, ours, pca = _cells(results.sections()["anomaly"]([record]))
    assert head == ["score", "seeds", "mean", "Bag"]
    assert ours == ["VAE, negative ELBO", "5", "0.500 ± 0.010", "0.500 ± 0.010"]
    assert pca[1:] == ["1", "0.500", "0.500"]


def test_gradients_of_both_objectives_stand_beside_each_other():
    row = {"steps": 1600, "discriminator_on_fakes": 1e-6, "minimax": 1e-6, "non_saturating": 0.5}
    record = {
        "kind": "vanishing_gradients", "rows": [row], "batch_size": 512, "command": "python x.py", "seed": 0,
        "data": {"modes": 8, "radius": 2.0, "sigma": 0.02}, "device": "2 CPU cores", "versions": {},
    }  # fmt: skip
    _, cells = _cells(results.sections()["vanishing_gradients"]([record]))
    assert cells == ["1,600", "1.00e-06", "1.00e-06", "5.00e-01", "500,000.0"]


def test_settings_that_collapse_stand_beside_those_that_do_not():
    rows = [
        {"setting": name, "rounds": 4000, "seed": seed, "modes": modes, "share": 0.5, "seconds": 4.0}
        for name, modes in {"best": 25, "collapsed": 3}.items()
        for seed in (0, 1)
    ]
    record = {
        "kind": "mode_collapse", "rows": rows, "truth": {"modes": 25, "share": 0.99}, "samples": 2500, "within": 3.0,
        "min_samples": 1, "batch_size": 256, "data": {"modes": 25, "spacing": 2.0, "sigma": 0.05},
        "command": "python x.py", "device": "2 CPU cores", "versions": {},
    }  # fmt: skip
    _, truth, best, collapsed = _cells(results.sections()["mode_collapse"]([record]))
    assert truth[3:5] == ["25", "99.0%"]
    assert best == ["best", "4,000", "0, 1", "25, 25", "50.0%, 50.0%", "4"]
    assert collapsed[3] == "3, 3"


def test_modes_of_stacked_garments_stand_below_those_of_real_stacks():
    row = {"setting": "DCGAN", "seed": 3, "modes": 876, "kl": 0.51239, "duplicates": 0.125, "seconds": 99.6}
    record = {
        "kind": "stacked_modes", "rows": [row], "samples": 10_000, "steps": 2000, "batch_size": 64,
        "truth": {"modes": 1000, "kl": 0.0512, "duplicates": 0.5, "accuracy": 0.8125},
        "duplicates": {"among": 250, "threshold": 0.25}, "data": {"name": "Fashion-MNIST", "modes": 1000},
        "command": "python x.py", "device": "2 CPU cores", "versions": {},
    }  # fmt: skip
    text = results.sections()["stacked_modes"]([record])
    _, truth, gan = _cells(text)
    assert truth[1:] == ["", "1,000", "0.0512", "50%", ""]
    assert gan == ["DCGAN", "3", "876", "0.5124", "12%", "100"]
    assert "81.2%" in text
    assert "0.0500" in text  # 999 / 20,000
    assert "count 26,000 samples. With 10,000 samples fewer" in text
