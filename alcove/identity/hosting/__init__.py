"""What ties a place to who hosts it."""
