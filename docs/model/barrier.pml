/*
 * The barrier of enable(): one worker, one waiter, a Redis that may fail over, a durable store.
 *
 * What it checks, for ever after
 *   P1  after enable() returned, no job becomes RUNNING on a worker that it counted as acknowledged;
 *   P2  after enable() returned, no pool child decides that the gate is open;
 *   P3  while this machine is closed by its operator and its agent has seen that, no child decides so either.
 *
 * Where each part is in the code
 *   Agent    guard/agent/agent.py          renew, _consider, _adopt, _settle, _pushed, _repair
 *   Witness  guard/agent/witness.py        the thread that asks SQL
 *   Child    guard/gates/start.py          guarded_run
 *   Waiter   guard/orchestrator/closing.py and guard/core/barrier.py
 *   the atomic steps on Redis              guard/store/redis/lua: renew, acknowledge, publish, barrier
 *
 * One worker is enough for P1 and P2: they speak of each worker by itself, and the waiter only adds up.
 *
 * Time. Nobody compares moments; each only asks how much of a span is left. So there is no date here, only spans
 * that the clock makes shorter by a tick at once, and a search to the end covers all of time. Any number of steps
 * fit into one tick. A lease is LEASE ticks; the waiter's margin for clocks of different rates is left out.
 *
 * Each BREAK_… leaves out one rule. The checker must then find a run that breaks a property (check.py).
 */
#ifndef LEASE
#define LEASE 2
#endif
#define MISSING 9                   /* this Redis holds no state */

#define IDLE 0
#define ENTERING 1
#define RUNNING 2

/* Spans, in ticks that are left. */
byte page_left = 0;                 /* of the word in the shared page: how long it may be believed */
byte trust_left = 0;                /* of the renewal under way */
byte child_left = 0;                /* of the word that the child has read */
byte wait_left = 0;                 /* until time alone is proof */

/* The durable store. */
byte sql = 0;

/* Redis: server 0 is primary until the failover, then server 1 is. */
#ifdef FAILOVER
#define SERVERS 2
#else
#define SERVERS 1
#endif
byte primary = 0;
byte record[SERVERS] = 0;           /* the epoch that each server holds */
bool known[SERVERS] = false;        /* is the agent registered there? */
bool waiting[SERVERS] = false;      /* is its acknowledgement still waited for? */
bool word_given[SERVERS] = false;   /* has it acknowledged the epoch that is there? */
byte young_left = LEASE + 1;        /* until the registry of the primary is known to be whole */
bool split = false;                 /* does server 0 go on answering those who are connected to it? */

/* The worker's host: the shared page is one word (epoch, deadline), the slot is the child's. */
byte page_epoch = 0;
byte slot = IDLE;
bool file = false;                  /* the local close file is there */
bool closed_here = false;           /* the agent has seen it */

#ifdef BUFFERED
/* What the agent's processor sees of the slot, a tick late at most; and the agent's fence. */
byte slot_seen = IDLE;
byte buffer_left = 1;
byte fence_left = 0;
#endif

/* The second witness. `certify_after` is a moment; what counts is only what was asked after it. So, instead of
   moments: was it asked after the last renewal began, and after certify_after? An answer that comes late is a
   renewal that looks late. */
byte testimony = 0;
bool after_renewal = false, after_certify = false;

/* The outcome of enable(). */
bool returned = false;
bool counted = false;               /* was this worker counted as acknowledged? */

#define SHORTER(span) if :: span > 0 -> span-- :: else fi

active proctype Clock() {
    do
    :: d_step {
#ifdef BUFFERED
           (slot == slot_seen || buffer_left > 0) ->    /* a store leaves the processor's buffer within a tick */
           SHORTER(buffer_left);
           SHORTER(fence_left);
#endif
           SHORTER(page_left);
           SHORTER(trust_left);
           SHORTER(child_left);
           SHORTER(wait_left);
           SHORTER(young_left)
       }
    od
}

#ifdef BUFFERED
active proctype Buffer() {
    do
    :: d_step { (slot != slot_seen) -> slot_seen = slot }
    od
}
#define SET_SLOT(value) atomic { (slot == slot_seen) -> slot = value; buffer_left = 1 }
#define SEEN slot_seen
#define BEGIN_FENCE if :: fresh -> fence_left = 2 :: else fi
#else
#define SET_SLOT(value) slot = value
#define SEEN slot
#define BEGIN_FENCE skip
#endif

active proctype Witness() {
    do
    :: d_step { (!after_renewal || !after_certify || testimony != sql) ->
       testimony = sql; after_renewal = true; after_certify = true }
    od
}

/* `page.write`: one aligned store of 64 bits. */
inline write_page(epoch, left) {
#ifdef BREAK_PAGE_TWO_STORES
    page_left = left;
    page_epoch = epoch
#else
    d_step { page_epoch = epoch; page_left = left }
#endif
}

active proctype Agent() {
    byte got, server = 0, seen = 0;
    bool connected = false, acknowledged = false, missing = false, believe, fresh = false;

    do
    :: /* renew(): the lease begins before the question is sent */
       d_step { trust_left = LEASE; after_renewal = false };
       d_step {                                 /* renew.lua: registers and reads */
           believe = true;
           if
           :: connected && server == 0 && split ->
#ifdef OLD_PRIMARY_REFUSES
              believe = false; connected = false
#else
              skip
#endif
           :: else ->
              if
              :: !connected || server != primary ->
                 server = primary; connected = true;
#ifdef BREAK_CERTIFIED_FROM_SEND
                 after_certify = after_renewal          /* a moment before Redis answered */
#else
                 after_certify = false                  /* certify_after: when it had answered */
#endif
              :: else
              fi
           fi;
           if
           :: believe ->
#ifndef BREAK_JOIN_TWO_STEPS
              if :: !known[server] -> known[server] = true; acknowledged = false :: else fi;
#endif
              got = record[server]
           :: else
           fi;
           /* nothing there: SQL must have been asked since that was seen */
           if :: believe && got == MISSING && !missing -> missing = true; after_certify = false :: else fi
       };
#ifdef BREAK_TRUST_FROM_REPLY
       trust_left = LEASE;
#endif
#ifdef BREAK_JOIN_TWO_STEPS
       d_step { if :: believe && !known[server] -> known[server] = true; acknowledged = false :: else fi };
#endif
       d_step {                                 /* _restored, _consider, _repair and publish.lua */
#ifdef BREAK_REDIS_ALONE
           believe = believe && got != MISSING;
#else
           /* a new connection: SQL must have been asked since Redis answered */
           believe = believe && after_certify;
           if
           :: believe && (got == MISSING || testimony > got) ->
              if
              :: record[server] == MISSING || testimony > record[server] ->
                 record[server] = testimony; waiting[server] = known[server]; word_given[server] = false
              :: else
              fi;
#ifndef BREAK_BELIEVES_OWN_REPAIR
              /* what it has written itself is no second witness: SQL must be asked once more */
              if :: got == MISSING -> believe = false; after_certify = false :: else fi;
#endif
              missing = false;
              got = testimony
           :: else
           fi;
#endif
           believe = believe && got >= seen;    /* a smaller epoch is never accepted */
           if
           :: believe && got != seen -> acknowledged = false; seen = got; fresh = true
           :: else
           fi;
#ifdef BREAK_FENCE_BEFORE_WRITE
           BEGIN_FENCE; fresh = false
#endif
       };
       if
       :: believe ->                            /* _adopt */
          if
#ifndef BREAK_LOCAL_CLOSE
          :: closed_here -> write_page(1, trust_left)
          :: !closed_here -> write_page(seen, trust_left)
#else
          :: write_page(seen, trust_left)
#endif
          fi;
          BEGIN_FENCE
       :: else
       fi;
       d_step { got = 0; trust_left = 0; believe = false; fresh = false }

    :: atomic { (connected && seen == 0 && record[server] == 1) ->
       /* _pushed: a record that closes is taken at once, and believed no longer than what was there */
       seen = 1; acknowledged = false; fresh = true };
       write_page(1, page_left);
       BEGIN_FENCE;
       fresh = false

    :: (seen == 1 && !acknowledged
#if defined(BUFFERED) && !defined(BREAK_NO_FENCE)
        && fence_left == 0
#endif
       ) ->
       /* _settle, and acknowledge.lua */
       if
#ifndef BREAK_NO_QUIET
       :: SEEN == ENTERING
#else
       :: false
#endif
       :: else ->
          d_step {
              if
              :: known[server] && record[server] == seen ->
                 word_given[server] = true; waiting[server] = false; acknowledged = true
              :: else
              fi
          }
       fi

#ifdef LOCAL_CLOSE
    :: (file && !closed_here) ->
       write_page(1, page_left);
       closed_here = true
#endif
    od
}

active proctype Child() {
    byte epoch;
    do
    ::
#ifndef BREAK_NO_ENTERING
       SET_SLOT(ENTERING);
#endif
#ifdef BREAK_PAGE_TWO_LOADS
       epoch = page_epoch;
       child_left = page_left;
#else
       d_step { epoch = page_epoch; child_left = page_left;
                assert(!(closed_here && epoch == 0 && child_left > 0)) /* P3 */ };
#endif
       if
       :: atomic { (epoch == 0
#ifndef BREAK_NO_DEADLINE
          && child_left > 0
#endif
          ) -> assert(!returned) /* P2 */ };
          atomic { SET_SLOT(RUNNING); assert(!(returned && counted)) /* P1 */ }
       :: else
       fi;
       SET_SLOT(IDLE);
       d_step { epoch = 0; child_left = 0 }
    od
}

#ifdef LOCAL_CLOSE
active proctype Operator() { file = true }
#endif

#ifdef FAILOVER
/* Another server becomes primary. It has not seen the last writes, or holds nothing at all. */
active proctype Failover() {
    atomic {
        primary = 1;
#ifdef EMPTY
        record[1] = MISSING;
#else
        record[1] = 0;
        if :: known[1] = known[0] :: skip fi;   /* it may have seen that the agent registered */
#endif
        young_left = LEASE + 1;
#ifdef SPLIT
        split = true
#endif
    }
}
#endif

#ifdef EMPTIED
/* Somebody empties the server, twice: state, registry, acknowledgements. */
active proctype Emptied() {
    byte times = 2;
    do
    :: d_step { (times > 0) ->
       times--;
       record[0] = MISSING; known[0] = false; waiting[0] = false; word_given[0] = false;
       young_left = LEASE + 1 }
    od
}
#endif

active proctype Waiter() {
    byte server;
    sql = 1;
again:
    atomic {                                    /* publish.lua, and the first look after it */
        server = primary;
        wait_left = LEASE;
        if
        :: record[server] == MISSING || record[server] < 1 ->
           record[server] = 1; waiting[server] = known[server]; word_given[server] = false
        :: else
        fi
    };
    if
    :: d_step { (primary == server && record[server] == 1 && !waiting[server]
#ifndef BREAK_YOUNG_REGISTRY
       && young_left == 0
#endif
       ) -> counted = known[server] && word_given[server] }
#ifndef BREAK_NO_TIME
    :: d_step { (wait_left == 0) ->
       counted = primary == server && record[server] == 1 && known[server] && word_given[server] }
#else
    :: counted = false
#endif
    fi;
    if
    :: d_step { (primary == server && record[server] == 1) -> returned = true }
    :: else -> counted = false; goto again
    fi
}
