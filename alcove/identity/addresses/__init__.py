"""Another mail address, which holds once it is confirmed."""
