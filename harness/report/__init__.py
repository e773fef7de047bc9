"""Reports of a run: what they share, and one module per format."""
