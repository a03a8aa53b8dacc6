"""What components are built on: outputs found by digest, digests of code, records of runs."""
