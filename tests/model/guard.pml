/* Job-guard barrier: leases + epoch + quiescence (RCU style) + ack.
 * Properties
 *  P1 (assert in Child, RUNNING): after enable() returned, no job becomes RUNNING on a worker that enable() counted as ACKED
 *  P2 (assert in Child, decision): after enable() returned, no child decides "gate open" anywhere
 *  PS (-DSTRICT): after enable() returned, no job becomes RUNNING anywhere (also on expired workers)
 * Variants that break it (one -D each): tests/model/test_protocol.py */
#ifndef NW
#define NW 1
#endif
#ifndef L
#define L 2
#endif
#ifndef TMAX
#define TMAX 7
#endif
#define IDLE 0
#define ENTERING 1
#define RUNNING 2
#ifdef NOSB
#define SB 0
#else
#ifdef SPLITBOUND
#define SB SPLITBOUND
#else
#define SB 0
#endif
#endif
byte now = 0;
/* control plane, Redis (current primary) */
byte r_epoch = 0; byte r_run = 0;           /* r_run: run_id of the primary */
byte lease[NW]; bool acked[NW]; bool reg[NW];
/* old primary in a split brain */
bool split = false; byte o_epoch = 0; byte t_split = 0;
/* MySQL, durable */
byte m_epoch = 0;
/* per worker host: shared page + slot */
byte p_epoch[NW]; byte p_dead[NW]; byte slot[NW];
/* outcome of enable() */
bool en_ok = false; bool conf[NW];

active proctype Clock() { do :: atomic { now < TMAX -> now++ } :: now >= TMAX -> break od }

proctype Agent(byte w) {
  byte t0, got, seen, rid, myrun; bool old; bool bad;
  /* join */
  t0 = now;
#ifdef V_SPLIT_JOIN
  got = r_epoch; rid = r_run; skip;
  atomic { lease[w] = now + L; reg[w] = true }
#else
  atomic { lease[w] = now + L; reg[w] = true; got = r_epoch; rid = r_run }
#endif
  myrun = rid; seen = got;
#ifndef V_NO_MYSQL
  if :: m_epoch > seen -> seen = m_epoch :: else fi;
#endif
  atomic { p_epoch[w] = seen; p_dead[w] = t0 + L };
  do
  :: now < TMAX ->
     t0 = now; bad = false;
     /* renew: one atomic script on the primary this agent is connected to */
     atomic {
       if
       :: (split && w == 0 && myrun == 0
#if defined(SPLITBOUND)
           && now < t_split + SPLITBOUND
#endif
          ) -> got = o_epoch; rid = 0                  /* still talks to the old primary */
       :: (split && w == 0 && myrun == 0
#if defined(SPLITBOUND)
           && now >= t_split + SPLITBOUND
#else
           && false
#endif
          ) -> bad = true                              /* old primary refuses writes */
       :: else -> lease[w] = now + L; reg[w] = true; got = r_epoch; rid = r_run
       fi
     };
     if :: bad -> myrun = 9; goto next :: else fi;
     if
     :: rid != myrun ->                               /* new primary: do not trust it alone */
        myrun = rid;
#ifndef V_NO_MYSQL
        if :: m_epoch > got -> got = m_epoch :: else fi;
#endif
     :: else
     fi;
#ifndef V_NONMONO
     if :: got > seen -> seen = got :: else fi;
#else
     seen = got;
#endif
#ifdef V_REPLYTIME
     t0 = now;                                        /* lease counted from the reply, not from the send */
#endif
#ifdef V_PAGE_ORDER
     p_dead[w] = t0 + L;                              /* two stores, deadline first */
     p_epoch[w] = seen;
#else
     atomic { p_epoch[w] = seen; p_dead[w] = t0 + L } /* one 64-bit word (or seqlock) */
#endif
     if
     :: p_epoch[w] == 1 && !acked[w] ->
#ifndef V_NOQUIESCE
        (slot[w] != ENTERING);
#endif
        atomic { if :: rid == r_run -> acked[w] = true :: else fi }
     :: else
     fi;
next: atomic { t0 = 0; got = 0; rid = 0; bad = false }
  :: now >= TMAX -> break
  od
}

proctype Child(byte w) {
  byte e, d;
  do
  :: now < TMAX ->
#ifndef V_NOANNOUNCE
     slot[w] = ENTERING;
#endif
#ifdef V_PAGE_READ
     e = p_epoch[w]; d = p_dead[w];
#else
     atomic { e = p_epoch[w]; d = p_dead[w] };
#endif
     if
     :: atomic { (e == 0
#ifndef V_NODEADLINE
        && now < d
#else
        && d > 0
#endif
        ) -> assert(!en_ok) /* P2 */ };
        atomic { slot[w] = RUNNING; assert(!(en_ok && conf[w])) /* P1 */;
#ifdef STRICT
                 assert(!en_ok);
#endif
        };
        atomic { slot[w] = IDLE; e = 0; d = 0 }
     :: else -> atomic { slot[w] = IDLE; e = 0; d = 0 }
     fi
  :: now >= TMAX -> break
  od
}

#ifdef FAILOVER
active proctype Failover() {
  /* promote a replica that has not seen the last writes */
  atomic {
    o_epoch = r_epoch; t_split = now;
    r_epoch = 0; r_run = r_run + 1;
    lease[0] = 0; acked[0] = false; reg[0] = false;
#if NW==2
    lease[1] = 0; acked[1] = false; reg[1] = false;
#endif
#ifdef SPLIT
    split = true;
#endif
  }
}
#endif

proctype Admin() {
  byte i, run0, twait, tw;
  m_epoch = 1;
again:
  atomic { r_epoch = 1; run0 = r_run; tw = now; }
  twait = 0;
#ifndef V_NOWAIT_AFTER_FAILOVER
  if :: run0 > 0 -> twait = now + L + SB
     :: else fi;                                      /* primary changed at some time: old leases are unknown */
#endif
  (now >= twait || now >= TMAX);
  if :: now >= TMAX -> goto end :: else fi;
  i = 0;
  do
  :: i < NW ->
     if
#ifdef NOREG
     :: !reg[i] && now >= tw + L -> skip            /* registry not needed for safety */
#else
     :: !reg[i] -> skip
#endif
     :: reg[i] && acked[i] -> conf[i] = true
#ifndef V_NOLEASEWAIT
#ifdef T0RULE
     :: reg[i] && !acked[i] && now >= tw + L -> skip  /* controller's own clock, no TTL */
#else
     :: reg[i] && !acked[i] && now >= lease[i] -> skip
#endif
#else
     :: reg[i] && !acked[i] -> skip
#endif
     :: now >= TMAX -> goto end
     fi;
     i++
  :: i >= NW -> break
  od;
#ifndef V_NORECHECK
  if
  :: atomic { (r_run == run0 && r_epoch == 1) -> en_ok = true }
  :: else -> conf[0] = false;
#if NW==2
     conf[1] = false;
#endif
     goto again
  fi
#else
  en_ok = true
#endif
end: skip
}
init { atomic { run Agent(0); run Child(0);
#if NW==2
 run Agent(1); run Child(1);
#endif
 run Admin() } }
