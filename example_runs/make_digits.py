"""Write data/digits.csv from the digits that scikit-learn ships.

They are the test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak
(UCI Machine Learning Repository, 1998, CC BY 4.0), each a count of ink in 8 x 8 blocks.
"""

from __future__ import annotations

from pathlib import Path

from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent


def main() -> None:
    digits = load_digits()
    header = ",".join(["id", "label", *(f"p{pixel}" for pixel in range(64))])
    rows = (
        ",".join(map(str, [row, label, *map(int, pixels)]))
        for row, (label, pixels) in enumerate(zip(digits.target, digits.data, strict=True))
    )
    text = "\n".join([header, *rows]) + "\n"
    (HERE / "data" / "digits.csv").write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
