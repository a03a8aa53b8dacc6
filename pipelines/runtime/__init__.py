"""What components stand on: outputs found by digest, the digest of code, the order of a run."""
