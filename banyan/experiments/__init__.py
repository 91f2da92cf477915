"""Who is in which arm of an experiment, decided by the person and written down before it counts.

What came of it is read in ``insights``.
"""
