"""A Word file as Word writes them: `document(...)`; `minutes()` is the sample in docs/samples."""

import io
import zipfile

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PART = "application/vnd.openxmlformats-officedocument.wordprocessingml"
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
    "0dc44a4b0000000049454e44ae426082"
)
STYLES = {"Title": "Title", "Heading1": "heading 1", "Heading2": "heading 2", "ListParagraph": "List Paragraph"}


def paragraph(runs: str, style: str = "", listed: bool = False) -> str:
    numbered = "<w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr>" if listed else ""
    named = f"<w:pStyle w:val='{style}'/>" if style else ""
    return f"<w:p><w:pPr>{named}{numbered}</w:pPr>{runs}</w:p>"


def run(text: str, look: str = "") -> str:
    return f"<w:r><w:rPr>{look}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def link(text: str, to: str) -> str:
    return f"<w:hyperlink r:id='{to}'>{run(text)}</w:hyperlink>"


def picture(of: str, words: str) -> str:
    """A picture that lies here (`media/dot.png`) or elsewhere."""
    return (
        "<w:r><w:drawing><wp:inline><wp:extent cx='914400' cy='914400'/>"
        f"<wp:docPr id='1' name='Picture' descr='{words}'/><a:graphic><a:graphicData>"
        f"<pic:pic><pic:blipFill><a:blip r:embed='{of}'/></pic:blipFill></pic:pic>"
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def table(*rows: tuple[str, ...]) -> str:
    head = "<w:trPr><w:tblHeader/></w:trPr>"
    lines = "".join(
        f"<w:tr>{'' if number else head}"
        + "".join(f"<w:tc><w:tcPr/>{paragraph(run(cell))}</w:tc>" for cell in row)
        + "</w:tr>"
        for number, row in enumerate(rows)
    )
    grid = "<w:gridCol w:w='3000'/>" * len(rows[0])
    return f"<w:tbl><w:tblPr><w:tblLook w:firstRow='1'/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{lines}</w:tbl>"


def document(body: str, targets: dict[str, tuple[str, str]] | None = None, before: str = "") -> bytes:
    """A file with that body; `targets` are the ids of what is not in it, each with its kind and address."""
    outside = " TargetMode='External'"
    related = "".join(
        f"<Relationship Id='{name}' Type='{_OFFICE}/{kind}' Target='{to}'{outside if ':' in to else ''}/>"
        for name, (kind, to) in (targets or {}).items()
    )
    styles = "".join(
        f"<w:style w:type='paragraph' w:styleId='{known}'><w:name w:val='{name}'/></w:style>"
        for known, name in STYLES.items()
    )
    bullets = (
        "<w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'><w:numFmt w:val='bullet'/><w:lvlText w:val='•'/></w:lvl>"
        "</w:abstractNum><w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
    )
    parts = {
        "[Content_Types].xml": f"<Types xmlns='{_PACKAGE}/content-types'>"
        "<Default Extension='png' ContentType='image/png'/><Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
        f"<Override PartName='/word/document.xml' ContentType='{_PART}.document.main+xml'/>"
        f"<Override PartName='/word/styles.xml' ContentType='{_PART}.styles+xml'/>"
        f"<Override PartName='/word/numbering.xml' ContentType='{_PART}.numbering+xml'/></Types>",
        "_rels/.rels": f"<Relationships xmlns='{_PACKAGE}/relationships'>"
        f"<Relationship Id='r' Type='{_OFFICE}/officeDocument' Target='word/document.xml'/></Relationships>",
        "word/_rels/document.xml.rels": f"<Relationships xmlns='{_PACKAGE}/relationships'>"
        f"<Relationship Id='s' Type='{_OFFICE}/styles' Target='styles.xml'/>"
        f"<Relationship Id='n' Type='{_OFFICE}/numbering' Target='numbering.xml'/>{related}</Relationships>",
        "word/styles.xml": f"<w:styles xmlns:w='{_WORD}'>{styles}</w:styles>",
        "word/numbering.xml": f"<w:numbering xmlns:w='{_WORD}'>{bullets}</w:numbering>",
        "word/document.xml": f"{before}<w:document xmlns:w='{_WORD}' xmlns:r='{_OFFICE}' xmlns:a='{_DRAWING}/main'"
        f" xmlns:wp='{_DRAWING}/wordprocessingDrawing' xmlns:pic='{_DRAWING}/picture'><w:body>{body}</w:body></w:document>",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            # The same file each time.
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, "<?xml version='1.0' encoding='UTF-8'?>" + content)
        file.writestr(zipfile.ZipInfo("word/media/dot.png", (2026, 1, 1, 0, 0, 0)), DOT)
    return made.getvalue()


def minutes() -> bytes:
    author = "w:id='1' w:author='Grace' w:date='2026-01-01T00:00:00Z'"
    changed = (
        f"<w:ins {author}>{run('Thursday')}</w:ins><w:del {author}><w:r><w:delText>Monday</w:delText></w:r></w:del>"
    )
    return document(
        paragraph(run("Minutes of the garden meeting"), "Title")
        + paragraph(run("What was decided"), "Heading1")
        + paragraph(
            run("The ") + run("old pear tree", "<w:b/>") + run(" stays. ") + run("Émilie", "<w:i/>") + run(" asks.")
        )
        + paragraph(run("Rake the leaves"), "ListParagraph", listed=True)
        + paragraph(run("Mend the gate"), "ListParagraph", listed=True)
        + paragraph(run("Who pays"), "Heading2")
        + table(("What", "Who", "Cost"), ("Paint &amp; brushes", "Grace", "48.35"), ("Seeds", "Ada", "7.20"))
        + paragraph(run("We meet again on ") + changed + run("; see ") + link("the calendar", "web") + run("."))
        + paragraph(picture("image", "the gate in June")),
        {"web": ("hyperlink", "https://example.org/calendar"), "image": ("image", "media/dot.png")},
    )
