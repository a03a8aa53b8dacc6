"""What `StatisticsGen` counts: sizes, levels and labels of images, and hashes that find near-duplicates."""
