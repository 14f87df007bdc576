"""Small presentations for tests, part by part (ECMA-376)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

_TYPES = {
    "presentation": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    "slide": "application/vnd.openxmlformats-officedocument.presentationml.slide+xml",
    "slideLayout": "application/vnd.openxmlformats-officedocument.presentationml.slideLayout+xml",
    "slideMaster": "application/vnd.openxmlformats-officedocument.presentationml.slideMaster+xml",
    "theme": "application/vnd.openxmlformats-officedocument.theme+xml",
}
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    f'xmlns:r="{_R}" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
_TREE = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm><a:off x="0" y="0"/>'
    '<a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)
_MAP = (
    'bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" '
    'accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"'
)
_FILLS = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>' * 3
_LINES = '<a:ln w="6350"><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:ln>' * 3
_EFFECTS = "<a:effectStyle><a:effectLst/></a:effectStyle>" * 3
_COLOURS = "".join(
    f'<a:{name}><a:srgbClr val="{value}"/></a:{name}>'
    for name, value in (
        *(("dk1", "000000"), ("lt1", "FFFFFF"), ("dk2", "333333"), ("lt2", "EEEEEE")),
        *((f"accent{n}", "2060A0") for n in range(1, 7)),
        *(("hlink", "0000FF"), ("folHlink", "800080")),
    )
)
ANIMATION = (
    '<p:timing><p:tnLst><p:par><p:cTn id="1" dur="indefinite" restart="never" nodeType="tmRoot"><p:childTnLst><p:set><p:cBhvr>'
    '<p:cTn id="2" dur="1"/><p:tgtEl><p:spTgt spid="2"/></p:tgtEl><p:attrNameLst><p:attrName>style.visibility</p:attrName>'
    '</p:attrNameLst></p:cBhvr><p:to><p:strVal val="visible"/></p:to></p:set></p:childTnLst></p:cTn></p:par></p:tnLst></p:timing>'
)
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"\x00" * 64


def slide(text: str = "1/2", font: str = "DejaVu Sans", tail: str = "", *, shown: bool = True, inside: str = "") -> str:
    """The XML of one slide."""
    box = '<a:xfrm><a:off x="900000" y="900000"/><a:ext cx="6000000" cy="2000000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    face = f'<a:latin typeface="{font}"/>' if font else ""
    words = f'<a:bodyPr/><a:lstStyle/><a:p><a:r><a:rPr lang="en-US" sz="6000">{face}</a:rPr><a:t>{text}</a:t></a:r></a:p>'
    shape = f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr>{box}</p:spPr><p:txBody>{words}</p:txBody></p:sp>'
    show = "" if shown else ' show="0"'
    return f"<p:sld {_SPACES}{show}><p:cSld><p:spTree>{_TREE}{shape}{inside}</p:spTree></p:cSld>{tail}</p:sld>"


def pptx(
    slides: Sequence[str] = (slide(),),
    relations: Mapping[int, Sequence[tuple[str, str]]] | None = None,
    parts: Mapping[str, bytes] | None = None,
) -> bytes:
    """A presentation. `relations`: slide (from 1) → kind and target, `http…` and `file…` lead outside; `parts`: more of them."""
    listed = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in range(1, len(slides) + 1))
    made: dict[str, str] = {
        "ppt/presentation.xml": f'<p:presentation {_SPACES}><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rM"/></p:sldMasterIdLst>'
        f"<p:sldIdLst>{listed}</p:sldIdLst>"
        '<p:sldSz cx="9144000" cy="5143500"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>',
        "ppt/slideMasters/slideMaster1.xml": f"<p:sldMaster {_SPACES}><p:cSld><p:spTree>{_TREE}</p:spTree></p:cSld><p:clrMap {_MAP}/>"
        '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="r1"/></p:sldLayoutIdLst></p:sldMaster>',
        "ppt/slideLayouts/slideLayout1.xml": f"<p:sldLayout {_SPACES}><p:cSld><p:spTree>{_TREE}</p:spTree></p:cSld></p:sldLayout>",
        "ppt/theme/theme1.xml": f'<a:theme {_SPACES} name="t"><a:themeElements><a:clrScheme name="c">{_COLOURS}</a:clrScheme>'
        '<a:fontScheme name="f"><a:majorFont><a:latin typeface="DejaVu Sans"/><a:ea typeface=""/><a:cs typeface=""/></a:majorFont>'
        '<a:minorFont><a:latin typeface="DejaVu Sans"/><a:ea typeface=""/><a:cs typeface=""/></a:minorFont></a:fontScheme>'
        f'<a:fmtScheme name="s"><a:fillStyleLst>{_FILLS}</a:fillStyleLst><a:lnStyleLst>{_LINES}</a:lnStyleLst>'
        f"<a:effectStyleLst>{_EFFECTS}</a:effectStyleLst><a:bgFillStyleLst>{_FILLS}</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>",
    }
    rels = {
        "_rels/.rels": [("rId1", "officeDocument", "ppt/presentation.xml")],
        "ppt/_rels/presentation.xml.rels": [
            ("rM", "slideMaster", "slideMasters/slideMaster1.xml"),
            *((f"r{n}", "slide", f"slides/slide{n}.xml") for n in range(1, len(slides) + 1)),
        ],
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": [
            ("r1", "slideLayout", "../slideLayouts/slideLayout1.xml"),
            ("r2", "theme", "../theme/theme1.xml"),
        ],
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels": [("r1", "slideMaster", "../slideMasters/slideMaster1.xml")],
    }
    for n, body in enumerate(slides, 1):
        made[f"ppt/slides/slide{n}.xml"] = body
        more = [(f"x{place}", kind, target) for place, (kind, target) in enumerate((relations or {}).get(n, ()), 1)]
        rels[f"ppt/slides/_rels/slide{n}.xml.rels"] = [("r1", "slideLayout", "../slideLayouts/slideLayout1.xml"), *more]
    made |= {name: _rels(lines) for name, lines in rels.items()}
    made["[Content_Types].xml"] = _content_types(made)
    return package({name: body.encode() for name, body in made.items()} | dict(parts or {}))


def _rels(lines: Sequence[tuple[str, str, str]]) -> str:
    def line(one: tuple[str, str, str]) -> str:
        outside = ' TargetMode="External"' if one[2].startswith(("http", "file")) else ""
        return f'<Relationship Id="{one[0]}" Type="{_R}/{one[1]}" Target="{one[2]}"{outside}/>'

    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<?xml version="1.0"?><Relationships xmlns="{space}">{"".join(map(line, lines))}</Relationships>'


def _content_types(made: Mapping[str, str]) -> str:
    defaults = "".join(
        f'<Default Extension="{ending}" ContentType="{kind}"/>'
        for ending, kind in (
            ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
            ("xml", "application/xml"),
            ("mp4", "video/mp4"),
            ("png", "image/png"),
        )
    )
    parts = ""
    for name in made:
        word = name.rpartition("/")[2].removesuffix(".xml").rstrip("0123456789")
        parts += f'<Override PartName="/{name}" ContentType="{_TYPES[word]}"/>' if word in _TYPES else ""
    return f'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{defaults}{parts}</Types>'


def package(parts: Mapping[str, bytes]) -> bytes:
    """A ZIP of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in parts.items():
            made.writestr(name, body)
    return out.getvalue()
