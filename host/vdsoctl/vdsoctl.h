/* SPDX-License-Identifier: MIT */
/* Owns: the commands of vdsoctl, and what they share: options and messages.
 * Relies on: <sys/types.h>.
 * Who may include: host/vdsoctl. */
#ifndef VDK_HOST_VDSOCTL_VDSOCTL_H
#define VDK_HOST_VDSOCTL_VDSOCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
	bool json;
	const char *exports; /* instead of the machine's names, NULL: those */
	uint64_t address;    /* of the image in the process; 0: what AT_SYSINFO_EHDR says */
	double interval;     /* seconds from view to view */
	double seconds;      /* end after that; 0: never */
	unsigned long count; /* end after so many views; 0: never */
};

/* Print `vdsoctl: ` and the message on standard error. */
__attribute__((format(printf, 1, 2))) void failed(const char *format, ...);

/* The bytes of a vDSO: of the file `name`, or, where `name` is a number, of the image in that process; `limit` bytes at most.
 * False after a message. */
bool source_read(const char *name, uint64_t address, void *bytes, size_t limit, size_t *size);

/* The commands: false after a message, or for a broken rule. */
bool list(const struct options *options, const char *name);
bool audit(const struct options *options, const char *name);
bool make_header(const struct options *options, const char *image, const char *path);
bool dump(const struct options *options, const char *process, const char *path);
bool clocks(const struct options *options, const char *process);
bool watch(const struct options *options);

#endif
