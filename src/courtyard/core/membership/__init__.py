"""Who belongs where: members of spaces and of organizations, and how they are invited."""
