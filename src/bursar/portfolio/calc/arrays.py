"""The array types of the calculations: float64 for analytics, int64 for day numbers and indices.

A day is an int64 number of days since 1970-01-01, the same number numpy's datetime64[D] holds.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
