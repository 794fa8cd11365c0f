/* SPDX-License-Identifier: MIT */
/* `vdsoctl clocks`: what the data page in a process says.
 * Owns: copies of the page, taken from outside.
 * Relies on: kit/page for what is in a page, kit/arch for the counter.
 * Never: runs code of the process's image; writes a page. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "counter.h"
#include "image.h"
#include "output.h"
#include "page/read.h"
#include "process.h"
#include "vdsoctl.h"
#include "views.h"

#define MAX_ATTEMPTS 1000

/* A page as it was at one moment: slot[0].seq is the number that led to a whole slot. */
struct sample {
	pid_t pid;
	uint64_t image, address;
	_Alignas(64) struct vdk_page page;
	double at;                                   /* seconds, of views_elapsed() */
	int64_t before_ns[CLOCKS], after_ns[CLOCKS]; /* the system's clocks, as clock_names lists them */
};

/* Where the page is: an image says how far below it its data begins. 0 after a message. */
static uint64_t page_below(pid_t pid, uint64_t image)
{
	size_t size = process_mapped(pid, image);
	void *bytes = size && size <= MAX_FILE_SIZE ? malloc(size) : NULL;
	bool read = bytes && process_read(pid, image, bytes, size);
	Elf *elf = read ? elf_memory(bytes, size) : NULL;
	uint64_t page = 0;
	GElf_Sym symbol;

	if (elf && find_symbol(elf, SHT_SYMTAB, "vdk_image_data_size", &symbol) && symbol.st_shndx == SHN_ABS)
		page = image - symbol.st_value;
	else if (bytes && !read)
		failed("%d: its memory can't be read: %s", pid, strerror(errno));
	else if (size)
		failed("%d: it has no vdk page: its vDSO, at 0x%" PRIx64 ", is not vdk's", pid, image);
	elf_end(elf);
	free(bytes);
	return page;
}

static void look(int64_t *ns)
{
	for (size_t i = 0; i < CLOCKS; i++)
		ns[i] = system_clock_ns(clock_names[i].id);
}

/* The number, the page, the number: the reader's order, with each system call a barrier. */
static bool take(struct sample *sample)
{
	uint64_t before, after;

	for (int i = 0; i < MAX_ATTEMPTS; i++) {
		look(sample->before_ns);
		if (!process_read(sample->pid, sample->address, &before, sizeof(before)) ||
		    !process_read(sample->pid, sample->address, &sample->page, sizeof(sample->page)) ||
		    !process_read(sample->pid, sample->address, &after, sizeof(after)))
			return false;
		look(sample->after_ns);
		sample->at = views_elapsed();
		if (before == after && sample->page.slot[0].seq == before)
			return true;
	}
	errno = EBUSY;
	return false;
}

static const struct vdk_slot *slot_of(const struct sample *sample)
{
	return vdk_latch_slot(&sample->page, sample->page.slot[0].seq);
}

/* A page that kit/page can read; false after a message. */
static bool check(const struct sample *sample)
{
	const pid_t pid = sample->pid;
	const struct vdk_page *page = &sample->page;
	const struct vdk_slot *slot = slot_of(sample);

	if (page->magic != VDK_PAGE_MAGIC) {
		failed("%d: it has no vdk page: no magic number at 0x%" PRIx64, pid, sample->address);
	} else if (page->version != VDK_PAGE_VERSION || page->size != sizeof(*page)) {
		failed("%d: its vdk page has version %u and %u bytes; known here are version %d and %zu bytes", pid,
		       page->version, page->size, VDK_PAGE_VERSION, sizeof(*page));
	} else if (slot->mode != VDK_MODE_SYSCALL && (slot->width < 1 || slot->width > 64 || slot->shift > 63)) {
		failed("%d: its vdk page is damaged: a counter of %d bits, shifted by %d", pid, slot->width,
		       slot->shift);
	} else {
		return true;
	}
	return false;
}

static bool counter(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	const unsigned int mode = slot->mode & ~VDK_MODE_SCALED;

	(void)ctx;
	if (mode == VDK_MODE_SYSCALL)
		return false;
	if (scaled)
		*scaled = vdk_scaled(slot, vdk_counter_read(mode), slot->width, slot->shift);
	return true;
}

/* What the page says of clock `i`, between two looks at the system's. */
static json_t *clock_row(const struct sample *sample, size_t i)
{
	const struct clock_name *clock = &clock_names[i];
	const bool coarse = clock->id == VDK_CLOCK_REALTIME_COARSE || clock->id == VDK_CLOCK_MONOTONIC_COARSE;
	int64_t before = system_clock_ns(clock->id), after;
	struct vdk_timespec ts;
	bool served = vdk_read_clock(&sample->page, clock->id, false, &ts, counter, NULL);
	__int128 difference;

	after = system_clock_ns(clock->id);
	/* The fine clocks go on by the counter, the coarse ones stand as they were when the page was read. */
	if (coarse) {
		before = sample->before_ns[i];
		after = sample->after_ns[i];
	}
	if (!served)
		return json_pack("{s:s, s:n, s:n, s:n}", "clock", clock->name, "time", "offset_ns", "error_ns");
	difference = (__int128)ts.tv_sec * VDK_NS_PER_SEC + ts.tv_nsec - before - (after - before) / 2;
	return json_pack("{s:s, s:o, s:o, s:I}", "clock", clock->name, "time",
			 json_sprintf("%" PRId64 ".%09" PRId64, ts.tv_sec, ts.tv_nsec), "offset_ns",
			 difference == (int64_t)difference ? json_integer((int64_t)difference) : json_null(),
			 "error_ns", (json_int_t)(after - before + 1) / 2);
}

static const char *mode_name(unsigned int mode)
{
	switch (mode & ~VDK_MODE_SCALED) {
	case VDK_MODE_SYSCALL:
		return "system call";
	case VDK_MODE_COUNTER:
		return "counter";
	case VDK_MODE_COUNTER_ALT:
		return "counter, the other way";
	default:
		return "unknown";
	}
}

static const char *cpu_mode_name(unsigned int mode)
{
	static const char *const names[] = {
		[VDK_CPU_SYSCALL] = "system call",   [VDK_CPU_RDPID] = "RDPID",    [VDK_CPU_LSL] = "LSL",
		[VDK_CPU_COUNTER_ID] = "counter ID", [VDK_CPU_SINGLE] = "one CPU",
	};

	return mode < sizeof(names) / sizeof(names[0]) ? names[mode] : "unknown";
}

static json_t *real(long double value)
{
	return isfinite(value) ? json_real((double)value) : json_null();
}

static json_t *describe(const struct sample *now, const struct sample *last)
{
	const struct vdk_page *page = &now->page;
	const struct vdk_slot *slot = slot_of(now);
	const uint64_t seq = page->slot[0].seq, steps = seq - last->page.slot[0].seq;
	/* ns per cycle = mult * 2^(shift - 64), so cycles per second = 10^9 * 2^(64 - shift) / mult. */
	const long double hz = ldexpl((long double)VDK_NS_PER_SEC / (long double)slot->raw_mult, 64 - slot->shift);
	const long double faster = (long double)slot->mult - (long double)slot->raw_mult;
	json_t *rows = json_array();

	for (size_t i = 0; i < CLOCKS; i++)
		json_array_append_new(rows, clock_row(now, i));
	/* A publication is two steps of the number. */
	return json_pack("{s:i, s:o, s:o, s:I, s:s, s:o, s:i, s:o, s:I, s:b, s:o, s:I, s:I, s:i, s:i, s:s, s:o}",
			 "process", now->pid, "image", output_hex(now->image), "page", output_hex(now->address),
			 "version", (json_int_t)page->version, "mode", mode_name(slot->mode), "counter_hz", real(hz),
			 "counter_bits", slot->width, "rate_ppb", real(faster / (long double)slot->raw_mult * 1e9L),
			 "updates", (json_int_t)(seq / (2 * VDK_LATCH_STEP)), "update_open",
			 (seq & VDK_LATCH_STEP) != 0, "updates_per_second",
			 real((long double)steps / (2 * VDK_LATCH_STEP) / (long double)(now->at - last->at)),
			 "resolution_ns", (json_int_t)page->res_ns, "coarse_resolution_ns",
			 (json_int_t)page->coarse_res_ns, "tai_offset_s", slot->tai_offset_sec, "minutes_west",
			 page->tz_minuteswest, "getcpu", cpu_mode_name(page->cpu_mode), "clocks", rows);
}

/* View after view of the page, until the end. */
static bool show(const struct options *options, struct sample *last)
{
	struct sample now = *last;
	unsigned long views = 0;

	for (;;) {
		bool more = views_wait(options, (double)(views + 1) * options->interval);

		if (!take(&now)) {
			failed("%d: its page can't be read any more: %s", now.pid, strerror(errno));
			return false;
		}
		if (!check(&now))
			return false;
		if (!views_print(options, views++, describe(&now, last)) || !more)
			return output_flush();
		*last = now;
	}
}

bool clocks(const struct options *options, const char *process)
{
	struct sample first = { .pid = getpid(), .image = options->address };

	if (process && !process_named(process, &first.pid)) {
		failed("%s: not the number of a process", process);
		return false;
	}
	if (!process && !first.image)
		first.image = getauxval(AT_SYSINFO_EHDR);
	first.image = process_image(first.pid, first.image);
	if (!first.image)
		return false;
	first.address = page_below(first.pid, first.image);
	if (!first.address)
		return false;
	views_begin();
	if (!take(&first)) {
		failed("%d: the page at 0x%" PRIx64 " can't be read: %s", first.pid, first.address, strerror(errno));
		return false;
	}
	return check(&first) && show(options, &first);
}
