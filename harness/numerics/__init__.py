"""Number formats, the drawing of inputs, and distances in units in the last place."""
