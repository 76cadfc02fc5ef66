/*
 * Parking and releasing one job, on a broker that is not Redis (there a job is moved by one script).
 *
 * What it checks, when all has come to rest and the gate is open
 *   NEVER LOST    the job ran;
 *   NEVER DOUBLED the guard did not make it run twice (not with -DMARKS_LOST or -DCONNECTIONS_LOST: then that
 *                 may happen).
 *
 * Where each part is in the code
 *   Worker    guard/gates/receipt.py, guard/gates/copies.py    may this message run, is it one copy too many?
 *             guard/fleet/parking.py                           mark, publish the copy, confirm the mark, acknowledge
 *   Releaser  guard/fleet/parked_queue.py                      publish the copy, then acknowledge
 *   marks     guard/store/redis/parked.py                      begin, parked, claim
 *
 * A worker or releaser may be killed between any two steps, KILLS times in all; what it had not acknowledged
 * comes back, flagged as delivered before. Two workers and two releasers act at once: the lock that lets one
 * release at a time is left out, so nothing here rests on it. Running and acknowledging are one step: what
 * Celery does between them is Celery's.
 */
#ifndef KILLS
#define KILLS 2
#endif
#ifndef WINDOWS
#define WINDOWS 2
#endif
#define MESSAGES 14                 /* more are never made, which is asserted */
#define PARKS 14
#define NOBODY 0

mtype = { nowhere, in_queue, at_worker, in_parking, at_releaser };

typedef Message {
    mtype place;
    byte generation;            /* 0: what the application published; else the number of this copy */
    byte park_id;               /* in the parking queue: its own; of a released copy: the one that it came from */
    bool again                  /* the broker says that it delivers this message again */
};
Message m[MESSAGES];
byte made = 1;                  /* how many messages there have been */
byte parks = 0;                 /* how many park ids */

/* Redis: a mark for each generation, a claim for each park id. */
byte mark[MESSAGES];            /* the park id that was begun; 0: none */
bool confirmed[MESSAGES];       /* "parked", no longer "begun" */
byte claimed[PARKS + 1];        /* by generation + 1; 0: nobody */

bool closed = true;
byte windows = 1;
byte kills = 0;
byte runs = 0;

#define KILLED (kills < KILLS)

/* Between two steps a worker may be killed. Or the broker loses its connection and gives the message to somebody
 * else, while the worker goes on with what it has: it can park it (by another connection) and not acknowledge it.
 * Then the job may run twice, as without the guard: what both do is all that the broker promises. */
#ifdef CONNECTIONS_LOST
#define TWICE_IS_NO_FAULT
#define MAY_FAIL \
    if \
    :: atomic { KILLED -> kills++; goto dead } \
    :: atomic { KILLED && !stale -> kills++; m[i].place = in_queue; m[i].again = true; stale = true } \
    :: skip \
    fi
#else
#define MAY_FAIL if :: atomic { KILLED -> kills++; goto dead } :: skip fi
#endif
#ifdef MARKS_LOST
#define TWICE_IS_NO_FAULT
#endif

inline claim(id, generation, won) {
#ifdef BREAK_NO_CLAIM
    won = true
#else
    if
    :: claimed[id] == NOBODY -> claimed[id] = generation + 1; won = true
    :: else -> won = (claimed[id] == generation + 1)
    fi
#endif
}

/* Acknowledged. What is gone, and who is idle, is the same whatever it was before: fewer states to look at. */
inline gone() {
    d_step { m[i].place = nowhere; m[i].generation = 0; m[i].park_id = 0; m[i].again = false }
}

inline publish(where, gen, id) {
    assert(made < MESSAGES);
    m[made].place = where;
    m[made].generation = gen;
    m[made].park_id = id;
    made++
}

proctype Worker() {
    byte i, id, generation, copied;
    bool won, park, again_, stale;
again:
    atomic { i = 0; id = 0; generation = 0; copied = 0; won = false; park = false; again_ = false; stale = false };
    atomic {
        if
        :: m[0].place == in_queue -> i = 0
        :: m[1].place == in_queue -> i = 1
        :: m[2].place == in_queue -> i = 2
        :: m[3].place == in_queue -> i = 3
        :: m[4].place == in_queue -> i = 4
        :: m[5].place == in_queue -> i = 5
        :: m[6].place == in_queue -> i = 6
        :: m[7].place == in_queue -> i = 7
        :: m[8].place == in_queue -> i = 8
        :: m[9].place == in_queue -> i = 9
        :: m[10].place == in_queue -> i = 10
        :: m[11].place == in_queue -> i = 11
        :: m[12].place == in_queue -> i = 12
        :: m[13].place == in_queue -> i = 13
        fi;
        m[i].place = at_worker;
        generation = m[i].generation;
        copied = m[i].park_id;
        again_ = m[i].again;
        park = closed
    };
    if
    :: !park ->
       /* Copies: a released copy must win the claim of its park id; so must what is delivered again and parked */
       atomic {
           won = true;
           if :: generation > 0 -> claim(copied, generation, won) :: else fi
       };
       MAY_FAIL;
       atomic {
           if
           :: won && again_ && mark[generation] > 0 ->
#ifndef BREAK_ORIGINAL_WINS
              if
              :: confirmed[generation] && claimed[mark[generation]] != 1 -> won = false   /* its copy runs */
              :: else ->
#endif
                 claim(mark[generation], 0, won)
#ifndef BREAK_ORIGINAL_WINS
              fi
#endif
           :: else
           fi
       };
       MAY_FAIL;
       atomic {
           if
           :: stale                                            /* Celery forgets it */
           :: !stale && !won -> gone()                         /* a second copy: dropped */
           :: !stale && won && closed -> m[i].place = in_queue           /* the start gate: comes here once more */
           :: else ->
              gone();
              runs++;
#ifndef TWICE_IS_NO_FAULT
              assert(runs == 1)                                /* NEVER DOUBLED */
#endif
           fi
       }
    :: else ->
       /* ParkingLot.park */
#ifdef BREAK_ACK_FIRST
       if :: !stale -> gone() :: else fi;
#endif
       atomic {
           won = true;
           if :: generation > 0 -> claim(copied, generation, won) :: else fi
       };
       MAY_FAIL;
       if
       :: won ->
parking:
          atomic {                                             /* begin */
#ifndef BREAK_NO_MARK
              if
              :: (mark[generation] == 0
#ifndef BREAK_DROP_THE_ONE
                  || claimed[mark[generation]] == 1            /* in its favour its copies are dropped */
#endif
                 ) ->
#endif
                 parks++; assert(parks <= PARKS); mark[generation] = parks; confirmed[generation] = false
#ifndef BREAK_NO_MARK
              :: else
              fi
#endif
              ;
              id = mark[generation]
          };
          MAY_FAIL;
          if
          :: !confirmed[generation] ->
             atomic { publish(in_parking, generation, id) };
             MAY_FAIL;
#ifndef BREAK_NO_MARK
             atomic {                                          /* parked */
                 if
#ifndef BREAK_ORIGINAL_WINS
                 :: claimed[id] == 1 -> goto parking           /* its copy will be dropped: another one */
#endif
                 :: else -> confirmed[generation] = true
                 fi
             };
#endif
             MAY_FAIL
          :: else
          fi
       :: else
       fi;
       if :: !stale -> gone() :: else fi                       /* acknowledge */
    fi;
    goto again;
dead:
    atomic {
        if :: !stale && m[i].place == at_worker -> m[i].place = in_queue; m[i].again = true :: else fi;
        goto again
    }
}

proctype Releaser() {
    byte i;
#ifdef BREAK_RELEASE_ACK_FIRST
    byte park_id;
#endif
again:
    i = 0;
    atomic {
        !closed;
        if
        :: m[1].place == in_parking -> i = 1
        :: m[2].place == in_parking -> i = 2
        :: m[3].place == in_parking -> i = 3
        :: m[4].place == in_parking -> i = 4
        :: m[5].place == in_parking -> i = 5
        :: m[6].place == in_parking -> i = 6
        :: m[7].place == in_parking -> i = 7
        :: m[8].place == in_parking -> i = 8
        :: m[9].place == in_parking -> i = 9
        :: m[10].place == in_parking -> i = 10
        :: m[11].place == in_parking -> i = 11
        :: m[12].place == in_parking -> i = 12
        :: m[13].place == in_parking -> i = 13
        fi;
        m[i].place = at_releaser
    };
    if :: atomic { KILLED -> kills++; goto dead } :: skip fi;
#ifdef BREAK_RELEASE_ACK_FIRST
    park_id = m[i].park_id;
    gone();
    if :: atomic { KILLED -> kills++; goto dead } :: skip fi;
    atomic { publish(in_queue, made, park_id); park_id = 0 };
#else
    atomic { publish(in_queue, made, m[i].park_id) };          /* the copy's number is its generation */
    if :: atomic { KILLED -> kills++; goto dead } :: skip fi;
    gone();
#endif
    goto again;
dead:
    atomic {
        if :: m[i].place == at_releaser -> m[i].place = in_parking :: else fi;
#ifdef BREAK_RELEASE_ACK_FIRST
        park_id = 0;
#endif
        goto again
    }
}

/* Windows open and close as they like; at the end the gate is open. */
active proctype Windows() {
    do
    :: atomic { closed -> closed = false }
    :: atomic { !closed && windows < WINDOWS -> closed = true; windows++ }
    :: atomic { !closed -> break }
    od
}

#ifdef MARKS_LOST
active proctype MarksLost() {
    byte i;
    atomic {
        i = 0;
        do
        :: i < MESSAGES -> mark[i] = 0; confirmed[i] = false; i++
        :: i >= MESSAGES -> break
        od;
        i = 0;
        do
        :: i <= PARKS -> claimed[i] = NOBODY; i++
        :: i > PARKS -> break
        od;
        i = 0
    }
}
#endif

/* All has come to rest: nobody can move. */
active proctype AtRest() {
    timeout -> assert(runs > 0)                                /* NEVER LOST */
}

init {
    atomic {
        m[0].place = in_queue;
        m[0].again = false;
        byte i;
        i = 1;
        do
        :: i < MESSAGES -> m[i].place = nowhere; i++
        :: i >= MESSAGES -> break
        od;
        i = 0;
        run Worker(); run Releaser()
#ifndef ONE_WORKER
        ; run Worker()
#endif
#ifndef ONE_RELEASER
        ; run Releaser()
#endif
    }
}
