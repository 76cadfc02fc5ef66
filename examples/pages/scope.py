"""docs/scope.md."""


def narrow(maintenance):
    # region: narrow
    maintenance.enable(reason="Captions move", by="alice", scope={"operations": ["caption_generation"]})
    maintenance.change(by="alice", scope={"queues": ["bulk"]})  # about this queue instead
    maintenance.change(by="alice", scope={"tenant_key": "header:tenant", "tenants": ["acme"]})
    maintenance.change(by="alice", scope={})  # about everything from now on
    # endregion
