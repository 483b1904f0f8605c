"""Makes iris.csv, wine.csv, breast_cancer.csv, moons.csv and spirals.csv beside this file.

    python3 make_small_sets.py

Needs numpy and scikit-learn. Every run gives the same bytes, with numpy 1.26.4 and scikit-learn 1.3.2
as with 2.4.6 and 1.9.1.

iris, wine, breast_cancer: the files of scikit-learn. The numbers and the order of samples stay as they are
there. The first row becomes the names of columns, and the number of a class becomes its name.

moons: 600 points, 300 a class. With t at 300 equally spaced values from 0 to pi, both included:
    upper: x = cos(t),      y = sin(t)
    lower: x = 1 - cos(t),  y = 0.5 - sin(t)
plus normal noise of standard deviation 0.2 in x and in y.

spirals: 600 points, 200 a class. With s at 200 equally spaced values from 0 to 1, both included,
and k = 0, 1, 2 for the classes first, second, third:
    r = 0.2 + 0.8 s,  phi = 2 pi (s + k / 3),  x = r cos(phi),  y = r sin(phi)
plus normal noise of standard deviation 0.05 in x and in y. An arm makes one turn.
"""

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.utils import Bunch

HERE = Path(__file__).resolve().parent


def write(name: str, columns: list[str], rows: list[list[str]]) -> None:
    """Writes `name`.csv: a header, then one sample per row, its class last."""
    lines = [",".join(row) for row in [[*columns, "class"], *rows]]
    (HERE / f"{name}.csv").write_bytes(("\n".join(lines) + "\n").encode())


def copy(name: str, source: str, bunch: Bunch) -> None:
    """Writes a set of scikit-learn, with the numbers as its file `source` has them."""
    columns = [re.sub(r"\W+", "_", feature.removesuffix(" (cm)")) for feature in bunch.feature_names]
    text = files("sklearn.datasets.data").joinpath(source).read_text()
    rows = [line.split(",") for line in text.split()[1:]]
    for row in rows:
        row[-1] = str(bunch.target_names[int(row[-1])])
    write(name, columns, rows)


def make(name: str, curves: dict[str, tuple[np.ndarray, np.ndarray]], noise: float, seed: int) -> None:
    """Writes the points (x, y) of each class plus noise, with 6 decimals."""
    # RandomState, since NumPy promises never to change its numbers.
    random = np.random.RandomState(seed)
    rows = []
    for label, (x, y) in curves.items():
        points = np.column_stack([x, y])
        points += random.normal(0.0, noise, points.shape)
        rows += [[f"{x:.6f}", f"{y:.6f}", label] for x, y in points]
    write(name, ["x", "y"], rows)


def spiral(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Arm `k` of three, without noise."""
    s = np.linspace(0.0, 1.0, 200)
    r, phi = 0.2 + 0.8 * s, 2.0 * np.pi * (s + k / 3)
    return r * np.cos(phi), r * np.sin(phi)


copy("iris", "iris.csv", load_iris())
copy("wine", "wine_data.csv", load_wine())
copy("breast_cancer", "breast_cancer.csv", load_breast_cancer())

t = np.linspace(0.0, np.pi, 300)
moons = {"upper": (np.cos(t), np.sin(t)), "lower": (1.0 - np.cos(t), 0.5 - np.sin(t))}
make("moons", moons, noise=0.2, seed=1)

spirals = {label: spiral(k) for k, label in enumerate(["first", "second", "third"])}
make("spirals", spirals, noise=0.05, seed=1)
