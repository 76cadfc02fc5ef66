"""docs/http-api.md."""


def mount(app, maintenance):
    # region: mount
    from guard.web.api import make_api
    from guard.web.door import Door

    app.register_blueprint(make_api(maintenance, Door(maintenance)), url_prefix="/api")
    # endregion
