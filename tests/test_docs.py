"""Rules of the documents: what they list is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import docs_tables

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("table", docs_tables.TABLES)
def test_tables_say_what_the_code_says(table: str) -> None:
    path, text = docs_tables.filled(table)
    assert path.read_text() == text, "run: python -m tests.docs_tables"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
