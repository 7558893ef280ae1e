"""How fast Courtyard is, beside others and beside itself: `make bench`; docs/performance.md tells what came of it."""
