"""`shuangshi admin create-admin`: the first admin of an installation, by a one-time link."""

from __future__ import annotations

import argparse

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.office import target
from server.accounts.people import NewPerson, People
from server.accounts.sessions import Sessions
from server.accounts.slips import Slips
from server.cli.hall import Hall, Word, say, say_json
from server.cli.papers import base_url
from server.domain.orgs import TIERS
from server.school import orgs


async def create_admin(hall: Hall, arguments: argparse.Namespace) -> None:
    """Make the root organisation if there is none, an admin there, and print the link to choose login and password."""
    office = hall.office
    if not await office.orgs.count():
        form = orgs.NewOrg(name=arguments.org_name, code=arguments.org, tier=arguments.tier)
        await orgs.create_root(office, hall.who, form)
    org = await orgs.by_code(office, hall.who, arguments.org)
    people = People(office, Sessions(office.database, office.now), office.now)
    person = await people.create(hall.who, org.id, NewPerson(name=arguments.name, role="admin"))
    slips = Slips(office.database, office.now)

    async def work(connection: AsyncConnection) -> str:
        return await slips.issue(connection, "first_admin", person.id, hall.who.id)

    token = await office.acts.do(hall.who, "admin.create", target("person", person.id, org), work)
    link = f"{base_url(hall.settings)}/slip/{token}"
    if arguments.json:
        say_json({"person": person.id, "org": org.id, "link": link})
    else:
        say("Open this link once, within 24 hours, to choose login and password:", link)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--org", default="ROOT", help="code of the organisation (made if the installation is empty)")
    parser.add_argument("--org-name", default="教育局", help="its name, if it is made")
    parser.add_argument("--tier", choices=TIERS[:4], default="county", help="its tier, if it is made")
    parser.add_argument("--name", default="管理员", help="name of the admin")
    parser.add_argument("--json", action="store_true", help="print JSON")


WORDS = (Word("create-admin", "make an admin and print a one-time link to log in", create_admin, _arguments),)
