"""Proofs (see `courtyard.core.identity.proofs`), under the name by which those who change accounts know them."""

from courtyard.core.identity.proofs import Proof, WrongPassword, prove, require

__all__ = ["Proof", "WrongPassword", "prove", "require"]
