"""What every dialect needs from HTTP, and no dialect's own words."""
