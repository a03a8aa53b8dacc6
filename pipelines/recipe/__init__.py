"""What all recipes share: the training, losses, thresholds, numbers."""
