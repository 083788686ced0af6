"""Programs and devices that a person lets in (OAuth 2)."""
