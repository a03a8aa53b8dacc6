"""Data validation: the schema of the data, and the anomalies of statistics against it."""
