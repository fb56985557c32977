"""The writer of run folders: what a training calls, and what it may rely on.

``run`` is the face; every other module is one idea behind it. Nothing here raises into a
training for a fault of its own or of the disk.
"""
