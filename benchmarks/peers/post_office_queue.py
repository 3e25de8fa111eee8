"""django-post_office with its queue in PostgreSQL: runs in an environment of its own, and knows nothing of ours.

python post_office_queue.py PORT MAILS FILE_OF_WORDS DATABASE_SOCKET DATABASE_NAME DATABASE_USER; prints the seconds.
"""

import sys
import time
from pathlib import Path

import django
from django.conf import settings

PORT, MAILS, WORDS, SOCKET, NAME, USER = sys.argv[1:]

settings.configure(
    DATABASES={
        "default": {"ENGINE": "django.db.backends.postgresql", "NAME": NAME, "USER": USER, "HOST": SOCKET}
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
    EMAIL_BACKEND="post_office.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=int(PORT),
    POST_OFFICE={"BATCH_SIZE": 1_000, "THREADS_PER_PROCESS": 5, "DEFAULT_PRIORITY": "now", "LOG_LEVEL": 0},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {}}],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    SECRET_KEY="only for benchmarks",
)
django.setup()

from django.core.management import call_command  # noqa: E402
from post_office import mail  # noqa: E402
from post_office.models import Email, EmailTemplate  # noqa: E402


def main() -> None:
    call_command("migrate", verbosity=0)
    html, text = Path(WORDS).read_text().split("\f")
    template = EmailTemplate.objects.create(
        name="hello", subject="Hello {{ first_name }}", content=text, html_content=html
    )
    mail.send_many(
        [
            {
                "recipients": [f"person{number}@example.com"],
                "sender": "ana@north.example",
                "template": template,
                "context": {"first_name": f"Maria {number}", "company": "Fjord Energy"},
                "render_on_delivery": True,
                "priority": "medium",
            }
            for number in range(int(MAILS))
        ]
    )
    begun = time.perf_counter()
    call_command("send_queued_mail", processes=1, log_level=0, verbosity=0)
    seconds = time.perf_counter() - begun
    assert Email.objects.filter(status=0).count() == int(MAILS)
    print(seconds)


main()
