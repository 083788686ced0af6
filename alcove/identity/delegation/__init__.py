"""Another provider says who it is (OpenID Connect)."""
