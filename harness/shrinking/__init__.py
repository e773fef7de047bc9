"""The search for the smallest case that fails like one that was seen to fail."""
