"""The composition root, and the only file that sees all four houses: settings → outside → app and scheduler."""

import os

from integrations.catcher import MailStore
from integrations.demo_mail import alongside, catching
from integrations.directory import connected
from sales_campaigns import demo, migrating
from sales_campaigns.accounts.instance import clock_anchor
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import Clock, SpedUpClock, SystemClock
from sales_campaigns.database import make_engine, make_sessions
from sales_campaigns.messages.dispatching import PostRoom
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.presence import process_name
from sales_campaigns.settings import settings_or_exit
from scheduler import commands, demo_week
from scheduler.runner import running
from web import create_app
from web.serving import serve_command

settings = settings_or_exit(os.environ)
engine = make_engine(settings.database)
sessions, reads = make_sessions(engine), make_sessions(engine, reads_only=True)
clock: Clock = SystemClock()
if settings.demo_speed > 1:
    clock = SpedUpClock(settings.demo_speed, lambda: clock_anchor(sessions))
store = MailStore(settings.data_dir / "caught") if settings.demo else None
outside = OutsideWorld(mail=connected(), caught=store)
seal = Seal(settings.secret_key, settings.secret_key_old)
room = PostRoom(sessions, reads, clock, outside.mail, seal, process_name(), settings.lease_seconds)

app = create_app(settings, engine, outside, clock)
app.cli.add_command(commands.group(settings, room))
app.cli.add_command(demo_week.command(settings, room, lambda: migrating.upgrade(engine), lambda: catching(store)))
app.cli.add_command(serve_command(app, lambda: alongside(store, settings.catcher_port, follow, running(settings, room))))


def follow(port: int) -> None:
    demo.move_mailboxes(sessions, port)
