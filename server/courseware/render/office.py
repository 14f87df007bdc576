"""LibreOffice turns a presentation into a PDF: without macros, without the net, with a profile of its own that is thrown away."""

from __future__ import annotations

import subprocess
from pathlib import Path

from server.courseware.render.package import opened, without_links
from server.courseware.render.refused import RefusedFile

SECONDS = 200
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


def convert(soffice: str, source: Path, out: Path) -> Path:
    """The PDF. Raises `RefusedFile`."""
    if not soffice:
        raise RefusedFile("no_office")
    cleaned, profile = out / "slides.pptx", out / "profile"
    with opened(source, known=True) as package:
        without_links(package, cleaned)
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE)
    words = [soffice, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck", "--nodefault"]
    words += ["--convert-to", "pdf:impress_pdf_Export", "--outdir", str(out), str(cleaned)]
    try:
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=SECONDS, check=False)  # noqa: S603 — ours
    except subprocess.TimeoutExpired as error:
        raise RefusedFile("too_slow", page=0) from error
    made = out / "slides.pdf"
    if not made.is_file():
        raise RefusedFile("unreadable")
    return made
