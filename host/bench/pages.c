/* SPDX-License-Identifier: MIT */
/* The pages behind the host's vDSO.
 *
 * Owns: finding them, and copies of them. Relies on: /proc/self/maps.
 * Never: reads a page itself that may have nothing behind it: that is SIGBUS. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

bool copy_page(void *copy, const char *address)
{
	static int pipe_fd[2];
	ssize_t size;

	if (!pipe_fd[1] && pipe2(pipe_fd, O_CLOEXEC) != 0)
		fail("pipe");
	/* The kernel reads it, and says with an error what would be a signal here. */
	size = write(pipe_fd[1], address, VDK_PAGE_SIZE);
	if (size > 0 && read(pipe_fd[0], copy, (size_t)size) != size)
		fail("pipe");
	return size == VDK_PAGE_SIZE;
}

void host_range(const char **from, const char **to)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t low = UINTPTR_MAX, high = 0, start, end;
	char line[512];

	if (!maps)
		fail("/proc/self/maps");
	while (fgets(line, sizeof(line), maps))
		if ((strstr(line, "[vvar") || strstr(line, "[vdso]")) &&
		    sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) == 2) {
			low = start < low ? start : low;
			high = end > high ? end : high;
		}
	fclose(maps);
	if (high <= low || high - low > 256 * VDK_PAGE_SIZE)
		fail_with("host", "its vDSO and the data pages are not together in /proc/self/maps");
	*from = (const char *)low;
	*to = (const char *)high;
}
