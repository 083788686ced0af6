"""The verbs of this room: installing and running connectors, taking files in, gathering them."""
