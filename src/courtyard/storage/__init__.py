"""Where it rests: rows behind `database.Database`, bytes behind `blobs.Blobs`. Knows no noun."""
