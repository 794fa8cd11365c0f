/* SPDX-License-Identifier: MIT */
/* A process with vdk's image and a live data page, for tests/host/vdsoctl.t to look into.
 * Owns: the page. Relies on: this machine's counter; the commands below, a letter each, on standard input.
 * Never: runs on when standard input ends. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "image/map.h"

#include "counter.h"
#include "page/latch.h"
#include "vdk/time.h"

#define TICK_MS 4
#define DAY_SEC 86400

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	return vdk_counter_read(cs->user_mode);
}

static uint64_t system_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * VDK_NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Close enough for an offset in whole seconds. */
static uint64_t measured_hz(const struct vdk_clocksource *cs)
{
	uint64_t begin_ns = system_ns(CLOCK_MONOTONIC_RAW), begin = cs->read(cs), end_ns;

	do
		end_ns = system_ns(CLOCK_MONOTONIC_RAW);
	while (end_ns - begin_ns < 50000000);
	return (uint64_t)((unsigned __int128)(cs->read(cs) - begin) * VDK_NS_PER_SEC / (end_ns - begin_ns));
}

int main(void)
{
	struct vdk_clocksource cs = { .name = "counter", .read = read_counter, .width = VDK_USER_WIDTH,
		.user_mode = VDK_MODE_COUNTER };
	struct vdk_time_config config = { .tai_offset_sec = 37, .tick_ns = TICK_MS * 1000000 };
	struct pollfd input = { .fd = 0, .events = POLLIN };
	const unsigned char *image = map_image();
	struct vdk_page *page = (struct vdk_page *)(image - VDK_IMAGE_DATA_SIZE);
	struct vdk_timekeeper tk;
	bool ticking = true;
	char command;

	if (mprotect(page, VDK_PAGE_SIZE, PROT_READ | PROT_WRITE) != 0)
		bail("mprotect: %s", strerror(errno));
	cs.hz = measured_hz(&cs);
	config.wall.tv_sec = (int64_t)(system_ns(CLOCK_REALTIME) / VDK_NS_PER_SEC) - DAY_SEC;
	if (vdk_time_init(&tk, &cs, page, &config) != 0 || vdk_time_set_freq(&tk, 100 * 65536) != 0)
		bail("the timekeeper does not start");
	printf("%" PRIx64 "\n", (uint64_t)(uintptr_t)image);
	fflush(stdout);
	for (;;) {
		if (poll(&input, 1, TICK_MS) == 0) {
			if (ticking)
				vdk_time_tick(&tk);
			continue;
		}
		if (read(0, &command, 1) != 1)
			return 0;
		switch (command) {
		case 's': /* stop in the middle of an update */
			ticking = false;
			vdk_latch_write(page, 1, &tk.now);
			vdk_latch_flip(page);
			break;
		case 'u': /* the kernel's counter can't be trusted */
			tk.now.mode = VDK_MODE_SYSCALL;
			vdk_latch_publish(page, &tk.now);
			break;
		case 'w': /* a damaged page */
			tk.now.mode = VDK_MODE_COUNTER;
			tk.now.width = 65;
			vdk_latch_publish(page, &tk.now);
			break;
		case 'v':
			page->version = 77;
			break;
		case 'm':
			page->magic = 0;
			break;
		}
		if (command != '\n') {
			printf("%c\n", command);
			fflush(stdout);
		}
	}
}
