"""The second proof that a person may want to be asked for."""
