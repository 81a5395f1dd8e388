"""The disagreement desk: what waits for a person, everything said about it, and decisions that are landed."""
