"""The operator's side: instances and their tokens, over HTTP on a port of its own."""
