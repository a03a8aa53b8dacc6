"""The sections of RESULTS.md that benchmarks make records for; a module is called like the kind of its records."""
