/* SPDX-License-Identifier: MIT */
/* Owns: which system calls take or give a length of time or a point of it, in which argument and form.
 * Relies on: vdsorun.h.
 * Who may include: host/vdsorun. */
#ifndef VDK_HOST_TIMES_H
#define VDK_HOST_TIMES_H

#include "vdsorun.h"

enum times_form {
	TIMES_SPEC,         /* struct timespec */
	TIMES_VAL,          /* struct timeval */
	TIMES_TIMER_SPEC,   /* struct itimerspec: interval, value */
	TIMES_TIMER_VAL,    /* struct itimerval */
	TIMES_MILLISECONDS, /* the argument itself, an int */
	TIMES_ALARM,        /* the argument itself, seconds, and the result */
};

/* Call it `given` until or for how long, and `told` how long it still takes. */
struct times {
	enum times_form form;
	int given;      /* number of the argument; -1: none */
	int clock;      /* of the page; >= 0: `given` is a point of its time; -1: a length */
	int told;       /* argument that points to where the kernel writes; -1: none */
	bool told_late; /* only when a signal ended the call */
	bool in_place;  /* the kernel writes what is left over `given` */
};

/* Whether call `nr` of `pid` takes or gives time, and how. */
bool times_describe(pid_t pid, int nr, const uint64_t *args, struct times *t);

/* Words of 64 bits in the form; 0: the argument itself. */
unsigned int times_words(enum times_form form);

/* `words` from the page's time to the host's. A time that is over stays over; a length is never shortened. False: there is a
 * mistake in them, which the kernel is to find. */
bool times_to_host(const struct run *run, const struct times *t, int64_t *words);

/* From a length of the host's time to one of the page's. */
void times_to_page(const struct run *run, enum times_form form, int64_t *words);

#endif
