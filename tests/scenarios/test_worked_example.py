"""The seed's "A Simple Example", over HTTP on the real stack."""

from tests.tenant import Tenant

DEVICE = "Sksd03jdJKK|H892hH"


async def load(tenant: Tenant) -> tuple[int, int]:
    """The two contacts with their dates; returns the ids of the lookup contact and the device contact."""
    lookup = await tenant.register(
        "ZMjue73FFG|Zujdd9d",
        created="2017-08-01",
        email="albert.b.jerm@gmail.com",
        custom={"Favorite Food": "Pizza", "userId": "777374"},
    )
    device = await tenant.register(
        DEVICE, created="2017-08-15", email="bertrand.jerm@gmail.com", custom={"Favorite Food": "Burger"}
    )
    return lookup, device


async def test_the_worked_example_of_the_seed(tenant: Tenant) -> None:
    lookup, device = await load(tenant)

    answer = await tenant.establish(DEVICE, "777374")

    assert answer.status_code == 200
    told = answer.json()
    assert (told["outcome"], told["winnerRecipientId"]) == ("merged", device)
    assert told["winnerChannelIdentifier"] == "Sksd03jdJKK"
    contact = await tenant.contact(device)
    assert contact["created"] == "2017-08-15T00:00:00Z"
    assert contact["muid"] == "Sksd03jdJKK"
    assert contact["identities"] == [{"name": "userId", "value": "777374"}]
    assert {"name": "Favorite Food", "value": "Burger"} in contact["customFields"]
    assert contact["email"] == "albert.b.jerm@gmail.com"
    assert {one["destination"] for one in contact["channels"]} == {"Sksd03jdJKK|H892hH", "ZMjue73FFG|Zujdd9d"}
    assert contact["lastModified"] == (await tenant.merge(told["mergeId"]))["settled"]
    absorbed = await tenant.http.get(f"/databases/{tenant.id}/contacts/{lookup}")
    assert absorbed.status_code == 308
    assert absorbed.headers["location"].endswith(f"/databases/{tenant.id}/contacts/{device}")
