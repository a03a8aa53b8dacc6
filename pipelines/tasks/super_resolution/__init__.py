"""Super-resolution: photographs enlarged, against bicubic."""
