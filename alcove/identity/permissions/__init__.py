"""What links open, and what apps may do."""
