"""The passphrase: chosen, proved, changed, forgotten, and what stands on it."""
