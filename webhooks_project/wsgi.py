"""What gunicorn serves."""

from __future__ import annotations

import gc
import os

from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webhooks_project.settings")

application = get_wsgi_application()

# Unlike manage.py, a web server checks nothing: without keys it must not start.
BaseCommand().check()

# What stands now stands for good. A batch of events makes so many objects that the
# collector would look at all of it again and again (measured: half of its time).
gc.collect()
gc.freeze()
