/* SPDX-License-Identifier: MIT */
/* Owns: what the parts of vdsorun share: the three processes, and the memory between them.
 * Relies on: vdk/time.h; Linux 5.6 (pidfd_getfd).
 * Who may include: host/vdsorun.
 *
 * The process that is started becomes PROG: so its status, its signals, its place in the terminal's jobs are PROG's
 * own. Before, it starts the tracer, a daemon that maps the vDSO at each exec in the tree, and that starts the
 * timekeeper. */
#ifndef VDK_HOST_VDSORUN_H
#define VDK_HOST_VDSORUN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <vdk/time.h>

#define NS_PER_SEC 1000000000ll

/* The time that programs see. */
struct shape {
	bool wanted;       /* another than the host's */
	bool start_given;  /* REALTIME starts at start_ns, and does not follow steps of the host's */
	int64_t start_ns;
	int64_t offset_ns; /* of REALTIME and TAI */
	double rate;       /* of every clock, from the start on */
};

/* A vdk_clocksource whose value can be held, so that a clock can be asked what it says at a counter value of the
 * past. */
struct counter {
	struct vdk_clocksource cs;
	uint64_t held_cycles;
	unsigned int held_reads; /* so many readings give held_cycles; then it is the counter again */
};

/* Of one clock of the host's: its error at each measurement, in ns of the host's. */
struct error_stats {
	uint64_t count;
	double max_ns, square_sum;
};

enum { ERROR_REALTIME, ERROR_MONOTONIC, ERROR_RAW, ERROR_CLOCKS };

/* Memory that the tracer and the timekeeper share. */
struct shared {
	struct vdk_timekeeper tk;
	struct counter counter;
	char note[160]; /* of the counter, for people */
	struct error_stats error[ERROR_CLOCKS];
	double resolution_ns;     /* half the widest bracket that counted */
	uint64_t updates, steps;  /* of the page; of the host's REALTIME */
	uint64_t astray;          /* ticks of the page that are not at one of the host's */
	uint64_t blurred;         /* measurements that did not count */
	uint64_t calls;           /* system calls that were told the time here */
	uint64_t execs, unmapped; /* programs executed; those left on the host's vDSO */
};

struct run {
	struct shape shape;
	const char *image_path; /* NULL: the one inside */
	bool stats, verbose;
	struct vdk_page *kpage;
	struct shared *shared;
	int page_fd, image_fd;
	size_t image_size; /* whole pages */
	pid_t program, timekeeper;
};

/* "vdsorun: ..." on standard error, in one write. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *format, ...); /* exit status 125 */

/* options.c: the command line into `run`; the index of PROG in argv. Ends the process for --help and bad usage. */
int options_parse(struct run *run, int argc, char **argv);

/* memory.c: the data page and the image, in sealed memory; ends the process if it can't. */
void memory_make_page(struct run *run);
void memory_make_image(struct run *run);

/* timekeeper.c: what the process does, for ever. Tells `ready_fd` when the page is filled: a byte 'k'. */
_Noreturn void timekeeper_run(struct run *run, int ready_fd);
/* The timekeeper's figures, to standard error. */
void timekeeper_print_stats(const struct run *run);

/* tracer.c: attach to run->program and follow it. Tells `ready_fd`: 'k', or what went wrong; is told there the
 * number of the descriptor, in run->program, that calls_install() gave; and closes it when that is done. */
_Noreturn void tracer_run(struct run *run, int ready_fd);

/* Let `pid` go, so that somebody else can trace it: call `call`, which asks for that, is answered then; but not if
 * `restarts`: the call is its own, and is made again. False: it is not traced. */
bool tracer_release(pid_t pid, uint64_t call, bool restarts);

/* calls.c: the filter for PROG and all that it starts: its listener, or -1. The other two are the tracer's. */
int calls_install(const struct run *run);
void calls_handle(const struct run *run, int listener);
bool calls_page_time(const struct run *run, int clock_id, struct vdk_timespec *ts); /* false: not a clock of the page */
long calls_give(pid_t pid, uint64_t at, const void *bytes, size_t size); /* into its memory, as it may: 0, or -errno */
void calls_answer(int listener, uint64_t id, bool kernel, long result);

/* inject.c: at the exec stop of `pid`: give it the page and the image. */
enum inject_result { INJECT_DONE, INJECT_NOT, INJECT_GONE };
/* NOT: it goes on with the host's vDSO, for *reason. GONE: it ended; *status is what waitpid() said. */
enum inject_result inject(const struct run *run, pid_t pid, const char **reason, int *status, int *signal);

#endif
