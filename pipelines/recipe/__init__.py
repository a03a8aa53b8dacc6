"""What the recipes of all tasks share: sections for training, losses, thresholds and numbers."""
