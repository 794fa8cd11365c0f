/* SPDX-License-Identifier: MIT */
/* kit/page/latch.h and the rule of docs/decisions/rate-change.md as a Spin model: one writer, some readers, a
 * counter, and a memory that lets accesses pass each other.
 *
 * Owns: what is claimed, as assertions: torn(), order(), renewed(), waits(), and `counted`.
 * Relies on: tests/proofs/latch.t, which runs it, and each VARIANT, one thing done wrong, of which Spin must find the
 * harm.
 *
 * Any process may stop for ever anywhere: Spin knows no fairness here. What it finds includes every run in which the
 * writer dies in the middle of an update.
 *
 * The memory. The writer's stores wait in a buffer and come out in any order, but not past one to the same place
 * before, and not past a barrier that the writer put between. A reader's loads are done in any order, but for what
 * acquire and the fence say. Each store comes out to all readers at once (RISC-V and Arm say so; tests/litmus has the
 * models with other rules).
 *
 * Time. A snapshot n is a line: at counter value `at[n]` the clock says `base[n]`, and it goes on by `rate[n]`. The
 * memory holds only the number n, twice, as a payload of two words. */

#ifndef READERS
#define READERS 2
#endif
#ifndef READINGS
#define READINGS 2 /* of each reader */
#endif
#ifndef UPDATES
#define UPDATES 2
#endif
#ifndef COUNTER_MAX
#define COUNTER_MAX 5
#endif
#define BUFFER 10 /* stores and barriers that wait at once: two halves of an update */
#define BOUND 2 /* publish_bound_ns, in cycles */

/* Places in memory; BARRIER is none, but stands in the buffer. */
#define SEQ 0
#define WORD(slot, n) (1 + 2 * (slot) + (n))
#define BARRIER 5

byte memory[5];
byte waiting_place[BUFFER], waiting_value[BUFFER], waiting;

byte counter;
byte at[UPDATES + 1], base[UPDATES + 1], rate[UPDATES + 1];

/* Known to nobody in the model: for the claims. */
byte flips;   /* how often the number has changed for readers */
byte latest;  /* greatest reading that is complete */
byte newest;  /* latest snapshot in a reading that is complete */
bool slowing; /* a slower rate is computed and not visible yet */
byte due;     /* the counter value by which it must be */
byte shown;   /* and the count of flips that makes it so */
bool late;    /* it was not */
bool counted; /* late_publishes says so */

/* Readings that are ordered by anything (one reader's own, or one that began after another was complete) never go
 * back, but for a publication that was later than its bound. */
#define order(t, floor) assert((t) >= (floor) || late)
#define torn(a, b) assert((a) == (b))
/* Nor do snapshots, of which the coarse clocks are the bases. */
#define renewed(n, past) assert((n) >= (past))
/* A reader goes round again no more often than the number changed meanwhile. */
#define waits(rounds, since) assert((rounds) <= flips - (since))

inline come_out(i)
{
	d_step {
		if
		:: waiting_place[i] != BARRIER ->
			memory[waiting_place[i]] = waiting_value[i];
			if
			:: waiting_place[i] == SEQ ->
				flips++;
				slowing = slowing && flips < shown
			:: else
			fi
		:: else
		fi;
		do /* close the gap, and drop a barrier that has nothing before it */
		:: k = i;
			waiting--;
			do
			:: k < waiting ->
				waiting_place[k] = waiting_place[k + 1];
				waiting_value[k] = waiting_value[k + 1];
				k++
			:: else -> break
			od;
			waiting_place[waiting] = 0;
			waiting_value[waiting] = 0;
			i = 0;
			if
			:: waiting > 0 && waiting_place[0] == BARRIER
			:: else -> break
			fi
		od;
		k = 0
	}
}

/* Entry i may come out if it passes all that wait before it: no barrier, and none to the same place. */
#define IS_BARRIER(i) (waiting_place[i] == BARRIER)
#define PASSES(i, j) ((i) <= (j) || (!IS_BARRIER(i) && !IS_BARRIER(j) && waiting_place[j] != waiting_place[i]))
#define MAY_COME_OUT(i) \
	(waiting > (i) && PASSES(i, 0) && PASSES(i, 1) && PASSES(i, 2) && PASSES(i, 3) && PASSES(i, 4) && PASSES(i, 5) && \
	 PASSES(i, 6) && PASSES(i, 7) && PASSES(i, 8))

active proctype buffer()
{
	byte i, k;

end:	do
	:: atomic {
		if
		:: MAY_COME_OUT(0) -> i = 0
		:: MAY_COME_OUT(1) -> i = 1
		:: MAY_COME_OUT(2) -> i = 2
		:: MAY_COME_OUT(3) -> i = 3
		:: MAY_COME_OUT(4) -> i = 4
		:: MAY_COME_OUT(5) -> i = 5
		:: MAY_COME_OUT(6) -> i = 6
		:: MAY_COME_OUT(7) -> i = 7
		:: MAY_COME_OUT(8) -> i = 8
		:: MAY_COME_OUT(9) -> i = 9
		fi;
		come_out(i)
	}
	od
}

active proctype cycles()
{
end:	do
	:: counter < COUNTER_MAX -> d_step {
		counter++;
		if
		:: slowing && counter > due -> late = true
		:: else
		fi
	}
	:: counter == COUNTER_MAX -> break
	od
}

inline store(place, value)
{
	waiting_place[waiting] = place;
	waiting_value[waiting] = value;
	waiting++
}

inline barrier()
{
	if
	:: waiting > 0 -> store(BARRIER, 0)
	:: else
	fi
}

/* vdk_latch_write() and vdk_latch_flip(). */
inline write(slot)
{
#ifndef NO_WRITE_FENCE
	barrier();
#endif
	store(WORD(slot, 0), n);
	store(WORD(slot, 1), n)
}

inline flip()
{
#ifndef NO_FLIP_RELEASE
	barrier();
#endif
	number++;
#ifdef NARROW_NUMBER
	number = number % 2;
#endif
	store(SEQ, number)
}

/* The writer's next stores, once there is room: in one step, since only what comes out of the buffer can be seen. */

inline publish()
{
#if defined(SEQLOCK)
	d_step { waiting + 5 <= BUFFER -> flip() };
	d_step { waiting + 5 <= BUFFER -> write(0); flip() }
#elif defined(FLIP_FIRST)
	d_step { waiting + 5 <= BUFFER -> flip(); write(1) };
	d_step { waiting + 5 <= BUFFER -> flip(); write(0) }
#elif defined(BOTH_SLOTS)
	d_step { waiting + 5 <= BUFFER -> write(1) };
	d_step { waiting + 5 <= BUFFER -> write(0); flip() };
	d_step { waiting + 5 <= BUFFER -> flip() }
#elif defined(WRONG_SLOT)
	d_step { waiting + 5 <= BUFFER -> write(0); flip() };
	d_step { waiting + 5 <= BUFFER -> write(1); flip() }
#elif defined(NO_SECOND_FLIP)
	d_step { waiting + 5 <= BUFFER -> write(1); flip() };
	d_step { waiting + 5 <= BUFFER -> write(0) }
#elif defined(NO_SECOND_WRITE)
	d_step { waiting + 5 <= BUFFER -> write(1); flip() };
	d_step { waiting + 5 <= BUFFER -> flip() }
#else
	d_step { waiting + 5 <= BUFFER -> write(1); flip() };
	d_step { waiting + 5 <= BUFFER -> write(0); flip() }
#endif
}

/* advance(): the line of snapshot n is that of n - 1, from the counter's present value on. */
inline advance()
{
	at[n] = counter;
	base[n] = base[n - 1] + rate[n - 1] * (counter - at[n - 1]);
	rate[n] = rate[n - 1]
}

/* For late_publishes. */
inline look_at_counter()
{
	d_step {
		if
		:: slower && counter > due -> counted = true
		:: else
		fi
	}
}

active proctype writer()
{
	byte n = 0, number = 0;
	bool slower;

	rate[0] = 2;
	do
	:: n < UPDATES ->
		slower = false;
		d_step { n++; advance() };
		if
		:: true /* a tick */
#if COUNTER_MAX > 0
		:: rate[n] == 1 -> rate[n] = 2
		:: rate[n] == 2 -> d_step {
			rate[n] = 1;
			slower = true;
			slowing = true;
			due = at[n] + BOUND;
			shown = number + 1;
#ifdef NO_BOUND
			due = 255;
#else
			base[n] = base[n] + BOUND * (2 - 1);
#endif
			if
			:: counter > due -> late = true
			:: else
			fi
		}
#endif
		fi;
#ifdef LATENESS_BEFORE
		look_at_counter();
		publish();
#else
		publish();
#ifndef LATENESS_IN_BUFFER
		!slower || waiting == 0;
#endif
		look_at_counter();
#endif
		d_step { !slower || waiting == 0 -> assert(!late || counted) }
	:: n == UPDATES -> break
	od
}

/* What a reader has done of its loads. */
#define NUMBER 1
#define FIRST 2
#define SECOND 4
#define CYCLES 8
#define AGAIN 16
#define WHOLE (NUMBER | FIRST | SECOND | CYCLES | AGAIN)
#define HAS(bits) ((did & (bits)) == (bits))

#ifdef NO_BEGIN_ACQUIRE
#define BEGUN true
#else
#define BEGUN HAS(NUMBER)
#endif
#ifdef NO_RETRY_FENCE
#define SEEN HAS(NUMBER)
#else
#define SEEN HAS(NUMBER | FIRST | SECOND)
#endif
#ifdef COUNTER_AFTER_LOOK
#define COUNTED true
#else
#define COUNTED HAS(CYCLES)
#endif

#ifdef SEQLOCK
#define SLOT(seq) 0
#else
#define SLOT(seq) ((seq) & 1)
#endif

active [READERS] proctype reader()
{
	byte readings = 0, did = 0, seq, again, a, b, c, floor, past, since, rounds, t;
	bit slot;

	do
	:: readings < READINGS ->
#ifdef COUNTER_EARLY
		c = counter;
#endif
		d_step { floor = latest; past = newest; since = flips; rounds = 0 };
round:
#ifdef COUNTER_EARLY
		did = CYCLES;
#else
		did = 0;
#endif
#ifdef NO_BEGIN_ACQUIRE
		if /* a guess, as a CPU's */
		:: slot = 0
		:: slot = 1
		fi;
#endif
		do
		:: atomic { !HAS(NUMBER) -> seq = memory[SEQ]; did = did | NUMBER;
#ifdef NO_BEGIN_ACQUIRE
			if
			:: slot != SLOT(seq) -> did = did & ~(FIRST | SECOND) /* a wrong guess: loaded again */
			:: else
			fi;
#endif
			slot = SLOT(seq) }
		:: atomic { BEGUN && !HAS(FIRST) -> a = memory[WORD(slot, 0)]; did = did | FIRST }
		:: atomic { BEGUN && !HAS(SECOND) -> b = memory[WORD(slot, 1)]; did = did | SECOND }
		:: atomic { HAS(NUMBER) && !HAS(CYCLES) -> c = counter; did = did | CYCLES }
		:: atomic { SEEN && COUNTED && !HAS(AGAIN) -> again = memory[SEQ]; did = did | AGAIN }
		:: HAS(WHOLE) -> break
#ifdef SEQLOCK
		:: HAS(NUMBER) && (seq & 1) -> goto round
#endif
		od;
		atomic {
			if
#ifndef NO_RETRY
			:: again != seq ->
				rounds++;
				waits(rounds, since);
				again = 0; a = 0; b = 0; c = 0; seq = 0; slot = 0;
				goto round
			:: else ->
#else
			:: true ->
#endif
				torn(a, b);
				renewed(a, past);
				newest = (a > newest -> a : newest);
				t = base[a];
				if
				:: c > at[a] -> t = t + rate[a] * (c - at[a])
				:: else
				fi;
				order(t, floor);
				if
				:: t > latest -> latest = t
				:: else
				fi
			fi;
			readings++;
			again = 0; a = 0; b = 0; c = 0; seq = 0; slot = 0; t = 0;
			did = 0; floor = 0; past = 0; since = 0; rounds = 0
		}
	:: readings < READINGS -> /* vdk_read_second(): one word of slot 0, if the number sends there, without another look */
		d_step { past = newest; seq = memory[SEQ]; slot = SLOT(seq) };
		atomic {
			if
#ifdef WORD_OF_ANY_SLOT
			:: true ->
#else
			:: slot == 0 ->
#endif
				a = memory[WORD(slot, 0)];
				renewed(a, past);
				newest = (a > newest -> a : newest)
			:: else /* not served */
			fi;
			readings++;
			a = 0; seq = 0; slot = 0; past = 0
		}
	:: readings == READINGS -> break
	od
}
