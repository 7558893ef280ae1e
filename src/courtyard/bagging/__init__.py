"""Bags: a space as a ZIP in BagIt layout (RFC 8493), written while it leaves and read without trust."""

from courtyard.bagging.bag_reading import Bag
from courtyard.bagging.exporting import Broken, Export, Rows
from courtyard.bagging.refusals import Unusable
from courtyard.bagging.zip_reading import Archive

__all__ = ["Archive", "Bag", "Broken", "Export", "Rows", "Unusable"]
