"""Who may do what, and who belongs where."""
