"""The components of a pipeline, one file each."""
