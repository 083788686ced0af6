"""Says what each file is: opens archives, asks every connector, names who takes it."""
