"""What Cognito knows of people, and what of it a stranger can learn."""

import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdas.platform.identity import Identity, PasskeyRefused, PasswordRefused, Proof
from local.emulator import Emulator
from local.user_pool import ensure_user_pool
from tests.authenticator import Authenticator, raw

ADA, MO, NOBODY = "per_ada", "per_mo", "per_nobody"
PASSWORD = "four words of mine"
SITE = "tester.example"


@pytest.fixture
def identity(emulator: Emulator) -> Identity:
    people = ensure_user_pool(boto3.client("cognito-idp"), "tester", site=SITE)
    return Identity(pool=people.id, app_client=people.client, floor=0)


@pytest.fixture
def ada(identity: Identity) -> str:
    identity.create(ADA)
    identity.set_password(ADA, PASSWORD)
    return ADA


class Failing:
    """A Cognito that answers everything with one error, and counts."""

    def __init__(self, code: str, message: str = "no") -> None:
        self.code, self.message, self.asked = code, message, 0

    def __getattr__(self, name: str) -> Any:
        def call(**_: Any) -> Any:
            self.asked += 1
            raise ClientError({"Error": {"Code": self.code, "Message": self.message}}, name)

        return call


def failing(code: str, message: str = "no", *, floor: float = 0) -> tuple[Identity, Failing]:
    cognito = Failing(code, message)
    client: Any = cognito
    return Identity(pool="p", app_client="c", floor=floor, _client=client, _secret=b"s"), cognito


def test_a_password_proves_the_person_it_was_set_for(identity: Identity, ada: str) -> None:
    proof = identity.prove(ada, PASSWORD)
    assert proof is not None
    assert proof.token.count(".") == 2
    assert proof.token not in repr(proof)


@pytest.mark.parametrize("password", ["", "wrong but long enough", PASSWORD.upper(), f" {PASSWORD}", "x" * 5000, "\0"])
def test_no_other_password_does(identity: Identity, ada: str, password: str) -> None:
    assert identity.prove(ada, password) is None


def test_nobody_is_proven_by_any_password(identity: Identity, ada: str) -> None:
    assert identity.prove(NOBODY, PASSWORD) is None


def test_a_person_without_a_password_is_not_proven(identity: Identity) -> None:
    identity.create(MO)
    assert identity.prove(MO, PASSWORD) is None


def test_a_new_password_takes_the_place_of_the_old_one(identity: Identity, ada: str) -> None:
    identity.set_password(ada, "another long one")
    assert identity.prove(ada, PASSWORD) is None
    assert identity.prove(ada, "another long one")


def test_a_password_is_the_same_however_a_keyboard_composes_it(identity: Identity, ada: str) -> None:
    identity.set_password(ada, "Cafe\u0301 am Abend")
    assert identity.prove(ada, "Caf\u00e9 am Abend")


def test_making_and_forgetting_someone_twice_is_doing_it_once(identity: Identity, ada: str) -> None:
    identity.create(ada)
    assert identity.prove(ada, PASSWORD)
    identity.delete(ada)
    identity.delete(ada)
    assert identity.prove(ada, PASSWORD) is None


def test_cognito_knows_nothing_of_a_person_but_the_id(identity: Identity, ada: str) -> None:
    user = boto3.client("cognito-idp").admin_get_user(UserPoolId=identity.pool, Username=ada)
    assert [attribute["Name"] for attribute in user["UserAttributes"]] == ["sub"]


def test_a_password_that_cognito_refuses_is_told_beside_its_field(identity: Identity, ada: str) -> None:
    with pytest.raises(PasswordRefused) as raised:
        identity.set_password(ada, "short")
    assert [fault.path for fault in raised.value.fields] == ["password"]
    assert raised.value.__cause__ is None
    assert identity.prove(ada, PASSWORD)


def test_who_is_unknown_costs_as_many_calls_as_who_is_not(identity: Identity, ada: str) -> None:
    identity.prove(ada, PASSWORD)  # reads the client's secret, once
    asked: list[str] = []
    events = identity._cognito().meta.events
    events.register("before-call.cognito-idp", lambda model, **_: asked.append(model.name))
    for person, password in ((ada, "wrong but long enough"), (NOBODY, PASSWORD), (ada, PASSWORD)):
        identity.prove(person, password)
    assert asked == ["AdminInitiateAuth"] * 3


def test_a_failed_proof_takes_its_time_and_a_good_one_does_not(identity: Identity, ada: str) -> None:
    identity.prove(ada, PASSWORD)
    identity.floor = 0.5
    for person in (ada, NOBODY):
        began = time.monotonic()
        assert identity.prove(person, "wrong but long enough") is None
        assert time.monotonic() - began >= 0.5
        began = time.monotonic()
        assert identity.prove_by_passkey(person, "x" * 40, {"id": "none"}) is None
        assert time.monotonic() - began >= 0.5
    began = time.monotonic()
    assert identity.prove(ada, PASSWORD)
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("code", ["TooManyRequestsException", "LimitExceededException", "InternalErrorException"])
def test_a_cognito_that_is_throttled_or_down_is_no_wrong_password(code: str) -> None:
    identity, _ = failing(code)
    proof = Proof(token="t")
    asks: list[Any] = [
        lambda: identity.create(ADA),
        lambda: identity.set_password(ADA, PASSWORD),
        lambda: identity.prove(ADA, PASSWORD),
        lambda: identity.delete(ADA),
        lambda: identity.begin_passkey(proof),
        lambda: identity.add_passkey(proof, {"id": "x"}),
        lambda: identity.drop_passkey(proof, "x"),
        lambda: identity.ask_for_passkey(ADA),
        lambda: identity.prove_by_passkey(ADA, "session", {}),
    ]
    for ask in asks:
        with pytest.raises(ClientError, match=code):
            ask()


@pytest.mark.parametrize(
    "ask",
    [
        lambda identity: identity.prove(ADA, PASSWORD),
        lambda identity: identity.ask_for_passkey(ADA),
        lambda identity: identity.prove_by_passkey(ADA, "session", {}),
    ],
)
def test_an_app_client_with_another_secret_is_not_everyones_wrong_password(ask: Callable[[Identity], Any]) -> None:
    identity, _ = failing("NotAuthorizedException", "Unable to verify secret hash for client c")
    with pytest.raises(ClientError):
        ask(identity)
    assert identity._secret is None  # read again the next time


@pytest.fixture
def phone() -> Authenticator:
    return Authenticator(origin=f"https://{SITE}")


def with_passkey(identity: Identity, person: str, phone: Authenticator) -> str:
    proof = identity.prove(person, PASSWORD)
    assert proof is not None
    return identity.add_passkey(proof, phone.create(identity.begin_passkey(proof)))


def test_a_passkey_proves_its_person(identity: Identity, ada: str, phone: Authenticator) -> None:
    passkey = with_passkey(identity, ada, phone)
    options, session = identity.ask_for_passkey(ada)
    assert options["allowCredentials"] == [{"type": "public-key", "id": passkey}]
    assert identity.prove_by_passkey(ada, session, phone.get({**options, "rpId": SITE}))


def test_a_device_lists_a_passkey_under_the_name_that_its_person_knows(identity: Identity, ada: str) -> None:
    proof = identity.prove(ada, PASSWORD)
    assert proof is not None
    options = identity.begin_passkey(proof, label="ada@example.com")
    assert (options["user"]["name"], options["user"]["displayName"]) == ("ada@example.com", "ada@example.com")
    assert "ada@example.com" not in str(identity.begin_passkey(proof))


def test_a_challenge_is_answered_once(identity: Identity, ada: str, phone: Authenticator) -> None:
    with_passkey(identity, ada, phone)
    options, session = identity.ask_for_passkey(ada)
    answer = phone.get(options)
    assert identity.prove_by_passkey(ada, session, answer)
    assert identity.prove_by_passkey(ada, session, answer) is None


def test_a_passkey_that_was_dropped_proves_nothing(identity: Identity, ada: str, phone: Authenticator) -> None:
    passkey = with_passkey(identity, ada, phone)
    proof = identity.prove(ada, PASSWORD)
    assert proof is not None
    options, session = identity.ask_for_passkey(ada)
    identity.drop_passkey(proof, passkey)
    identity.drop_passkey(proof, passkey)
    assert identity.prove_by_passkey(ada, session, phone.get(options)) is None
    with pytest.raises(LookupError):
        phone.get(identity.ask_for_passkey(ada)[0])


def test_a_passkey_of_one_person_does_not_prove_another(identity: Identity, ada: str, phone: Authenticator) -> None:
    identity.create(MO)
    identity.set_password(MO, PASSWORD)
    with_passkey(identity, ada, phone)
    with_passkey(identity, MO, Authenticator(origin=phone.origin))
    options, session = identity.ask_for_passkey(MO)
    assert identity.prove_by_passkey(MO, session, phone.get(options, made=phone.passkeys[0])) is None
    options, session = identity.ask_for_passkey(ada)
    assert identity.prove_by_passkey(MO, session, phone.get(options)) is None


@pytest.mark.parametrize("credential", [{}, {"id": "x"}, {"id": 7}, {"id": "AAAA", "response": "none"}])
def test_what_is_no_passkey_is_refused_both_ways(identity: Identity, ada: str, credential: dict[str, Any]) -> None:
    proof = identity.prove(ada, PASSWORD)
    assert proof is not None
    identity.begin_passkey(proof)
    with pytest.raises(PasskeyRefused) as raised:
        identity.add_passkey(proof, credential)
    assert raised.value.__cause__ is None
    assert identity.prove_by_passkey(ada, identity.ask_for_passkey(ada)[1], credential) is None


@pytest.mark.parametrize("session", ["", "x", "x" * 40, "x" * 5000])
def test_a_session_that_cognito_never_gave_proves_nothing(
    identity: Identity, ada: str, phone: Authenticator, session: str
) -> None:
    with_passkey(identity, ada, phone)
    options, _ = identity.ask_for_passkey(ada)
    assert identity.prove_by_passkey(ada, session, phone.get(options)) is None


def test_a_passkey_of_another_page_is_refused(identity: Identity, ada: str) -> None:
    with pytest.raises(PasskeyRefused):
        with_passkey(identity, ada, Authenticator(origin="https://tester.example.evil.example"))


def test_nothing_in_what_is_asked_tells_who_has_a_passkey(identity: Identity, ada: str, phone: Authenticator) -> None:
    with_passkey(identity, ada, phone)
    identity.create(MO)
    shapes = []
    for person in (ada, MO, NOBODY):
        first, second = identity.ask_for_passkey(person)[0], identity.ask_for_passkey(person)[0]
        assert first["allowCredentials"] == second["allowCredentials"]
        assert first["challenge"] != second["challenge"]
        for one in first["allowCredentials"]:
            one["id"] = len(raw(one["id"])) in {16, 20, 32}
        first["allowCredentials"] = first["allowCredentials"][:1]  # some have two
        first["challenge"] = len(raw(first["challenge"]))
        shapes.append(first)
    assert shapes[0] == shapes[1] == shapes[2]


def test_what_stands_in_for_passkeys_differs_from_person_to_person(identity: Identity) -> None:
    asked = [identity.ask_for_passkey(f"per_{number}")[0]["allowCredentials"] for number in range(20)]
    ids = [one["id"] for allowed in asked for one in allowed]
    assert len(set(ids)) == len(ids)
    assert {len(raw(id)) for id in ids} == {16, 20, 32}


def test_an_answer_to_what_stands_in_proves_nothing(identity: Identity, ada: str, phone: Authenticator) -> None:
    with_passkey(identity, ada, phone)
    options, session = identity.ask_for_passkey(NOBODY)
    answer = phone.get(options, made=phone.passkeys[0])
    assert identity.prove_by_passkey(NOBODY, session, answer) is None
    assert identity.prove_by_passkey(ada, session, answer) is None
