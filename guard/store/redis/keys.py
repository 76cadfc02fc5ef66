"""Every key that the guard keeps in Redis, with its type, meaning and time to live.

All keys of one installation share a hash tag, so they live on one node of a cluster and a script
may touch them together. Safety never rests on a TTL: the server's clock may jump (F40).

    key                          type    TTL      meaning
    {ns}:state                   hash    none     `epoch` (number) and `record` (signed text)
    {ns}:agents                  hash    none     agent id -> card (JSON)
    {ns}:seen                    hash    none     agent id -> last renewal, ms by the server's clock
    {ns}:acks                    hash    none     agent id -> epoch that it acknowledged
    {ns}:reports                 hash    none     agent id -> report (JSON), while closed
    {ns}:waiting                 set     none     agent ids that have not acknowledged the current epoch
    {ns}:registry                hash    none     `server`, `born`, `pruned`: since when the registry is whole
    {ns}:departed                hash    7 days   agent ids that have stopped in order
    {ns}:counts:<window>         hash    30 days  counters of a window; `batch:<sender>`: its last batch
    {ns}:attempts:<window>       hash    30 days  refused requests and when the last came, by operation
    {ns}:attempts:<window>:<h>   hash    2 days   the same by minute, of one hour since 1970
    {ns}:outcomes:<window>       hash    30 days  attempt -> what became of a job in an emergency (JSON)
    {ns}:parked                  hash    none     task id -> parked job (JSON)
    {ns}:parked-as:<p>:<g>       string  2 days   park id of a delivery, and whether the broker confirmed it
    {ns}:copy:<park id>          string  2 days   the copy of a parked job that may run
    {ns}:beat:<window>:<entry>   string  7 days   task id of the occurrence that waits
    {ns}:ledger                  hash    none     task id -> accepted job that has not ended (JSON)
    {ns}:ledger-queues           set     none     queues for which jobs were ever entered
    {ns}:ledger:<queue>          zset    none     their task ids, by the time when they were accepted
    {ns}:running                 hash    none     task id -> id of the agent where it runs
    {ns}:suspected               hash    none     task id -> publication of jobs that were nowhere at a look
    {ns}:lost                    hash    none     task id -> job that is nowhere (JSON), until it is forgotten
    {ns}:second                  hash    none     task id -> publication of which a second delivery was parked
    {ns}:ended:<publication>     string  2 days   that such a job has ended
    {ns}:finishing:<window>      hash    7 days   token -> step that goes on while the window drains (JSON)
    {ns}:finished:<window>       string  7 days   that it takes no such step any more
    {ns}:sessions                hash    none     how far the deletion of invalidated sessions has come
    {ns}:audit-head              string  none     number, link and seal of the journal's newest row
    {ns}:lock:<name>             string  10 s     who may act, for example release
    {ns}:rates:<digest>          list    1 days   when an address or an owner tried something, for rate limits
    {ns}:bypass:<id>             string  1 days   that a bypass token was made and not revoked
    {ns}:figures                 hash    none     sums over all processes and windows (`core.process_figures`)
    {ns}:bypass-uses             hash    2 days   use of a bypass (JSON) -> how often it let a job start
    {ns}:bypass-told             hash    2 days   the same, as far as the journal has it
    {ns}:watched                 hash    1 days   rule and subject -> what is remembered of a figure (JSON)
    {ns}:turn:<name>             string  15 min   that somebody looks at these rules in this turn
    {ns}:ticked                  string  none     when a worker last ran something that beat sent
    {ns}:requests:<minute>       hash    15 min   `count`, `failed`, `ms` of requests that were answered

    channel {ns}:wake            the new record, after each change: a wake-up, never the truth
    channel {ns}:acknowledged    the epoch, when its last acknowledgement came and at later reports
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Keys"]


@dataclass(frozen=True, slots=True)
class Keys:
    """The names. `namespace` is the setting GUARD_NAMESPACE."""

    namespace: str

    def _key(self, *parts: str) -> str:
        return ":".join(("{" + self.namespace + "}", *parts))

    @property
    def state(self) -> str:
        return self._key("state")

    @property
    def agents(self) -> str:
        return self._key("agents")

    @property
    def seen(self) -> str:
        return self._key("seen")

    @property
    def acks(self) -> str:
        return self._key("acks")

    @property
    def reports(self) -> str:
        return self._key("reports")

    @property
    def waiting(self) -> str:
        return self._key("waiting")

    @property
    def registry(self) -> str:
        return self._key("registry")

    @property
    def departed(self) -> str:
        return self._key("departed")

    @property
    def parked(self) -> str:
        return self._key("parked")

    @property
    def wake(self) -> str:
        return self._key("wake")

    @property
    def acknowledged(self) -> str:
        return self._key("acknowledged")

    @property
    def ledger(self) -> str:
        return self._key("ledger")

    @property
    def ledger_queues(self) -> str:
        return self._key("ledger-queues")

    @property
    def running(self) -> str:
        return self._key("running")

    @property
    def suspected(self) -> str:
        return self._key("suspected")

    @property
    def lost(self) -> str:
        return self._key("lost")

    @property
    def seconds(self) -> str:
        return self._key("second")

    @property
    def sessions(self) -> str:
        return self._key("sessions")

    @property
    def rates(self) -> str:
        return self._key("rates")

    @property
    def figures(self) -> str:
        return self._key("figures")

    @property
    def audit_head(self) -> str:
        return self._key("audit-head")

    @property
    def bypass_uses(self) -> str:
        return self._key("bypass-uses")

    @property
    def bypass_told(self) -> str:
        return self._key("bypass-told")

    @property
    def watched(self) -> str:
        return self._key("watched")

    @property
    def ticked(self) -> str:
        return self._key("ticked")

    def turn(self, name: str) -> str:
        return self._key("turn", name)

    def requests(self, minute: int) -> str:
        return self._key("requests", str(minute))

    def bypass(self, bypass_id: str) -> str:
        return self._key("bypass", bypass_id)

    def accepted(self, queue: str) -> str:
        return self._key("ledger", queue)

    def finishing(self, window_id: str) -> str:
        return self._key("finishing", window_id)

    def finished(self, window_id: str) -> str:
        return self._key("finished", window_id)

    def ended(self, publication: str) -> str:
        return self._key("ended", publication)

    def counts(self, window_id: str) -> str:
        return self._key("counts", window_id)

    def attempts(self, window_id: str) -> str:
        return self._key("attempts", window_id)

    def attempts_in(self, window_id: str, hour: int | str) -> str:
        return self._key("attempts", window_id, str(hour))

    def outcomes(self, window_id: str) -> str:
        return self._key("outcomes", window_id)

    def parked_as(self, publication: str, generation: str) -> str:
        return self._key("parked-as", publication, generation)

    def copy(self, park_id: str) -> str:
        return self._key("copy", park_id)

    def beat(self, window_id: str, entry: str) -> str:
        return self._key("beat", window_id, entry)

    def lock(self, name: str) -> str:
        return self._key("lock", name)
