"""Routes of the way in."""
