"""Signing up, forgetting a password, and proving an address by the code in its mailbox."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.features.accounts import accounts, codes
from lambdas.features.accounts.models import Step
from lambdas.platform import audit, team
from lambdas.platform.identity import Identity
from lambdas.platform.people import Address, Person, find
from lambdas.platform.sessions import SessionRow
from lambdas.platform.team import OWNERS, Member
from tests.browsing import Browser, FormOf
from tests.features.entering import EMAIL, OTHER_PASSWORD, PASSWORD, mailed_code, me, newest_step, sign_up
from tests.people import a_person
from tests.platform_under_test import PlatformUnderTest

SESSION = "__Host-session"


@pytest.fixture
def browser(platform: PlatformUnderTest) -> Browser:
    return Browser(platform)


def test_a_proven_address_and_a_password_are_an_account_and_a_session(browser: Browser) -> None:
    begun = browser.post("/api/auth/sign-up", email="Ada@People.example", name="Ada Fictional", next="/contact/")
    assert (begun.status, begun.headers["location"]) == (303, "/account/confirm/")
    assert "Ada@People.example" in browser.get("/account/confirm/").body
    code = mailed_code(browser)
    done = browser.post("/api/auth/confirm", code=f"{code[:4]} {code[4:]}", password=PASSWORD)
    assert (done.status, done.headers["location"]) == (303, "/contact/")
    person = me(browser)
    assert (person["email"], person["name"], person["role"]) == ("Ada@People.example", "Ada Fictional", "fan")
    assert find("ada@people.example") == person["id"]
    assert [row.method for row in SessionRow.query(person["id"])] == ["password"]


def test_nobody_has_an_account_before_their_mailbox_has_proven_itself(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    assert (Person.count(), Address.count(), me(browser)) == (0, 0, None)


def test_in_german_everything_stays_german(browser: Browser) -> None:
    begun = browser.post("/api/auth/sign-up", email=EMAIL, name="Ada", language="de")
    assert begun.headers["location"] == "/de/account/confirm/"
    page = browser.get("/de/account/confirm/")
    assert FormOf(page).lang == "de"
    done = browser.post("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD, language="de")
    assert done.headers["location"] == "/de/account/"
    assert me(browser)["locale"] == "de"


def test_confirming_twice_is_one_account_and_signed_in_both_times(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    step, code = dict(browser.cookies), mailed_code(browser)
    first = browser.post("/api/auth/confirm", code=code, password=PASSWORD)
    # The answer was lost: the browser knows of nothing, and sends the same once more.
    browser.cookies = step
    again = browser.post("/api/auth/confirm", code=code, password=PASSWORD)
    assert (first.status, again.status) == (303, 303)
    assert (Person.count(), Address.count()) == (1, 1)
    assert me(browser)["email"] == EMAIL


def test_ten_confirmations_at_once_are_one_account(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    code, cookies = mailed_code(browser), dict(browser.cookies)

    def confirm(number: int) -> int:
        one = Browser(browser.platform, address=f"203.0.113.{number}:1", cookies=dict(cookies))
        return one.post("/api/auth/confirm", code=code, password=PASSWORD).status

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(confirm, range(5)))
    assert set(answers) == {303}
    assert (Person.count(), Address.count()) == (1, 1)


def test_a_used_code_sets_no_other_password(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    step, code = dict(browser.cookies), mailed_code(browser)
    browser.post("/api/auth/confirm", code=code, password=PASSWORD)
    browser.cookies = step
    assert browser.post("/api/auth/confirm", code=code, password=OTHER_PASSWORD).status == 401
    other = Browser(browser.platform)
    assert other.post("/api/auth/sign-in", email=EMAIL, password=OTHER_PASSWORD).status == 401
    assert other.post("/api/auth/sign-in", email=EMAIL, password=PASSWORD).status == 303


@pytest.mark.parametrize("at", ["create", "set_password", "transaction"])
def test_a_crash_on_the_way_is_mended_by_trying_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    code = mailed_code(browser)

    def crash(*_: object, **__: object) -> Any:
        raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "no"}}, at)

    with monkeypatch.context() as broken:
        if at == "transaction":
            broken.setattr(accounts, "transaction", crash)
        else:
            broken.setattr(Identity, at, crash)
        refused = browser.post("/api/auth/confirm", code=code, password=PASSWORD)
    assert (refused.status, Person.count()) == (503, 0)
    assert "reach the part that checks this" in FormOf(refused).text
    assert browser.post("/api/auth/confirm", code=code, password=PASSWORD).status == 303
    assert Person.count() == 1


def test_two_who_prove_one_address_at_once_share_one_account(browser: Browser) -> None:
    """Both hold its mailbox: whoever comes second sets its password."""
    other = Browser(browser.platform, address="203.0.113.9:1")
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    first = mailed_code(browser)
    browser.platform.clock.forward(seconds=1)
    other.post("/api/auth/sign-up", email=EMAIL.upper(), name="Ada too")
    second = mailed_code(other)
    assert browser.post("/api/auth/confirm", code=first, password=PASSWORD).status == 303
    assert other.post("/api/auth/confirm", code=second, password=OTHER_PASSWORD).status == 303
    assert (Person.count(), me(other)["name"]) == (1, "Ada")
    assert me(other)["id"] == find(EMAIL)


def test_an_address_that_becomes_somebodys_in_the_middle_leaves_no_half_account(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    step = newest_step(browser)
    set_password, others = Identity.set_password, iter([True])

    def meanwhile(identity: Identity, person_id: str, password: str) -> None:
        set_password(identity, person_id, password)
        if next(others, False):
            identity.create(a_person(browser.platform, email=EMAIL).id)

    monkeypatch.setattr(Identity, "set_password", meanwhile)
    assert browser.post("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD).status == 303
    assert Person.count() == 1
    assert me(browser)["id"] == find(EMAIL) != step.person_id
    assert browser.platform.services.identity.prove(step.person_id, PASSWORD) is None


def test_who_proves_an_address_that_was_just_given_up_gets_into_no_account(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner moves to another address between our look and our write: what was set for the old one opens nothing."""
    person = sign_up(browser)
    thief = Browser(browser.platform, address="203.0.113.9:1")
    thief.post("/api/auth/forgot", email=EMAIL)
    set_password, moves = Identity.set_password, iter([True])

    def meanwhile(identity: Identity, person_id: str, password: str) -> None:
        set_password(identity, person_id, password)
        if next(moves, False):
            Address(EMAIL).delete()
            Address("new@people.example", person_id=person.id).save()
            person.update(actions=[Person.email.set("new@people.example")])

    monkeypatch.setattr(Identity, "set_password", meanwhile)
    assert thief.post("/api/auth/confirm", code=mailed_code(thief), password=OTHER_PASSWORD).status == 410
    assert me(thief) is None
    assert browser.platform.services.identity.prove(person.id, OTHER_PASSWORD) is None
    assert list(SessionRow.query(person.id)) == []


def test_killed_after_a_new_password_nobody_is_in_by_the_old_one(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = sign_up(browser)
    other = Browser(browser.platform, address="203.0.113.9:1")
    other.post("/api/auth/forgot", email=EMAIL)

    def killed(*_: Any, **__: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(accounts, "_written", killed)
    with pytest.raises(SystemExit):
        other.post("/api/auth/confirm", code=mailed_code(other), password=OTHER_PASSWORD)
    assert list(SessionRow.query(person.id)) == []


def test_the_creators_own_address_becomes_owner_of_a_platform_that_has_none(browser: Browser) -> None:
    person = sign_up(browser, "HELLO@tester.example")
    assert me(browser)["role"] == "owner"
    assert team.owners() == {person.id}
    assert Member.get(person.id).role == "owner"
    since = browser.platform.clock() - timedelta(days=1)
    (noted,) = audit.backwards(since=since, until=since + timedelta(days=2))
    assert (noted.action, noted.subject) == ("team.platform.claimed", person.id)


def test_on_a_platform_that_has_an_owner_it_is_a_fans(browser: Browser) -> None:
    Member(OWNERS).update(actions=[Member.owners.add({"per_first"})])
    sign_up(browser, "hello@tester.example")
    assert (me(browser)["role"], set(team.owners())) == ("fan", {"per_first"})


def test_two_owners_are_never_made_at_once(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody becomes owner between our look and our write: the account is made all the same."""
    looked = team.owners

    def just_before() -> frozenset[str]:
        found = looked()
        Member(OWNERS).update(actions=[Member.owners.add({"per_first"})])
        return found

    monkeypatch.setattr(team, "owners", just_before)
    sign_up(browser, "hello@tester.example")
    assert (me(browser)["role"], set(looked())) == ("fan", {"per_first"})


def test_no_other_address_ever_becomes_owner(browser: Browser) -> None:
    sign_up(browser)
    assert (me(browser)["role"], team.owners()) == ("fan", frozenset())


def test_someone_who_had_an_account_becomes_owner_by_a_new_password_too(browser: Browser) -> None:
    person = sign_up(browser, "hello@tester.example")
    for key in (person.id, OWNERS):
        Member(key).delete()
    browser.platform.clock.forward(minutes=20)
    browser.post("/api/auth/forgot", email="hello@tester.example")
    browser.post("/api/auth/confirm", code=mailed_code(browser), password=OTHER_PASSWORD)
    assert (me(browser)["role"], set(team.owners())) == ("owner", {person.id})


def test_a_forgotten_password_is_chosen_anew_and_ends_every_session(browser: Browser) -> None:
    person, elsewhere = sign_up(browser), Browser(browser.platform, address="203.0.113.9:1")
    elsewhere.post("/api/auth/forgot", email=EMAIL)
    done = elsewhere.post("/api/auth/confirm", code=mailed_code(elsewhere), password=OTHER_PASSWORD)
    assert (done.status, done.headers["location"]) == (303, "/account/")
    browser.platform.clock.forward(minutes=2)
    assert me(browser) is None
    assert me(elsewhere)["id"] == person.id
    assert Person.get(person.id).password_changed_at is not None
    assert browser.post("/api/auth/sign-in", email=EMAIL, password=PASSWORD).status == 401


def test_signing_up_with_an_address_that_has_an_account_changes_nothing_until_its_code(browser: Browser) -> None:
    person, other = sign_up(browser), Browser(browser.platform, address="203.0.113.9:1")
    other.post("/api/auth/sign-up", email=EMAIL, name="Somebody Else")
    assert browser.post("/api/auth/sign-in", email=EMAIL, password=PASSWORD).status == 303
    assert other.post("/api/auth/confirm", code=mailed_code(other), password=OTHER_PASSWORD).status == 303
    assert Person.get(person.id).name == "Ada Fictional"
    assert me(other)["id"] == person.id


def test_a_forgotten_password_of_nobody_makes_no_account_even_with_its_code(browser: Browser) -> None:
    browser.post("/api/auth/forgot", email="nobody@people.example")
    answer = browser.send("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD)
    assert (answer.status, answer.json["code"], Person.count()) == (410, "step_over", 0)


def test_five_wrong_codes_are_the_end_of_a_step_for_the_right_one_too(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    right = mailed_code(browser)
    wrong = f"{(int(right) + 1) % 10**8:08d}"
    answers = [browser.send("/api/auth/confirm", code=wrong, password=PASSWORD) for _ in range(5)]
    assert [answer.status for answer in answers] == [422] * 4 + [410]
    assert answers[0].json["errors"][0] | {"message": ""} == {"path": "code", "code": "wrong_code", "message": ""}
    assert browser.send("/api/auth/confirm", code=right, password=PASSWORD).status == 410
    assert Person.count() == 0


def test_many_guesses_at_once_are_no_more_than_five(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    step, services = newest_step(browser), browser.platform.services

    def guess(number: int) -> str:
        try:
            codes.check(step.id, ("sign-up",), f"{number:08d}", services=services)
        except codes.StepOver:
            return "over"
        except Exception:
            return "wrong"
        return "right"

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(guess, range(30)))
    assert answers.count("wrong") == codes.ATTEMPTS - 1
    assert Step.get(step.id).attempts == codes.ATTEMPTS


@pytest.mark.parametrize("code", ["", "0", "9" * 41, "१२३४५६७८", "x" * 8, "\ud800", "12345678\u0000"])
def test_what_is_no_code_is_refused_beside_its_field(browser: Browser, code: str) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    answer = browser.send("/api/auth/confirm", code=code, password=PASSWORD)
    assert answer.status in {400, 422}
    if answer.status == 422:
        assert [error["path"] for error in answer.json["errors"]] == ["code"]


def test_a_code_is_over_after_a_quarter_of_an_hour(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    code = mailed_code(browser)
    browser.platform.clock.forward(minutes=15)
    answer = browser.post("/api/auth/confirm", code=code, password=PASSWORD)
    assert (answer.status, Person.count()) == (410, 0)
    assert {"/account/sign-up/", "/account/forgot/"} <= set(FormOf(answer).links)


def test_a_code_of_another_browser_is_worth_nothing_here(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    stranger = Browser(browser.platform, address="203.0.113.9:1")
    assert stranger.post("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD).status == 410
    assert Person.count() == 0


def test_another_code_takes_the_place_of_the_one_before(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada", next="/contact/")
    before = mailed_code(browser)
    browser.platform.clock.forward(seconds=30)
    again = browser.post("/api/auth/resend")
    assert (again.status, again.headers["location"]) == (303, "/account/confirm/?done=resent")
    assert "Another code is on its way" in browser.get(again.headers["location"]).body
    assert browser.post("/api/auth/confirm", code=before, password=PASSWORD).status == 422
    done = browser.post("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD)
    assert (done.status, done.headers["location"]) == (303, "/contact/")
    assert me(browser)["name"] == "Ada"


@pytest.mark.parametrize("path", ["/api/auth/sign-up", "/api/auth/forgot"])
def test_five_codes_in_a_quarter_of_an_hour_for_one_mailbox(platform: PlatformUnderTest, path: str) -> None:
    """Whoever asks for them, from wherever."""
    name = {"name": "Ada"} if path.endswith("up") else {}
    answers = [
        Browser(platform, address=f"203.0.113.{host}:1").send(path, email=EMAIL, **name).status for host in range(6)
    ]
    assert answers == [200] * 5 + [429]
    platform.clock.forward(minutes=15)
    assert Browser(platform, address="203.0.113.99:1").send(path, email=EMAIL, **name).status == 200


def test_five_codes_in_a_quarter_of_an_hour_from_one_address(browser: Browser) -> None:
    answers = [browser.send("/api/auth/forgot", email=f"ada{n}@people.example").status for n in range(6)]
    assert answers == [200] * 5 + [429]
    shown = browser.post("/api/auth/forgot", email="ada@people.example")
    assert (shown.status, FormOf(shown, "/api/auth/forgot").fields["email"]) == (429, "ada@people.example")
    assert "wait for 15 minutes" in FormOf(shown).text


def test_an_address_that_may_not_ask_any_more_uses_up_nobodys_codes(browser: Browser) -> None:
    for number in range(5):
        browser.send("/api/auth/forgot", email=f"ada{number}@people.example")
    for _ in range(5):
        assert browser.send("/api/auth/forgot", email=EMAIL).status == 429
    assert Browser(browser.platform, address="203.0.113.9:1").send("/api/auth/forgot", email=EMAIL).status == 200


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "missing"),
        (" ", "missing"),
        ("x" * 81, "too_long"),
        ("x" * 100_000, "too_long"),
        ("Ada\u202eevil", "control_characters"),
        ("Ada\u200b", "control_characters"),
        ("Ad\u00ada", "control_characters"),
        ("A\u00a0B", "control_characters"),
        ("\u2800", "control_characters"),
        ("\u3164", "control_characters"),
        ("a" + "\u0301" * 20, "control_characters"),
        ("Ada\nTwo", "control_characters"),
        ("Ada\u0007", "control_characters"),
    ],
)
def test_a_name_that_shows_something_else_than_it_is_is_refused(browser: Browser, name: str, code: str) -> None:
    answer = browser.send("/api/auth/sign-up", email=EMAIL, name=name)
    assert (answer.status, answer.json["errors"][0]["path"], answer.json["errors"][0]["code"]) == (422, "name", code)
    assert Step.count() == 0


@pytest.mark.parametrize(
    "name", ["Ada", "Jürgen Müßig", "Zoë", "李小龍", "Ольга", "محمد", "Nguyễn Thị Ánh", "O’Neill-Smith Jr.", "A" * 80]
)
def test_a_name_of_any_script_is_kept_composed(browser: Browser, name: str) -> None:
    import unicodedata

    answer = browser.send("/api/auth/sign-up", email=EMAIL, name=unicodedata.normalize("NFD", name))
    assert (answer.status, newest_step(browser).name) == (200, unicodedata.normalize("NFC", name))


@pytest.mark.parametrize(
    "email",
    [
        "аda@people.example",
        "ada@реople.example",
        "ada",
        "a@b",
        "x" * 250 + "@a.example",
        "ada@people.example\u200b",
        "",
    ],
)
def test_an_address_that_only_looks_like_another_is_refused(browser: Browser, email: str) -> None:
    for path, more in (("sign-up", {"name": "Ada"}), ("forgot", {}), ("sign-in", {"password": PASSWORD})):
        answer = browser.send(f"/api/auth/{path}", email=email, **more)
        assert (answer.status, [error["path"] for error in answer.json["errors"]]) == (422, ["email"])
    assert Step.count() == 0


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "too_short"), ("x" * 300, "too_long"), ("1234567890", "password_common"), (EMAIL, "password_is_email")],
)
def test_a_bad_password_is_refused_beside_its_field_and_costs_no_try(
    browser: Browser, password: str, code: str
) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    for _ in range(6):
        answer = browser.send("/api/auth/confirm", code=mailed_code(browser), password=password)
        found = answer.json["errors"][0]
        assert (answer.status, found["path"], found["code"]) == (422, "password", code)
    assert browser.post("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD).status == 303


def test_neither_code_nor_password_ever_comes_back(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    answer = browser.post("/api/auth/confirm", code="98765432", password=PASSWORD)
    assert answer.status == 422
    assert "98765432" not in answer.body
    assert PASSWORD not in answer.body
    assert FormOf(answer, "/api/auth/confirm").invalid == {"code"}


def test_faults_are_beside_their_fields_and_what_was_typed_stays(browser: Browser) -> None:
    answer = browser.post("/api/auth/sign-up", email="no address", name="x" * 90, next="/contact/")
    form = FormOf(answer, "/api/auth/sign-up")
    assert (answer.status, form.invalid) == (422, {"email", "name"})
    assert (form.fields["email"], form.fields["name"], form.fields["next"]) == ("no address", "x" * 90, "/contact/")


def test_what_was_typed_goes_from_page_to_page(browser: Browser) -> None:
    browser.post("/api/auth/sign-in", email=EMAIL, password="wrong password", next="/contact/")
    for page, action in (("forgot", "forgot"), ("sign-up", "sign-up"), ("sign-in", "sign-in")):
        form = FormOf(browser.get(f"/account/{page}/"), f"/api/auth/{action}")
        assert (form.fields["email"], form.fields["next"]) == (EMAIL, "/contact/")


def test_trying_to_sign_in_meanwhile_takes_nobody_out_of_signing_up(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    assert browser.post("/api/auth/sign-in", email=EMAIL, password=OTHER_PASSWORD).status == 401
    assert browser.post("/api/auth/confirm", code=mailed_code(browser), password=PASSWORD).status == 303


def test_who_begins_nothing_is_led_to_the_beginning(browser: Browser) -> None:
    assert browser.get("/account/confirm/").headers["location"] == "/account/sign-up/"
    assert browser.get("/account/second-factor/").headers["location"] == "/account/sign-in/"


def test_a_step_lasts_as_long_as_its_cookie(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    step = newest_step(browser)
    assert step.expires_at - step.created_at == codes.LASTS == timedelta(minutes=15)
    browser.platform.clock.forward(minutes=15)
    assert browser.get("/account/confirm/").status == 303


def test_a_code_is_not_in_any_table_or_log(browser: Browser) -> None:
    browser.post("/api/auth/sign-up", email=EMAIL, name="Ada")
    code = mailed_code(browser)
    browser.post("/api/auth/confirm", code=code, password=PASSWORD)
    rows = [str(row.serialize()) for table in (Step, Person, Address, SessionRow) for row in table.scan()]
    assert rows
    assert not [row for row in rows if code in row or PASSWORD in row]
    log = browser.platform.log.getvalue()
    assert code not in log
    assert PASSWORD not in log
    assert EMAIL not in log
