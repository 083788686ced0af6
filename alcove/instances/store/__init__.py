"""What the room stores: settings and the owner's contact, counts, flags."""
