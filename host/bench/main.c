/* SPDX-License-Identifier: MIT */
/* bench: what a call costs, on vdk's image, on the host's vDSO, as a system call, and at least.
 *
 * Owns: the command line, the order of the parts, the progress line.
 * Relies on: the image and the page of this build; the host's vDSO.
 * Never: judges. It has numbers only. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static const char help[] =
	"Usage: bench [--rounds N] [--calls N] [--counter WAY] [--image FILE] [--out DIR]\n"
	"\n"
	"Measures clock_gettime, gettimeofday, time, clock_getres and getcpu of vdk's image in this process, of the "
	"host's\n"
	"vDSO, and as system calls, in interleaved rounds. Prints tables, writes DIR/bench.json and what DIR's plots "
	"need.\n"
	"\n"
	"  --rounds N    rounds; medians and minima are taken over them (41)\n"
	"  --calls N     calls of which the worst is shown, for each reader (100000000)\n"
	"  --counter WAY how vdk's page says the counter is to be read, by its name in the first line of the tables\n"
	"                (default: what a kernel would choose)\n"
	"  --image FILE  the image (build/x86_64/vdso.so)\n"
	"  --out DIR     where results go (build/bench)\n";

static struct {
	bool terminal;
	time_t start;
	int64_t next_ms;
} shown;

void fail_with(const char *what, const char *reason)
{
	progress_end();
	fprintf(stderr, "bench: %s: %s\n", what, reason);
	exit(1);
}

void fail(const char *what)
{
	fail_with(what, strerror(errno));
}

void progress(const char *part, uint64_t done, uint64_t of)
{
	struct timespec now;
	int64_t now_ms;
	long seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!shown.start) {
		shown.start = now.tv_sec;
		shown.terminal = isatty(STDERR_FILENO);
	}
	now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (now_ms < shown.next_ms)
		return;
	shown.next_ms = now_ms + (shown.terminal ? 100 : 5000);
	seconds = (long)(now.tv_sec - shown.start);
	fprintf(stderr, "%s%ld s: %s, %u %%%s", shown.terminal ? "\r\033[K" : "bench: ", seconds, part,
		(unsigned int)(done * 100 / (of ? of : 1)), shown.terminal ? "" : "\n");
}

void progress_end(void)
{
	if (shown.terminal)
		fputs("\r\033[K", stderr);
}

static uint64_t number(const char *option, const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || end == text || !value || value > 1000000000000 || *text == '-')
		fail_with(option, "is not a number of 1 or more");
	return value;
}

static unsigned int counter_mode(const char *name)
{
	for (unsigned int mode = VDK_MODE_COUNTER; mode <= VDK_MODE_COUNTER_ALT; mode++) {
		const char *known = machine_counter_name(mode);

		if (known && strcmp(name, known) == 0)
			return mode;
	}
	fail_with(name, "is no way to read the counter of this architecture");
}

static void options(struct bench *b, int argc, char **argv)
{
	static const struct option known[] = { { "rounds", 1, NULL, 'r' },  { "calls", 1, NULL, 'c' },
					       { "counter", 1, NULL, 'C' }, { "image", 1, NULL, 'i' },
					       { "out", 1, NULL, 'o' },     { "help", 0, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'r':
			b->rounds = (unsigned int)number("--rounds", optarg);
			break;
		case 'c':
			b->worst_calls = number("--calls", optarg);
			break;
		case 'C':
			b->counter_mode = counter_mode(optarg);
			break;
		case 'i':
			b->image = optarg;
			break;
		case 'o':
			b->out = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			fputs(help, stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fputs(help, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct bench b = {
		.rounds = 41,
		.worst_calls = 100000000,
		.image = "build/x86_64/vdso.so",
		.out = "build/bench",
	};

	options(&b, argc, argv);
	if (b.rounds > 10000)
		fail_with("--rounds", "is more than 10000");
	if (mkdir(b.out, 0777) != 0 && errno != EEXIST)
		fail(b.out);
	subjects_init(&b);
	calibrate(&b);
	count_instructions(&b);
	measure_rounds(&b);
	measure_cold(&b);
	measure_publish(&b);
	measure_worst(&b);
	progress_end();
	print_tables(&b);
	write_json(&b);
	write_plots(&b);
	return 0;
}
