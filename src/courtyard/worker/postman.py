"""Empties the outbox: claims a mail, opens the way, hands it over, says what became of it.

See `courtyard.core.mail` for what is promised, and why the text goes over last.
"""

from urllib.parse import urlsplit

import structlog

from courtyard.core import mail
from courtyard.core.mail import Mail, Text
from courtyard.worker.letters import BadAddress, compose, plain, sender
from courtyard.worker.outlets import Folder, Outlet, Refused, Smtp, Unreachable
from courtyard.worker.work import Setup, Tools

_log = structlog.stdlib.get_logger("courtyard.mail")


class Postman:
    """One mail after the other; what a server is slow to take holds up other mails and nothing else."""

    def __init__(self, tools: Tools) -> None:
        """Raises ValueError when the settings of mail make no sense."""
        self._database = tools.database
        self._setup = tools.setup
        self._sender = sender(tools.setup.mail_from)
        self._outlet = outlet(tools.setup)

    async def empty_outbox(self) -> int:
        """Try every mail that is due; how many."""
        tried = 0
        while (row := await self._claim()) is not None:
            await self._deliver(row)
            tried += 1
        return tried

    async def _claim(self) -> Mail | None:
        async with self._database.read() as tx:
            if not await mail.due(tx):
                return None
        async with self._database.write() as tx:
            return await mail.claim(tx)

    async def _deliver(self, row: Mail) -> None:
        handed = False
        try:
            async with self._outlet.open(self._sender.addr_spec, plain(row.recipient)) as line:
                text = await self._hand(row)
                if text is None:
                    return
                handed = True
                await line.send(row.id, compose(row, text, self._sender, eight_bit=line.eight_bit))
        except Unreachable as failure:
            await self._postpone(row, str(failure))
        except (Refused, BadAddress) as refusal:
            await self._drop(row, "address" if isinstance(refusal, BadAddress) else "refused", str(refusal))
        except Exception as error:  # noqa: BLE001 - the row must say what became of it, and other mails wait
            if not handed:
                _log.error("mail not sent", exc_info=error, mail=row.id, kind=row.kind)
                await self._postpone(row, type(error).__name__)
            else:
                await self._drop(row, "unknown", type(error).__name__)
        else:
            async with self._database.write() as tx:
                await mail.sent(tx, row)
            _log.info("mail sent", mail=row.id, kind=row.kind, attempt=row.attempt)

    async def _hand(self, row: Mail) -> Text | None:
        async with self._database.write() as tx:
            return await mail.hand(tx, row, self._setup.public_url)

    async def _postpone(self, row: Mail, reason: str) -> None:
        async with self._database.write() as tx:
            again = await mail.postpone(tx, row)
        _log.warning("mail not sent yet" if again else "mail dropped", mail=row.id, kind=row.kind, reason=reason)

    async def _drop(self, row: Mail, why: mail.Reason, reason: str) -> None:
        async with self._database.write() as tx:
            await mail.drop(tx, row, why)
        _log.warning("mail dropped", mail=row.id, kind=row.kind, why=why, reason=reason)


def outlet(setup: Setup) -> Outlet:
    """The SMTP server of the settings; without one, a folder in the data directory. Raises ValueError."""
    if setup.smtp_url:
        return Smtp(setup.smtp_url, urlsplit(setup.public_url).hostname or "localhost")
    return Folder(setup.data_dir / "mail")
