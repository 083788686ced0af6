"""The verbs of the room: linking what came in, what the person decides, and why something is linked."""
