"""The functions' entry points.

Starting makes some hundred thousand objects and drops hardly one: Python's collector, which would look
them all through for every two thousand new ones, is told to look less often (a twentieth of a cold start).
"""

import gc

gc.set_threshold(100_000)
