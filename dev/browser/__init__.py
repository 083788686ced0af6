"""A real browser in front of a real server: what tests and benchmarks of the pages stand on."""
