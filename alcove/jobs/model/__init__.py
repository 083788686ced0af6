"""Jobs, workers, triggers, and when these fire: plain data and pure rules."""
