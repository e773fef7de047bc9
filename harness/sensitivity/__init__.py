"""What the inputs of a run are proven to show: planted defects that must move a result."""
