"""What each department system, the grids and the residents hold: one module a source."""
