"""The verbs of jobs and triggers, and the two loops that move them: the runner and the clockwork."""
