"""What components stand on: outputs found by digest, the digest of code, records of runs."""
