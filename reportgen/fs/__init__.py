"""Files: atomic writes, append-only lines, hashing, safe paths, bounded readers."""
