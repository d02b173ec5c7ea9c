"""Full EASE (Steck 2019) with the ridge lambda * sqrt(count), in numpy and float64, over a matrix of pair counts.

Usage: ease.py FILE ITEMS LAMBDA, where FILE holds ITEMS * ITEMS int32. Prints {"seconds": ...} for the solve alone.
"""

import json
import sys
import time

import numpy as np


def main(path: str, items: int, ridge: float) -> None:
    gram = np.fromfile(path, dtype=np.int32).reshape(items, items).astype(np.float64)
    started = time.perf_counter()
    diagonal = np.arange(items)
    gram[diagonal, diagonal] += ridge * np.sqrt(gram[diagonal, diagonal])
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    weights[diagonal, diagonal] = 0
    print(json.dumps({"seconds": time.perf_counter() - started, "largest": float(np.abs(weights).max())}))


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
