"""Typst source in the scratch directory to `out.pdf`: no fonts of the system, no packages, nothing from elsewhere."""

import sys

import typst


def main(source: str) -> None:
    """Typeset `source`. What Typst stumbles over is told without its source."""
    fonts = typst.Fonts(include_system_fonts=False)
    try:
        compiler = typst.Compiler(
            source, root=".", font_paths=fonts, package_path="packages", package_cache_path="packages"
        )
        compiler.compile(output="out.pdf", format="pdf")
    except typst.TypstError as error:
        sys.exit(f"The document cannot be typeset: {error.message}"[:500])
