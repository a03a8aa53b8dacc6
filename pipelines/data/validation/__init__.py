"""What the data must be like: the schema, and the anomalies that statistics show against it."""
