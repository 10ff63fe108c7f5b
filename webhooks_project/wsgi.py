"""What gunicorn serves."""

from __future__ import annotations

import os

from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webhooks_project.settings")

application = get_wsgi_application()

# Unlike manage.py, a web server checks nothing: without keys it must not start.
BaseCommand().check()
