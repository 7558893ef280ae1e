"""Those who are measured: one module each, behind the small protocol of `peer`."""
