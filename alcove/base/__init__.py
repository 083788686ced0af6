"""What every room stands on and that knows nothing of ours: clock, ids, errors, HTTP plumbing, SQLite, confinement."""
