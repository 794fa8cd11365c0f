/* SPDX-License-Identifier: MIT */
/* Owns: what the parts of the benchmark share: what is measured, in which settings, and the results.
 * Relies on: bench_machine.h of the architecture, vdk/time.h.
 * Who may include: host/bench. */
#ifndef VDK_HOST_BENCH_H
#define VDK_HOST_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench_machine.h"
#include "vdk/time.h"

typedef long call_t(long a, long b, long c);

/* Where calls store their results: a line of its own for each thread. */
struct place {
	_Alignas(MACHINE_LINE) uint64_t word[8];
};

/* The functions measured: clock_gettime once for each clock. */
enum { CLOCKS = 7, FUNCTIONS = CLOCKS + 4 };
enum subject { VDK, HOST, SYSTEM_CALL, SUBJECTS };
/* Series: each function by each subject; the floor, by the page's way of reading the counter, and by the other if
 * this CPU has it, and of what reads no counter; the work between calls by itself. */
enum { FLOOR = FUNCTIONS * SUBJECTS, FLOOR_OTHER, FLOOR_STORES, WORK, SERIES };

struct series {
	const char *function, *clock, *subject; /* clock: "" where there is none */
	call_t *call;                           /* NULL: does not exist here, or is WORK */
	long argument[2];
	bool is_place[2];                    /* the argument is an offset in the thread's place */
	unsigned int calls, calls_amid_work; /* per batch */
};

/* How many threads call, how often the writer publishes meanwhile, and whether there is work between calls. */
struct setting {
	unsigned int threads;
	unsigned int writer_hz;
	bool amid_work;
};
enum { SETTINGS = 12 };

struct summary {
	double median_ns, min_ns;
};

enum flushed { DATA, DATA_AND_CODE, FLUSHED };
enum worst { WORST_VDK, WORST_SEQLOCK, WORST_FLOOR, WORSTS };
/* Latencies by their logarithm, in eighths of an octave of counter ticks. */
enum { BUCKETS = 64 * 8 };
struct worst_result {
	const char *subject;
	uint64_t calls, worst_ticks, bucket[BUCKETS];
};
enum { PUBLISHES = 6 };
struct publish_result {
	const char *what; /* "publish": the page is written; "tick": after a reading of the counter and an advance */
	unsigned int mappings;
	bool reader; /* another CPU reads the page all the time */
	struct summary summary;
};

struct bench {
	unsigned int rounds;
	uint64_t worst_calls;
	const char *image, *out;

	unsigned int counter_mode; /* VDK_MODE_*; 0: what a kernel would choose */
	double counter_hz;
	int cpu[3]; /* where the threads and the writer run; some may be the same */
	unsigned int cpus;
	struct vdk_timekeeper tk;
	struct vdk_page *kpage;
	int page_fd;
	const char *vdk_page, *vdk_image;
	size_t vdk_image_size;

	struct series series[SERIES];
	unsigned int work; /* length of the work between calls */
	struct setting setting[SETTINGS];
	struct summary result[SETTINGS][SERIES];
	double reached_hz[SETTINGS]; /* publications per second */
	unsigned int instructions[SERIES];
	struct summary cold[FLUSHED][SERIES];
	struct worst_result worst[WORSTS];
	double stopped_ms; /* how long each stop of the writer was meant to last */
	unsigned int stops;
	struct publish_result publish[PUBLISHES];
};

/* bench: reason, and exit 1; `what` as for perror(). */
_Noreturn void fail(const char *what);
_Noreturn void fail_with(const char *what, const char *reason);

/* While it works: `part`, and how much of it is done. On a terminal one line that changes, elsewhere one every few
 * seconds. */
void progress(const char *part, uint64_t done, uint64_t of);
void progress_end(void);

/* subjects.c: fills the page, maps the image, finds all functions. Before everything else. */
void subjects_init(struct bench *b);
struct vdk_timespec host_now(void);

/* pages.c: the page at `address` into `copy`; false: nothing is behind it. And where the host's vDSO and data are. */
bool copy_page(void *copy, const char *address);
void host_range(const char **from, const char **to);

/* timing.c */
double ticks_to_ns(const struct bench *b, double ticks);
struct summary summarize(double *values, size_t count); /* sorts them */
void run_on(int cpu);
/* The arguments of a call whose results go to `place`. */
void arguments(const struct series *s, struct place *place, long argument[2]);
/* Calls per batch, and the length of the work. */
void calibrate(struct bench *b);
/* Ticks per call of one batch. */
double batch(const struct bench *b, const struct series *s, struct place *place, bool amid_work);

/* The parts, each with a file. */
void measure_rounds(struct bench *b);
void count_instructions(struct bench *b);
void measure_cold(struct bench *b);
void measure_worst(struct bench *b);
void measure_publish(struct bench *b);

void print_tables(const struct bench *b);
void write_json(const struct bench *b);
void write_plots(const struct bench *b);

#endif
