"""The sections of RESULTS.md for records of benchmarks; each module has the name of its kind of records."""
