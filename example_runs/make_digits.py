"""Write the data: data/digits.csv from scikit-learn, or data/digits_turned.csv from that.

    python make_digits.py
    python make_digits.py --turned

The digits are the test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and
C. Kaynak (UCI Machine Learning Repository, 1998, CC BY 4.0), each a count of ink in 8 x 8 blocks.
The turned ones lie on their left side. They are kept out of git and known to DVC, as data made
from other data often are: data/digits_turned.csv.dvc holds their hash.
"""

from __future__ import annotations

import argparse
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
SIDE = 8
HEADER = ["id", "label", *(f"p{pixel}" for pixel in range(SIDE * SIDE))]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the data of the example runs.")
    parser.add_argument("--turned", action="store_true", help="the digits that lie on their side")
    if parser.parse_args().turned:
        write("digits_turned.csv", turned_rows())
    else:
        write("digits.csv", original_rows())


def original_rows() -> list[list[int]]:
    """Return id, label and 64 pixels of each digit, row by row from the top."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return [
        [row, int(label), *map(int, pixels)]
        for row, (label, pixels) in enumerate(zip(digits.target, digits.data, strict=True))
    ]


def turned_rows() -> list[list[int]]:
    """Return the digits of data/digits.csv, each turned by a quarter against the clock."""
    lines = (DATA / "digits.csv").read_text(encoding="ascii").splitlines()[1:]
    return [turned([int(cell) for cell in line.split(",")]) for line in lines]


def turned(row: list[int]) -> list[int]:
    pixels = row[2:]
    columns = [pixels[column::SIDE] for column in range(SIDE)]
    return row[:2] + [pixel for column in reversed(columns) for pixel in column]


def write(name: str, rows: list[list[int]]) -> None:
    text = "".join(",".join(map(str, row)) + "\n" for row in [HEADER, *rows])
    (DATA / name).write_bytes(text.encode("ascii"))


if __name__ == "__main__":
    main()
