from __future__ import annotations

import random

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cards.marker import SEATS, bits_of
from server.cards.reader import MOST_BYTES, jpeg_size, read_cards
from server.errors import AppError, BadPicture, TooLarge
from tests.server.cards.room import card, jpeg, photograph


@pytest.mark.parametrize("seed", range(6))
def test_a_picture_of_forty_cards_gives_forty_right_answers(seed: int) -> None:
    draw = random.Random(seed)
    held = {seat: draw.randrange(4) for seat in draw.sample(range(1, SEATS + 1), 40)}
    cards = read_cards(photograph(held, draw))
    assert cards.answers == held
    assert not cards.unclear


def test_a_card_that_is_not_held_up_is_missing_not_guessed() -> None:
    draw = random.Random(9)
    held = {seat: draw.randrange(4) for seat in range(1, 31)}
    cards = read_cards(photograph(held, draw, covered={3, 17}))
    assert cards.answers == {seat: side for seat, side in held.items() if seat not in (3, 17)}


@pytest.mark.parametrize("degrees", [45, 135, -45])
def test_a_card_between_two_answers_is_unclear(degrees: int) -> None:
    picture = np.full((400, 400), 200, np.uint8)
    turned = cv2.warpAffine(card(5, 0, 160), cv2.getRotationMatrix2D((80, 80), degrees, 0.7), (160, 160), borderValue=200)
    picture[120:280, 120:280] = turned
    cards = read_cards(jpeg(picture))
    assert (cards.answers, cards.unclear) == ({}, {5})


@pytest.mark.parametrize("degrees", [-25, -10, 10, 25])
def test_a_card_may_lean(degrees: int) -> None:
    picture = np.full((400, 400), 200, np.uint8)
    turned = cv2.warpAffine(card(5, 2, 160), cv2.getRotationMatrix2D((80, 80), degrees, 0.7), (160, 160), borderValue=200)
    picture[120:280, 120:280] = turned
    assert read_cards(jpeg(picture)).answers == {5: 2}


def test_one_card_seen_twice_with_two_answers_is_unclear() -> None:
    picture = np.full((300, 600), 200, np.uint8)
    picture[70:230, 70:230], picture[70:230, 370:530] = card(8, 0, 160), card(8, 1, 160)
    assert read_cards(jpeg(picture)).unclear == {8}


def test_an_empty_room_has_no_answers() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280), np.uint8)
    assert read_cards(jpeg(noise)).answers == {}


def test_what_is_too_large_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(TooLarge):
        read_cards(b"\xff\xd8" + bytes(MOST_BYTES))
    huge = bytearray(jpeg(np.zeros((8, 8), np.uint8)))
    place = huge.index(b"\xff\xc0")
    huge[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(TooLarge):
        read_cards(bytes(huge))


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_break_the_reader(data: bytes, begun: bool) -> None:
    try:
        read_cards((b"\xff\xd8\xff" if begun else b"") + data)
    except AppError:
        return


def test_the_size_is_read_from_the_frame_header() -> None:
    assert jpeg_size(jpeg(np.zeros((30, 70), np.uint8))) == (70, 30)
    with pytest.raises(BadPicture):
        jpeg_size(b"\x89PNG\r\n")


def test_every_seat_has_its_own_card_in_every_rotation() -> None:
    seen = set()
    for seat in range(1, SEATS + 1):
        bits = np.array(bits_of(seat))
        assert bits[0].all()
        assert bits[:, 0].all()
        seen |= {np.rot90(bits, k).tobytes() for k in range(4)}
    assert len(seen) == SEATS * 4
    with pytest.raises(ValueError, match="no card"):
        bits_of(0)
