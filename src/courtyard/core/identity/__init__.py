"""Who somebody is: people and their credentials."""
