"""How a run is told: one file per format."""
