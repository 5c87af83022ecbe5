"""Every row of the design's rules table, and every rule that a plan can name."""

from dataclasses import replace

import pytest

from domain.contact import WIRE_NAMES
from domain.plan import Blocker, FieldDecision, Outcome, Plan, Rule, Side
from domain.policy import Policy, SurvivorRule
from domain.ruleset import RULESET, make_plan
from tests.contacts import (
    DEVICE,
    VALUE,
    contact,
    device,
    device_contact,
    lookup_contact,
    merged,
    policy,
    request,
    row,
)

OLD, NEW, BOTH, ASKED = Side.OLDER, Side.NEWER, Side.BOTH, Side.REQUEST


def decided(one: FieldDecision) -> tuple[str | None, Rule, Side | None, tuple[str, ...]]:
    return one.result, one.rule, one.winner, one.lost


def survivors(plan: Plan) -> tuple[int | None, int | None]:
    return (plan.survivor.id if plan.survivor else None, plan.absorbed.id if plan.absorbed else None)


class TestOutcome:
    def test_an_unknown_device_is_not_found_whoever_holds_the_identity(self) -> None:
        for holder in (None, lookup_contact()):
            plan = make_plan(None, holder, request(), policy())
            assert plan.outcome is Outcome.NOT_FOUND
            assert (plan.result, plan.survivor, plan.fields, plan.identities) == (None, None, (), ())

    def test_a_free_identity_is_assigned_to_a_contact_without_one(self) -> None:
        plan = make_plan(device_contact(), None, request(), policy())
        assert plan.outcome is Outcome.ASSIGNED
        assert decided(row(plan, "userId")) == (VALUE, Rule.REQUESTED, ASKED, ())

    def test_an_identity_under_another_name_does_not_make_it_a_reassignment(self) -> None:
        plan = make_plan(device_contact(identities={"Alias Id": VALUE}), None, request(), policy())
        assert plan.outcome is Outcome.ASSIGNED
        assert plan.result is not None
        assert plan.result.identities == {"Alias Id": VALUE, "userId": VALUE}

    def test_a_free_identity_replaces_the_contacts_old_one(self) -> None:
        plan = make_plan(device_contact(identities={"userId": "old"}), None, request(), policy())
        assert plan.outcome is Outcome.REASSIGNED
        assert decided(row(plan, "userId")) == (VALUE, Rule.REQUESTED, ASKED, ("old",))
        assert plan.result is not None
        assert plan.result.identities == {"userId": VALUE}

    def test_an_identity_that_the_contact_has_already_changes_nothing(self) -> None:
        one = device_contact(identities={"userId": VALUE})
        plan = make_plan(one, one, request(), policy())
        assert (plan.outcome, plan.result) == (Outcome.UNCHANGED, one)
        assert decided(row(plan, "userId")) == (VALUE, Rule.REQUESTED, OLD, ())
        assert decided(row(plan, "lastModified")) == ("2020-02-02T00:00:00Z", Rule.SURVIVOR, OLD, ())

    def test_an_identity_of_another_contact_merges_both(self) -> None:
        plan = merged(device_contact(), lookup_contact())
        assert plan.outcome is Outcome.MERGED
        assert decided(row(plan, "userId")) == (VALUE, Rule.REQUESTED, OLD, ())

    def test_a_plan_names_its_ruleset(self) -> None:
        assert merged(device_contact(), lookup_contact()).ruleset == RULESET == "establish-identity/1"


class TestSurvivor:
    @pytest.mark.parametrize("created", ["2019-01-01", "2021-01-01"])
    def test_the_device_contact_remains_whatever_its_age(self, created: str) -> None:
        assert survivors(merged(device_contact(created=created), lookup_contact())) == (2, 1)

    @pytest.mark.parametrize(
        ("rule", "when_device_is_newer", "when_device_is_older"),
        [
            (SurvivorRule.DEVICE_CONTACT, 2, 2),
            (SurvivorRule.LOOKUP_CONTACT, 1, 1),
            (SurvivorRule.OLDER, 1, 2),
            (SurvivorRule.NEWER, 2, 1),
        ],
    )
    def test_the_policy_may_say_another(
        self, rule: SurvivorRule, when_device_is_newer: int, when_device_is_older: int
    ) -> None:
        newer = merged(device_contact(created="2021-01-01"), lookup_contact(), survivor=rule)
        older = merged(device_contact(created="2019-01-01"), lookup_contact(), survivor=rule)
        assert survivors(newer)[0] == when_device_is_newer
        assert survivors(older)[0] == when_device_is_older

    @pytest.mark.parametrize("rule", SurvivorRule)
    def test_the_only_contact_with_a_crm_sync_id_remains_where_the_caller_asks_for_it(self, rule: SurvivorRule) -> None:
        asked = request(use_crm_contact_as_winner=True)
        on_lookup = merged(device_contact(), lookup_contact(crmSyncId="c"), asked, survivor=rule)
        on_device = merged(device_contact(crmSyncId="c"), lookup_contact(), asked, survivor=rule)
        assert (survivors(on_lookup), survivors(on_device)) == ((1, 2), (2, 1))

    @pytest.mark.parametrize("crm", [None, "c"])
    def test_with_none_or_two_crm_contacts_the_flag_says_nothing(self, crm: str | None) -> None:
        asked = request(use_crm_contact_as_winner=True)
        lookup = lookup_contact(crmSyncId=crm and "other")
        assert survivors(merged(device_contact(crmSyncId=crm), lookup, asked)) == (2, 1)

    def test_without_the_flag_a_crm_contact_is_absorbed_like_any_other(self) -> None:
        assert survivors(merged(device_contact(), lookup_contact(crmSyncId="c"))) == (2, 1)

    def test_a_tie_of_ages_goes_to_the_smaller_id_as_older(self) -> None:
        same = "2020-01-01"
        plan = merged(device_contact(7, same), lookup_contact(9, same))
        swapped = merged(device_contact(9, same), lookup_contact(7, same))
        assert plan.older and plan.newer and swapped.older and swapped.newer
        assert (plan.older.id, plan.newer.id) == (swapped.older.id, swapped.newer.id) == (7, 9)


class TestRequestedIdentity:
    @pytest.mark.parametrize("rule", SurvivorRule)
    def test_it_is_on_the_survivor_whatever_the_ages_and_another_value_is_freed(self, rule: SurvivorRule) -> None:
        plan = merged(device_contact(identities={"userId": "contactB5678"}), lookup_contact(), survivor=rule)
        assert plan.result is not None
        assert plan.result.identities == {"userId": VALUE}
        assert decided(row(plan, "userId")) == (VALUE, Rule.REQUESTED, OLD, ("contactB5678",))


class TestIdentitiesUnderOtherNames:
    def test_both_are_kept(self) -> None:
        asked = request(name="Alias Id", value="A-1")
        plan = merged(device_contact(identities={"userId": "u"}), lookup_contact(identities={"Alias Id": "A-1"}), asked)
        assert plan.result is not None
        assert plan.result.identities == {"Alias Id": "A-1", "userId": "u"}
        assert decided(row(plan, "userId")) == ("u", Rule.ONLY_VALUE, NEW, ())

    def test_of_two_values_the_newers_stays_and_the_other_is_named(self) -> None:
        plan = merged(
            device_contact(identities={"Alias Id": "new"}),
            lookup_contact(identities={"userId": VALUE, "Alias Id": "old"}),
        )
        assert decided(row(plan, "Alias Id")) == ("new", Rule.NEWEST, NEW, ("old",))


class TestCreatedAndLastModified:
    @pytest.mark.parametrize(("rule", "kept", "lost"), [("device-contact", "2021", "2020"), ("older", "2020", "2021")])
    def test_created_is_the_survivors_own(self, rule: str, kept: str, lost: str) -> None:
        plan = merged(device_contact(), lookup_contact(), survivor=SurvivorRule(rule))
        winner = NEW if rule == "device-contact" else OLD
        wanted = (f"{kept}-01-01T00:00:00Z", Rule.SURVIVOR, winner, (f"{lost}-01-01T00:00:00Z",))
        assert decided(row(plan, "created")) == wanted

    def test_last_modified_is_the_commits(self) -> None:
        plan = merged(device_contact(), lookup_contact())
        assert decided(row(plan, "lastModified"))[:3] == (None, Rule.REGENERATED, None)


class TestEmail:
    @pytest.mark.parametrize(
        ("older", "newer", "result", "rule", "winner"),
        [
            ("a@jerm.example", "b@jerm.example", "a@jerm.example", Rule.OLDEST, OLD),
            ("a@jerm.example", "a@jerm.example", "a@jerm.example", Rule.EQUAL, BOTH),
            ("A@jerm.example", "a@jerm.example", "A@jerm.example", Rule.OLDEST, OLD),
            (None, "b@jerm.example", "b@jerm.example", Rule.ONLY_VALUE, NEW),
            ("a@jerm.example", None, "a@jerm.example", Rule.ONLY_VALUE, OLD),
            (None, None, None, Rule.EQUAL, None),
        ],
    )
    def test_it_is_the_olders_unless_null(
        self, older: str | None, newer: str | None, result: str | None, rule: Rule, winner: Side | None
    ) -> None:
        plan = merged(device_contact(email=newer), lookup_contact(email=older))
        assert decided(row(plan, "email"))[:3] == (result, rule, winner)

    def test_what_was_said_about_an_address_goes_with_it(self) -> None:
        older = lookup_contact(email="a@jerm.example", emailType="HTML", optInDetails="OPTED-IN")
        newer = device_contact(email="b@jerm.example", emailType="TEXT", optInDetails="OPTED-OUT")
        plan = merged(newer, older)
        assert decided(row(plan, "emailType")) == ("HTML", Rule.OLDEST, OLD, ("TEXT",))
        assert decided(row(plan, "optInDetails")) == ("OPTED-IN", Rule.OLDEST, OLD, ("OPTED-OUT",))

    def test_a_consent_is_not_moved_to_an_address_that_it_was_not_given_for(self) -> None:
        plan = merged(
            device_contact(email="b@jerm.example", emailType="TEXT", optInDetails="OPTED-IN"),
            lookup_contact(email="a@jerm.example"),
        )
        assert decided(row(plan, "emailType")) == (None, Rule.OLDEST, None, ("TEXT",))
        assert decided(row(plan, "optInDetails")) == (None, Rule.OLDEST, None, ("OPTED-IN",))

    def test_where_only_the_newer_has_an_address_its_consent_goes_with_it(self) -> None:
        plan = merged(
            device_contact(email="b@jerm.example", optInDetails="OPTED-OUT"),
            lookup_contact(emailType="HTML", optInDetails="OPTED-IN"),
        )
        assert decided(row(plan, "optInDetails")) == ("OPTED-OUT", Rule.NEWEST, NEW, ("OPTED-IN",))
        assert decided(row(plan, "emailType")) == (None, Rule.NEWEST, None, ("HTML",))

    @pytest.mark.parametrize("newers", ["a@jerm.example", "A@Jerm.Example"])
    @pytest.mark.parametrize(
        ("older", "newer", "result"),
        [
            ("OPTED-IN", "OPTED-OUT since May", "OPTED-OUT since May"),
            ("opted-out", "OPTED-IN", "opted-out"),
            ("OPTED-OUT 1", "OPTED-OUT 2", "OPTED-OUT 1"),
            ("OPTED-IN 1", "OPTED-IN 2", "OPTED-IN 1"),
            (None, "OPTED-OUT", "OPTED-OUT"),
            (None, "OPTED-IN", "OPTED-IN"),
            ("OPTED-IN", None, "OPTED-IN"),
            (None, None, None),
        ],
    )
    def test_of_two_equal_addresses_of_which_one_opted_out_the_result_is_opted_out(
        self, newers: str, older: str | None, newer: str | None, result: str | None
    ) -> None:
        plan = merged(
            device_contact(email=newers, optInDetails=newer), lookup_contact(email="a@jerm.example", optInDetails=older)
        )
        assert row(plan, "optInDetails").result == result

    def test_of_two_equal_addresses_the_olders_type_stays_unless_null(self) -> None:
        same = "a@jerm.example"
        plan = merged(device_contact(email=same, emailType="TEXT"), lookup_contact(email=same, emailType="HTML"))
        assert row(plan, "emailType").result == "HTML"
        plan = merged(device_contact(email=same, emailType="TEXT"), lookup_contact(email=same))
        assert row(plan, "emailType").result == "TEXT"


class TestOtherSystemAttributes:
    @pytest.mark.parametrize("rule", SurvivorRule)
    def test_lead_source_is_the_olders_unless_null(self, rule: SurvivorRule) -> None:
        plan = merged(device_contact(leadSource="app"), lookup_contact(leadSource="shop"), survivor=rule)
        assert decided(row(plan, "leadSource")) == ("shop", Rule.OLDEST, OLD, ("app",))
        plan = merged(device_contact(leadSource="app"), lookup_contact(), survivor=rule)
        assert decided(row(plan, "leadSource")) == ("app", Rule.ONLY_VALUE, NEW, ())

    def test_crm_sync_id_is_not_merged_and_never_adopted(self) -> None:
        plan = merged(device_contact(crmSyncId="mine"), lookup_contact(crmSyncId="theirs"))
        assert decided(row(plan, "crmSyncId")) == ("mine", Rule.NOT_MERGED, NEW, ("theirs",))
        plan = merged(device_contact(), lookup_contact(crmSyncId="theirs"))
        assert decided(row(plan, "crmSyncId")) == (None, Rule.NOT_MERGED, None, ("theirs",))

    @pytest.mark.parametrize(("rule", "kept", "winner"), [("device-contact", "d", NEW), ("lookup-contact", "l", OLD)])
    def test_visitor_key_is_the_survivors_own_unless_null(self, rule: str, kept: str, winner: Side) -> None:
        survivor = SurvivorRule(rule)
        plan = merged(device_contact(visitorKey="d"), lookup_contact(visitorKey="l"), survivor=survivor)
        assert decided(row(plan, "visitorKey"))[:3] == (kept, Rule.SURVIVOR, winner)
        plan = merged(device_contact(), lookup_contact(visitorKey="l"), survivor=survivor)
        assert decided(row(plan, "visitorKey")) == ("l", Rule.ONLY_VALUE, OLD, ())

    @pytest.mark.parametrize("rule", SurvivorRule)
    def test_muid_is_the_newers_unless_null(self, rule: SurvivorRule) -> None:
        plan = merged(device_contact(muid="new"), lookup_contact(muid="old"), survivor=rule)
        assert decided(row(plan, "muid")) == ("new", Rule.NEWEST, NEW, ("old",))
        plan = merged(device_contact(), lookup_contact(muid="old"), survivor=rule)
        assert decided(row(plan, "muid")) == ("old", Rule.ONLY_VALUE, OLD, ())


class TestCustomAttributes:
    @pytest.mark.parametrize("rule", SurvivorRule)
    @pytest.mark.parametrize(
        ("older", "newer", "wanted"),
        [
            ("Pizza", "Burger", ("Burger", Rule.NEWEST, NEW, ("Pizza",))),
            ("Pizza", "Pizza", ("Pizza", Rule.EQUAL, BOTH, ())),
            ("Pizza", "pizza", ("pizza", Rule.NEWEST, NEW, ("Pizza",))),
            ("Pizza", None, ("Pizza", Rule.ONLY_VALUE, OLD, ())),
            (None, "Burger", ("Burger", Rule.ONLY_VALUE, NEW, ())),
            ("Pizza", "", ("", Rule.NEWEST, NEW, ("Pizza",))),
            ("1", "0", ("0", Rule.NEWEST, NEW, ("1",))),
            ("Yes", "No", ("No", Rule.NEWEST, NEW, ("Yes",))),
            ("", None, ("", Rule.ONLY_VALUE, OLD, ())),
        ],
    )
    def test_they_are_the_newers_unless_null(
        self,
        rule: SurvivorRule,
        older: str | None,
        newer: str | None,
        wanted: tuple[str | None, Rule, Side | None, tuple[str, ...]],
    ) -> None:
        def of(value: str | None) -> dict[str, str]:
            return {} if value is None else {"Favorite Food": value}

        plan = merged(device_contact(custom=of(newer)), lookup_contact(custom=of(older)), survivor=rule)
        assert decided(row(plan, "Favorite Food")) == wanted
        assert plan.result is not None
        assert plan.result.custom == {"Favorite Food": wanted[0]}


class TestWhatIsAroundAContact:
    def test_all_devices_of_both_stay_each_with_its_consent(self) -> None:
        own = (device(22, DEVICE, "OPTED-OUT", os="one"), device(24, "+4917012345"))
        others = (device(21, "m0|c0"), device(23, "m3|c3", "OPTED-OUT"))
        plan = merged(device_contact(devices=own), lookup_contact(devices=others))
        assert plan.result is not None
        assert plan.result.devices == (others[0], own[0], others[1], own[1])

    def test_contact_lists_are_joined(self) -> None:
        plan = merged(device_contact(lists=(3, 5)), lookup_contact(lists=(1, 3)))
        assert plan.result is not None
        assert plan.result.lists == (1, 3, 5)


class TestBlocked:
    @pytest.mark.parametrize("holder", [None, lookup_contact()])
    @pytest.mark.parametrize("identities", [{}, {"userId": "old"}])
    def test_a_required_column_empty_in_the_result_blocks_any_change(self, holder: object, identities: object) -> None:
        of_device = device_contact(identities=identities)
        plan = make_plan(of_device, holder, request(), policy(required=("Country", "userId")))  # type: ignore[arg-type]
        assert plan.outcome is Outcome.BLOCKED
        assert plan.blockers == (Blocker("required-column-empty", "Country"),)

    @pytest.mark.parametrize("country", ["NL", ""])
    def test_either_contact_may_fill_it(self, country: str) -> None:
        filled = {"Country": country}
        for plan in (
            merged(device_contact(custom=filled), lookup_contact(), required=("Country",)),
            merged(device_contact(), lookup_contact(custom=filled), required=("Country",)),
        ):
            assert (plan.outcome, plan.blockers) == (Outcome.MERGED, ())

    def test_the_requested_identity_fills_its_own_column(self) -> None:
        plan = make_plan(device_contact(), None, request(), policy(required=("userId",)))
        assert plan.outcome is Outcome.ASSIGNED

    def test_what_would_change_nothing_is_never_blocked(self) -> None:
        one = device_contact(identities={"userId": VALUE})
        assert make_plan(one, one, request(), policy(required=("Country",))).outcome is Outcome.UNCHANGED

    def test_a_lookup_key_that_was_deleted_meanwhile_blocks(self) -> None:
        plan = make_plan(device_contact(), None, request(), Policy(1, lookup_keys=("Alias Id",)))
        assert plan.outcome is Outcome.BLOCKED
        assert plan.blockers == (Blocker("lookup-key-inactive", "userId"),)


class TestWinnerChannelIdentifier:
    def test_it_is_the_requested_muid_when_the_device_contact_survives(self) -> None:
        plan = merged(device_contact(muid="another"), lookup_contact(muid="old"))
        assert plan.winner_channel_identifier == "m1"

    def test_it_is_the_requested_phone_when_the_device_contact_survives(self) -> None:
        phone = "+491701234567"
        of_device = device_contact(devices=(device(22, phone),))
        assert merged(of_device, lookup_contact(), request(phone)).winner_channel_identifier == phone

    def test_else_it_is_the_survivors_own_from_before(self) -> None:
        stays = SurvivorRule.LOOKUP_CONTACT
        with_muid = lookup_contact(muid="mine", devices=(device(21, "m0|c0"),))
        assert merged(device_contact(), with_muid, survivor=stays).winner_channel_identifier == "mine"
        with_device = lookup_contact(devices=(device(20, "+4917099999"), device(21, "m0|c0")))
        assert merged(device_contact(), with_device, survivor=stays).winner_channel_identifier == "m0"
        phone = "+491701234567"
        of_phone = device_contact(devices=(device(22, phone),))
        plan = merged(of_phone, with_device, request(phone), survivor=stays)
        assert plan.winner_channel_identifier == "+4917099999"

    def test_a_muid_is_no_answer_to_a_request_for_a_phone(self) -> None:
        phone = "+491701234567"
        survivor = lookup_contact(muid="mine", devices=(device(20, "+4917099999"),))
        of_phone = device_contact(devices=(device(22, phone),))
        plan = merged(of_phone, survivor, request(phone), survivor=SurvivorRule.LOOKUP_CONTACT)
        assert plan.winner_channel_identifier == "+4917099999"

    @pytest.mark.parametrize("order", [1, -1])
    def test_of_several_of_its_own_it_is_the_first_registered(self, order: int) -> None:
        devices = (device(20, "m8|c0"), device(21, "m0|c0"))[::order]
        plan = merged(device_contact(), lookup_contact(devices=devices), survivor=SurvivorRule.LOOKUP_CONTACT)
        assert plan.winner_channel_identifier == "m8"

    def test_and_where_the_survivor_has_none_the_requested_one(self) -> None:
        plan = merged(device_contact(), lookup_contact(), survivor=SurvivorRule.LOOKUP_CONTACT)
        assert plan.winner_channel_identifier == "m1"

    def test_an_unknown_device_answers_with_its_own(self) -> None:
        assert make_plan(None, None, request(), policy()).winner_channel_identifier == "m1"


class TestTheWorkedExample:
    def test_every_sentence_of_it_holds_when_its_two_user_ids_are_read_the_other_way_round(self) -> None:
        lookup = contact(
            1,
            "2017-08-01",
            muid="ZMjue73FFG",
            email="albert.b.jerm@gmail.com",
            identities={"userId": VALUE},
            custom={"Favorite Food": "Pizza"},
            devices=(device(11, "ZMjue73FFG|Zujdd9d"),),
        )
        of_device = contact(
            2,
            "2017-08-15",
            muid="Sksd03jdJKK",
            email="bertrand.jerm@gmail.com",
            custom={"Favorite Food": "Burger"},
            devices=(device(22, "Sksd03jdJKK|H892hH"),),
        )
        plan = merged(of_device, lookup, request("Sksd03jdJKK|H892hH"))
        assert plan.result == replace(
            of_device,
            system=replace(of_device.system, email="albert.b.jerm@gmail.com"),
            identities={"userId": VALUE},
            devices=(*lookup.devices, *of_device.devices),
        )
        assert plan.winner_channel_identifier == "Sksd03jdJKK"


def test_every_rule_that_there_is_names_a_decision_of_one_plan() -> None:
    older = lookup_contact(leadSource="shop", email="a@jerm.example", custom={"Visits": "1", "Country": "NL"})
    newer = device_contact(leadSource="app", muid="m1", custom={"Visits": "2", "Country": "NL"})
    plan = merged(newer, older)
    assert {one.rule for one in (*plan.fields, *plan.identities)} == set(Rule)


def test_every_attribute_has_its_decision() -> None:
    plan = merged(device_contact(custom={"Visits": "1"}), lookup_contact())
    names = [one.name for one in plan.fields]
    assert sorted(names) == sorted({"created", "lastModified", "Visits", *WIRE_NAMES.values()})
