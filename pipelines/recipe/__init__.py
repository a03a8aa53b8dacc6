"""What all recipes share: sections, the training, thresholds, how a file is read and its errors told."""
