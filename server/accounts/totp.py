"""Time-based one-time passwords (RFC 6238): 6 digits, 30 s, one step of slack either way, each code once."""

from __future__ import annotations

import pyotp

STEP_S = 30
ISSUER = "shuangshi"


def new_secret() -> str:
    """160 random bits, base32."""
    return pyotp.random_base32()


def uri(secret: str, login: str) -> str:
    """What an authenticator app scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str, code: str, now_ms: int, last_step: int) -> int | None:
    """The time step whose code this is, if it is later than the last one used; None: not the code."""
    digits = code.replace(" ", "")
    now = now_ms // 1000 // STEP_S
    totp = pyotp.TOTP(secret)
    for step in (now, now - 1, now + 1):
        if step > last_step and pyotp.utils.strings_equal(digits, totp.at(step * STEP_S)):
            return step
    return None
