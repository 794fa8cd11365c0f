/* SPDX-License-Identifier: MIT */
/* Choosing the clocksource: what /sys says, and that no clock steps back while a program reads and another chooses.
 *
 * Owns: the claims about /sys/devices/system/clocksource. Relies on: guest.h, pthreads; vdk's kernel.
 * Never: changes the clocksource of a Linux machine. Leaves it as it was. */
#define _GNU_SOURCE
#include <pthread.h>

#include "guest.h"

#define FOLDER "/sys/devices/system/clocksource/clocksource0/"
#define SWITCHES 400

static const clockid_t fine[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI };
static char available[256];
static const char *names[16];
static unsigned int count;

static void slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n < 0)
		bail("%s: %s", path, strerror(errno));
	text[n] = '\0';
	close(fd);
}

static int choose(const char *name)
{
	int fd = open(FOLDER "current_clocksource", O_WRONLY), error;

	if (fd < 0)
		return errno;
	error = write(fd, name, strlen(name)) == (ssize_t)strlen(name) ? 0 : errno;
	close(fd);
	return error;
}

static bool current_is(const char *name)
{
	char text[64];

	slurp(FOLDER "current_clocksource", text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, name) == 0;
}

static volatile bool stop;
static int64_t last[LENGTH(fine)];
static unsigned long readings;

/* Each clock in turn by the vDSO and by the system call: one line of time. How often it was behind. */
static void *read_all(void *unused)
{
	unsigned long back = 0;

	(void)unused;
	while (!stop || readings < 1000) {
		for (size_t c = 0; c < LENGTH(fine); c++)
			for (int way = 0; way < 2; way++) {
				int64_t now = way ? raw_ns(fine[c]) : libc_ns(fine[c]);

				if (now < last[c])
					diag("clock %d, by the %s: %lld ns back", (int)fine[c], way ? "system call" : "vDSO",
					     (long long)(last[c] - now));
				back += now < last[c];
				last[c] = now;
			}
		readings++;
	}
	return (void *)back;
}

static void each_can_be_chosen(void)
{
	for (unsigned int i = 0; i < count; i++) {
		ok(choose(names[i]) == 0 && current_is(names[i]), "%s can be chosen", names[i]);
		for (size_t c = 0; c < LENGTH(fine); c++) {
			int64_t before = raw_ns(fine[c]), now = libc_ns(fine[c]), after = raw_ns(fine[c]);

			ok(before <= now && now <= after, "by %s clock %d lies between two system calls", names[i], (int)fine[c]);
		}
	}
}

static void readers_never_see_a_clock_step_back(void)
{
	int64_t mono = libc_ns(CLOCK_MONOTONIC), real = libc_ns(CLOCK_REALTIME), went, real_went;
	pthread_t reader;
	void *back;
	int failed = 0;

	pthread_create(&reader, NULL, read_all, NULL);
	for (unsigned int i = 0; i < SWITCHES; i++) {
		failed += choose(names[i % count]) != 0;
		usleep(i % 4 * 300);
	}
	stop = true;
	pthread_join(reader, &back);
	is_int(failed, 0, "the clocksource can be changed at any time");
	is_int((long)back, 0, "no clock steps back for who reads it meanwhile, by vDSO and system call");
	went = libc_ns(CLOCK_MONOTONIC) - mono, real_went = libc_ns(CLOCK_REALTIME) - real;
	ok(went > 0 && went < 100 * NS_PER_S && real_went - went < NS_PER_S && went - real_went < NS_PER_S, "nor do they step far forward");
	diag("%lu readings of all clocks in %lld ms", readings, (long long)(went / NS_PER_MS));
}

int main(void)
{
	char first[64];

	if (calls_made("read") < 0)
		skip_all("this is not vdk's kernel");
	slurp(FOLDER "available_clocksource", available, sizeof(available));
	slurp(FOLDER "current_clocksource", first, sizeof(first));
	first[strcspn(first, "\n")] = '\0';
	for (char *name = strtok(available, " \n"); name && count < LENGTH(names); name = strtok(NULL, " \n"))
		names[count++] = name;
	plan(5 + count * (1 + LENGTH(fine)));
	ok(choose("no such counter") == EINVAL, "an unknown name is EINVAL");
	ok(choose("") == 0 || current_is(first), "nothing written changes nothing");
	each_can_be_chosen();
	readers_never_see_a_clock_step_back();
	choose(first);
	return done();
}
