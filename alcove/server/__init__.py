"""The composition: every room put together behind two ports."""
