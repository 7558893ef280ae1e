"""What Courtyard is: its nouns, its rules, its refusals. No HTTP, no dialect, no vendor."""
