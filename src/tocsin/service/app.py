"""The web application: routes, errors, OpenAPI."""

from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from tocsin import __version__
from tocsin.service.access import COOKIE
from tocsin.service.accounts_api import ACCOUNT_ROUTES
from tocsin.service.api import ROUTES, on_error
from tocsin.service.exports_api import EXPORT_ROUTES
from tocsin.service.following_api import FOLLOWING_ROUTES
from tocsin.service.hall import Hall
from tocsin.service.import_api import IMPORT_ROUTES
from tocsin.service.oidc_api import OIDC_ROUTES
from tocsin.service.pages import PAGES
from tocsin.service.people_api import PEOPLE_ROUTES
from tocsin.service.performance_api import PERFORMANCE_ROUTES
from tocsin.service.playback import playback
from tocsin.service.pulse import PULSE_ROUTES
from tocsin.service.record_api import RECORD_ROUTES
from tocsin.service.sessions_api import SESSION_ROUTES
from tocsin.service.site_api import SITE_ROUTES
from tocsin.service.socket import live
from tocsin.service.witness_api import WITNESS_ROUTES

__all__ = ["make_app"]

_ABOUT = (
    "Tocsin senses, warns, advises and records. It commands nothing. Every error is "
    '{"error": sentence}.'
)


def make_app(hall: Hall) -> Litestar:
    """Return the ASGI application of a service."""
    return Litestar(
        route_handlers=[
            *ROUTES,
            *ACCOUNT_ROUTES,
            *SESSION_ROUTES,
            *OIDC_ROUTES,
            *EXPORT_ROUTES,
            *RECORD_ROUTES,
            *IMPORT_ROUTES,
            *WITNESS_ROUTES,
            *PEOPLE_ROUTES,
            *PERFORMANCE_ROUTES,
            *PULSE_ROUTES,
            *FOLLOWING_ROUTES,
            *SITE_ROUTES,
            live,
            playback,
            *PAGES,
        ],
        state=State({"hall": hall}),
        exception_handlers={Exception: on_error},
        openapi_config=OpenAPIConfig(
            title="Tocsin",
            version=__version__,
            description=_ABOUT,
            path="/api/v1/openapi",
            render_plugins=[JsonRenderPlugin(path="/json")],
            components=Components(
                security_schemes={
                    "person": SecurityScheme(
                        type="apiKey", name=COOKIE, security_scheme_in="cookie"
                    ),
                    "sensor": SecurityScheme(type="http", scheme="bearer"),
                }
            ),
        ),
        logging_config=None,
        on_app_init=[_no_telemetry],
        request_max_body_size=64 * 1024,
    )


def _no_telemetry(config: AppConfig) -> AppConfig:
    config.compression_config = None
    return config
