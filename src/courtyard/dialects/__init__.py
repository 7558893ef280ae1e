"""The published protocols, one package for each; strangers to each other."""
