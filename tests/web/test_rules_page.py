from dataclasses import replace

import pytest

from domain import worked_example
from domain.plan import Outcome, Rule
from domain.roles import Role
from onefold import demo
from tests.web.looked_up import Library, text_of
from web.rule_sentences import SENTENCES


def test_the_worked_example_is_about_the_contacts_of_the_demo() -> None:
    lookup, device = demo.contacts(worked_example.DATABASE_ID)[:2]
    for ours, theirs in ((worked_example.LOOKUP_CONTACT, lookup), (worked_example.DEVICE_CONTACT, device)):
        devices = tuple(replace(one, id=0) for one in ours.devices)
        assert replace(ours, id=0, devices=devices) == theirs


def test_the_worked_example_merges() -> None:
    plan = worked_example.plan()
    assert plan.outcome is Outcome.MERGED
    assert plan.survivor is worked_example.DEVICE_CONTACT


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_of_a_plan_has_a_sentence_of_its_source(rule: Rule) -> None:
    assert SENTENCES[rule].does
    assert SENTENCES[rule].quotes


@pytest.mark.slow
async def test_each_rule_has_an_anchor_and_the_example_agrees_but_for_its_erratum(library: Library) -> None:
    page = await (await library.visitor(Role.REQUESTER)).read("/rules")
    assert all(f'id="{rule.value}"' in page for rule in Rule)
    text = text_of(page)
    assert "email albert.b.jerm@gmail.com bertrand.jerm@gmail.com albert.b.jerm@gmail.com discarded" in text
    agreed = {"Created": "August 15, 2017", "MUID": "Sksd03jdJKK", "Favorite Food": "Burger"}
    assert all(f"{name} {value} {value} yes" in text for name, value in agreed.items())
    assert "userId null 777374 no a slip of the document" in text
