"""`make screenshots [ARGS="lesson"]`: pictures of every page, taken from the running demo with a real browser, into `docs/pictures`.

The browser's camera shows the synthetic teacher, so that a picture holds no test card.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.harness.browser import chromium
from tests.harness.product import Product
from tests.harness.zones import zone_where_it_is
from tests.screenshots import after, demo, lesson, office
from tests.screenshots.shots import PICTURES, write_y4m

PARTS = {"office": office.take_office, "demo": demo.take, "lesson": lesson.take_lesson, "after": after.take_after}


async def main(wanted: list[str]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "teacher.y4m"
        write_y4m(film)
        now = datetime.now(UTC)
        morning = zone_where_it_is(8 if now.minute >= 30 else 9, now)  # pictures of a school day, whenever they are taken
        product = Product(Path(folder) / "data", {"SHUANGSHI_TIMEZONE": morning})
        await product.start("run")
        try:
            async with chromium(f"--use-file-for-fake-video-capture={film}") as browser:
                for name in wanted or PARTS:
                    await PARTS[name](product, browser)
        finally:
            await product.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
