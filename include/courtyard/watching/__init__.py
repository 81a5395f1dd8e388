"""The watch: what failed, what is missing or unusual, which forms are due; told once a cause, and said again when it is over."""
