import pytest
from pynamodb.exceptions import CancellationReason, TransactWriteError, VerboseClientError
from pynamodb.expressions.condition import Condition

from lambdas.core.references import load
from lambdas.features.contact.models import Message
from lambdas.features.registry import FEATURES, PLATFORM_TABLES, tables_of
from lambdas.platform.limits import Hits
from lambdas.platform.people import Address
from lambdas.platform.tables import (
    Index,
    Key,
    Met,
    NotWritten,
    bind,
    definition,
    repeated,
    table_name,
    transaction,
)


def test_a_table_is_read_off_its_model() -> None:
    messages, hits = definition(Message), definition(Hits)
    assert (messages.hash, messages.range, messages.ttl, messages.streamed) == (
        Key(name="id", type="S"),
        None,
        "expires_at",
        True,
    )
    assert (
        Index(
            name="undelivered",
            hash=Key(name="undelivered", type="S"),
            range=Key(name="received_at", type="S"),
            projection="KEYS_ONLY",
        )
        in messages.indexes
    )
    assert (hits.streamed, hits.ttl) == (False, "expires_at")


def test_every_table_has_a_name_of_its_own() -> None:
    models = [load(table) for table in (*PLATFORM_TABLES, *(table for f in FEATURES for table in f.tables))]
    assert len({model.short_name for model in models}) == len(models)
    assert set(tables_of(FEATURES)) >= {"rate-limits", "contact-messages"}


def test_binding_points_every_model_at_one_creators_tables_with_one_client(emulator: object) -> None:
    models = tables_of(FEATURES).values()
    bind(creator_id="one")
    bind(creator_id="two")
    assert {m.Meta.table_name for m in models} == {table_name("two", m.short_name) for m in models}
    assert len({id(m._get_connection().connection) for m in models}) == 1


@pytest.mark.parametrize("taken", [{"b"}, {"a", "d"}, {"c"}, {"e"}, {"a", "b", "c", "d", "e"}])
def test_a_transaction_that_is_refused_says_which_of_its_parts_as_they_were_added(
    emulator: object, taken: set[str]
) -> None:
    """Whatever kind they are: DynamoDB is sent them in another order."""
    bind(creator_id="tester")
    Address.create_table(billing_mode="PAY_PER_REQUEST")
    for email in taken:
        Address(email, person_id="per_somebody").save()
    with pytest.raises(NotWritten) as refused:
        _write_one_of_each_kind(condition=Address.email.does_not_exist())
    assert refused.value.places == tuple("abcde".index(email) for email in sorted(taken))
    assert {address.email for address in Address.scan()} == taken


def _write_one_of_each_kind(*, condition: Condition) -> None:
    with transaction(Address) as write:
        write.update(Address("a"), actions=[Address.person_id.set("per_new")], condition=condition)
        write.save(Address("b", person_id="per_new"), condition=condition)
        write.condition_check(Address, "c", condition=condition)
        write.save(Address("d", person_id="per_new"), condition=condition)
        write.delete(Address("e"), condition=condition)


def _cancelled(*codes: str) -> TransactWriteError:
    said = {"Error": {"Code": "TransactionCanceledException", "Message": ""}}
    reasons = [CancellationReason(code=code) for code in codes]
    return TransactWriteError("", VerboseClientError(said, "TransactWriteItems", cancellation_reasons=reasons))


def test_a_transaction_that_meets_another_one_is_done_again_and_is_no_fault_of_a_service(emulator: object) -> None:
    bind(creator_id="tester")
    tries = []

    def write() -> str:
        tries.append(1)
        with transaction(Address) as parts:
            parts.save(Address("a", person_id="per_new"))
            if len(tries) < 3:
                raise _cancelled("None", "TransactionConflict")
        return "written"

    Address.create_table(billing_mode="PAY_PER_REQUEST")
    assert repeated(write) == "written"
    assert (len(tries), Address.count()) == (3, 1)


def test_one_that_meets_others_for_ever_is_a_conflict_and_any_other_fault_stays_what_it_is(emulator: object) -> None:
    bind(creator_id="tester")

    def meets(*codes: str) -> None:
        with transaction(Address):
            raise _cancelled(*codes)

    with pytest.raises(Met) as met:
        repeated(lambda: meets("TransactionConflict"))
    assert (met.value.status, met.value.code) == (409, "conflict")
    with pytest.raises(TransactWriteError):
        repeated(lambda: meets("ThrottlingError"))
