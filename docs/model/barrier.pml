/*
 * The barrier of enable(): one worker, one waiter, a Redis that may fail over, a durable store.
 *
 * What it checks
 *   P1  after enable() returned, no job becomes RUNNING on a worker that it counted as acknowledged;
 *   P2  after enable() returned, no pool child decides that the gate is open;
 *   P3  while this machine is closed by its operator and its agent has seen that, no child decides so either.
 *
 * Where each part is in the code
 *   Agent    guard/agent/agent.py          renew, _consider, _adopt, _settle, _pushed, _restored
 *   Witness  guard/agent/witness.py        the thread that asks SQL
 *   Child    guard/gates/start.py          guarded_run
 *   Waiter   guard/orchestrator/closing.py and guard/core/barrier.py
 *   the atomic steps on Redis              guard/store/redis/lua: renew, acknowledge, publish, barrier
 *
 * One worker is enough for P1 and P2: they speak of each worker by itself, and the waiter only adds up.
 * Time is counted in ticks; a lease is LEASE ticks; any number of steps fit into one tick. The waiter's
 * margin for clocks of different rates is left out: here all clocks are one.
 * Each BREAK_… leaves out one rule. The checker must then find a run that breaks a property (check.py).
 */
#ifndef LEASE
#define LEASE 2
#endif
#ifndef END
#define END 6                       /* the tick at which everybody stops */
#endif
#define MISSING 9                   /* this Redis holds no state */

#define IDLE 0
#define ENTERING 1
#define RUNNING 2

byte now = 0;

/* The durable store. */
byte sql = 0;

/* Redis: server 0 is primary until the failover, then server 1 is. */
byte primary = 0;
#ifdef FAILOVER
#define SERVERS 2
#else
#define SERVERS 1
#endif
byte record[SERVERS] = 0;           /* the epoch that each server holds */
bool known[SERVERS] = false;        /* is the agent registered there? */
bool waiting[SERVERS] = false;      /* is its acknowledgement still waited for? */
bool word_given[SERVERS] = false;   /* has it acknowledged the epoch that is there? */
byte born[SERVERS] = 0;             /* since when the registry there is whole */
bool split = false;                 /* does server 0 go on answering those who are connected to it? */

/* The worker's host: the shared page is one word (epoch, deadline), the slot is the child's. */
byte page_epoch = 0;
byte page_deadline = 0;
byte slot = IDLE;
byte slot_seen = IDLE;              /* what the agent's processor sees of it (-DBUFFERED) */
byte buffered_at = 0;
bool closed_here = false;           /* the agent has seen the local close file */
bool file = false;                  /* the local close file is there */

/* The second witness. `certify_after` is a moment; what counts is only what was asked after it. So, instead of
   times: was it asked after the last renewal began, and after certify_after? An answer that comes late is a
   renewal that looks late. */
byte testimony = 0;
bool after_renewal = false, after_certify = false;

/* The outcome of enable(). */
bool returned = false;
bool counted = false;               /* was this worker counted as acknowledged? */

active proctype Clock() {
    do
    :: atomic { (now < END
#ifdef BUFFERED
       /* a store leaves the processor's buffer within a tick */
       && !(slot != slot_seen && now > buffered_at)
#endif
       ) -> now++ }
    :: now >= END -> break
    od
}

#ifdef BUFFERED
/* The child's stores become visible some time after they were made. */
active proctype Buffer() {
    do
    :: atomic { slot != slot_seen -> slot_seen = slot }
    :: now >= END && slot == slot_seen -> break
    od
}
#define SET_SLOT(value) atomic { (slot == slot_seen) -> slot = value; buffered_at = now }
#define SEEN slot_seen
#else
#define SET_SLOT(value) slot = value
#define SEEN slot
#endif

active proctype Witness() {
    do
    :: d_step { (now < END && !(after_renewal && after_certify && testimony == sql)) ->
       testimony = sql; after_renewal = true; after_certify = true }
    :: now >= END -> break
    od
}

/* `page.write`: one aligned store of 64 bits. */
inline write_page(epoch, deadline) {
#ifdef BREAK_PAGE_TWO_STORES
    page_deadline = deadline;
    page_epoch = epoch;
#else
    atomic { page_epoch = epoch; page_deadline = deadline }
#endif
}

active proctype Agent() {
    byte sent, got, server = 0, seen = 0, fence = 0;
    bool connected = false, acknowledged = false, believe;

    do
    :: now < END ->
       /* renew() */
       d_step { sent = now; after_renewal = false };
       d_step {                                 /* renew.lua */
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
                 after_certify = after_renewal              /* certify_after = sent */
              :: else
              fi
           fi;
           if
           :: believe ->
              if :: !known[server] -> known[server] = true; acknowledged = false :: else fi;
              got = record[server]
           :: else
           fi;
#ifdef BREAK_TRUST_FROM_REPLY
           sent = now
#endif
       };
       d_step {                                 /* _consider, _repair and publish.lua */
#ifdef BREAK_REDIS_ALONE
           believe = believe && got != MISSING;
#else
           /* a new connection: SQL must have been asked later than the renewal began */
           believe = believe && after_certify;
           if :: believe && (got == MISSING || testimony > got) -> got = testimony :: else fi;
#endif
           if
           :: believe && (record[server] == MISSING || got > record[server]) ->
              record[server] = got; waiting[server] = known[server]; word_given[server] = false
           :: else
           fi;
#ifndef BREAK_SMALLER_EPOCH
           believe = believe && got >= seen;
#endif
           if
           :: believe && got != seen -> acknowledged = false; seen = got; fence = now
           :: else
           fi
       };
       if
       :: believe ->                            /* _adopt */
          if
#ifndef BREAK_LOCAL_CLOSE
          :: closed_here -> write_page(1, sent + LEASE)
#endif
          :: else -> write_page(seen, sent + LEASE)
          fi
       :: else
       fi;
       d_step { got = 0; sent = 0; believe = false }

    :: atomic { (now < END && record[server] == 1 && seen == 0 && connected) ->
       /* _pushed: a record that closes is taken at once, and trusted no longer than before */
       seen = 1; acknowledged = false; fence = now };
       write_page(1, page_deadline)

    :: (now < END && seen == 1 && !acknowledged
#if defined(BUFFERED) && !defined(BREAK_NO_FENCE)
       && now > fence + 1
#endif
       ) ->
       /* _settle, and acknowledge.lua */
#ifndef BREAK_NO_QUIET
       (SEEN != ENTERING || now >= END);
#endif
       d_step {
           if
           :: now < END && known[server] && record[server] == seen ->
              word_given[server] = true; waiting[server] = false; acknowledged = true
           :: else
           fi
       }

#ifdef LOCAL_CLOSE
    :: now < END && file && !closed_here ->
       write_page(1, page_deadline);
       closed_here = true
#endif
    :: now >= END -> break
    od
}

active proctype Child() {
    byte epoch, deadline;
    do
    :: now < END ->
#ifndef BREAK_NO_ENTERING
       SET_SLOT(ENTERING);
#endif
#ifdef BREAK_PAGE_TWO_LOADS
       epoch = page_epoch;
       deadline = page_deadline;
#else
       atomic { epoch = page_epoch; deadline = page_deadline };
#endif
#ifdef LOCAL_CLOSE
       /* P3 speaks of looks that come after the agent has seen the file */
       if :: closed_here && epoch == 0 && now < deadline -> assert(false) :: else fi;
#endif
       if
       :: atomic { (epoch == 0
#ifndef BREAK_NO_DEADLINE
          && now < deadline
#endif
          ) -> assert(!returned) /* P2 */ };
          atomic { SET_SLOT(RUNNING); assert(!(returned && counted)) /* P1 */ };
          SET_SLOT(IDLE)
       :: else -> SET_SLOT(IDLE)
       fi;
       atomic { epoch = 0; deadline = 0 }
    :: now >= END -> break
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
        if :: known[1] = known[0] :: skip fi;       /* it may have seen that the agent registered */
#endif
        born[1] = now;
#ifdef SPLIT
        split = true
#endif
    }
}
#endif

active proctype Waiter() {
    byte written, server, at;
    sql = 1;
again:
    atomic {                                /* publish.lua */
        written = now;
        at = primary;
        if
        :: record[at] == MISSING || record[at] < 1 ->
           record[at] = 1; waiting[at] = known[at]; word_given[at] = false
        :: else
        fi
    };
    server = primary;                       /* the first look after writing */
    do
    :: atomic { (primary == server && record[server] == 1 && !waiting[server]
#ifndef BREAK_YOUNG_REGISTRY
       && now > born[server] + LEASE
#endif
       ) -> counted = known[server] && word_given[server]; break }
#ifndef BREAK_NO_TIME
    :: atomic { now >= written + LEASE ->
       counted = primary == server && record[server] == 1 && known[server] && word_given[server]; break }
#else
    :: counted = false; break
#endif
    :: now >= END -> goto over
    od;
#ifndef BREAK_NO_LAST_LOOK
    if
    :: atomic { primary == server && record[server] == 1 -> returned = true }
    :: else -> counted = false; goto again
    fi;
#else
    returned = true;
#endif
over:
    skip
}
