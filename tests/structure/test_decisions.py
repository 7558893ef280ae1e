"""Decisions are one page each, in the same five parts, under a number of their own."""

import re

from tests.structure.sources import ROOT

PARTS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
PAGE = 80


def test_every_decision_has_its_five_parts_on_one_page() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert decisions
    for decision in decisions:
        lines = decision.read_text().splitlines()
        assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == PARTS, decision.name
        assert len(lines) <= PAGE, decision.name


def test_no_two_decisions_share_a_number() -> None:
    names = [decision.name for decision in (ROOT / "docs" / "decisions").iterdir()]
    assert [name for name in names if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name)] == []
    assert len({name[:4] for name in names}) == len(names)
