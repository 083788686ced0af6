"""What opens a place by itself: tokens, slips and codes that serve once, and the secrets that sign them."""
