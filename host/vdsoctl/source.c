/* SPDX-License-Identifier: MIT */
/* Where a vDSO is read from: a file, or a process.
 * Owns: nothing. Relies on: process.c. Never: reads a whole file that is too large to be a vDSO. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "process.h"
#include "vdsoctl.h"

static bool read_file(const char *name, void *bytes, size_t limit, size_t *size)
{
	FILE *file = fopen(name, "rb");
	bool good;

	if (file)
		*size = fread(bytes, 1, limit, file);
	good = file && !ferror(file);
	if (!good)
		failed("%s: %s", name, strerror(errno));
	if (file)
		fclose(file);
	return good;
}

bool source_read(const char *name, uint64_t address, void *bytes, size_t limit, size_t *size)
{
	pid_t pid;

	if (!process_named(name, &pid))
		return read_file(name, bytes, limit, size);
	address = process_image(pid, address);
	*size = address ? process_mapped(pid, address) : 0;
	if (*size > limit)
		*size = limit;
	if (*size == 0)
		return false;
	if (process_read(pid, address, bytes, *size))
		return true;
	failed("%d: its memory can't be read: %s", pid, strerror(errno));
	return false;
}

bool dump(const struct options *options, const char *process, const char *path)
{
	static unsigned char bytes[0x100000];
	size_t size;
	FILE *out;
	bool good;

	if (!source_read(process, options->address, bytes, sizeof(bytes), &size))
		return false;
	out = fopen(path, "wb");
	good = out && fwrite(bytes, 1, size, out) == size;
	good &= out && fclose(out) == 0;
	if (!good)
		failed("%s: %s", path, strerror(errno));
	return good;
}
