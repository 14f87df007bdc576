"""The marker on a card: its number is the seat, the side held up is the answer. Pure but for OpenCV."""

from __future__ import annotations

from typing import Any

import cv2

SIDES = 4
"""Top, right, bottom, left of the printed card: A, B, C, D."""
SEATS = 144
BITS = 5
_DICTIONARY = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_250)
"""5 × 5 bits: 250 markers that differ in at least 6 bits, in any rotation; seats are the first 144."""


def detector() -> Any:
    """A detector of our markers. Not to be shared between threads."""
    settings = cv2.aruco.DetectorParameters()
    settings.minMarkerPerimeterRate = 0.015  # a card of 14 cm at the back of a room of 9 m, in 1280 pixels
    settings.adaptiveThreshWinSizeMax = 33
    settings.errorCorrectionRate = 0.4  # a wrong seat is worse than a missing one, which the assistant sees
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    return cv2.aruco.ArucoDetector(_DICTIONARY, settings)


def bits_of(seat: int) -> list[list[bool]]:
    """The marker of a seat, black cells true, with its border of one cell: 7 rows of 7. Raises `ValueError`."""
    if not 1 <= seat <= SEATS:
        raise ValueError(f"no card for seat {seat}")
    size = BITS + 2
    picture = cv2.aruco.generateImageMarker(_DICTIONARY, seat, size)
    return [[int(picture[row, column]) < 128 for column in range(size)] for row in range(size)]
