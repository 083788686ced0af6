"""What people share with each other: so far a place answers that it has none."""
