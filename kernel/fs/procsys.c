/* SPDX-License-Identifier: MIT */
/* /proc/sys and /sys.
 * Owns: the figures that these files give. Relies on: synth.c.
 * Never: lets a program change one, but for what /sys/power, the clock's alarm and the clocksource are there for. */
#include <vdk/clocksource.h>

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/log.h"
#include "core/random.h"
#include "core/string.h"
#include "fs/proc.h"
#include "proc/internal.h"
#include "syscall/uts.h"
#include "time/clocksource.h"
#include "time/suspend.h"
#include "time/timekeeping.h"

#define SYSFS_MAGIC 0x62656572

static int ostype(const struct synth_node *n, struct text *t)
{
	struct utsname u;

	(void)n;
	uts_get(&u);
	text_printf(t, "%s\n", u.sysname);
	return 0;
}

static int osrelease(const struct synth_node *n, struct text *t)
{
	struct utsname u;

	(void)n;
	uts_get(&u);
	text_printf(t, "%s\n", u.release);
	return 0;
}

static int os_version(const struct synth_node *n, struct text *t)
{
	struct utsname u;

	(void)n;
	uts_get(&u);
	text_printf(t, "%s\n", u.version);
	return 0;
}

static int hostname(const struct synth_node *n, struct text *t)
{
	struct utsname u;

	(void)n;
	uts_get(&u);
	text_printf(t, "%s\n", u.nodename);
	return 0;
}

static int domainname(const struct synth_node *n, struct text *t)
{
	struct utsname u;

	(void)n;
	uts_get(&u);
	text_printf(t, "%s\n", u.domainname);
	return 0;
}

/* RFC 4122, version 4. */
static void make_uuid(uint8_t v[16])
{
	random_bytes(v, 16);
	v[6] = (v[6] & 0x0f) | 0x40;
	v[8] = (v[8] & 0x3f) | 0x80;
}

static void show_uuid(struct text *t, const uint8_t v[16])
{
	for (int i = 0; i < 16; i++)
		text_printf(t, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", v[i]);
	text_add(t, "\n", 1);
}

static int uuid(const struct synth_node *n, struct text *t)
{
	uint8_t v[16];

	(void)n;
	make_uuid(v);
	show_uuid(t, v);
	return 0;
}

static int boot_id(const struct synth_node *n, struct text *t)
{
	static struct spinlock lock;
	static uint8_t id[16];
	unsigned long flags = spin_lock(&lock);
	uint8_t v[16];

	(void)n;
	if (!id[6])
		make_uuid(id);
	memcpy(v, id, sizeof(v));
	spin_unlock(&lock, flags);
	show_uuid(t, v);
	return 0;
}

#define NUMBER(function, text_)                                               \
	static int function(const struct synth_node *n, struct text *t)       \
	{                                                                     \
		(void)n;                                                      \
		text_add(t, text_ "\n", sizeof(text_));                       \
		return 0;                                                     \
	}
#define STRING_(x) #x
#define STRING(x) STRING_(x)

NUMBER(pid_max, STRING(PID_MAX))
NUMBER(ngroups_max, "65536")
NUMBER(cap_last_cap, "40")
NUMBER(overflow_id, "65534")
NUMBER(entropy, "256")
NUMBER(randomize, "2")
NUMBER(overcommit, "1")
NUMBER(max_map_count, "65530")
NUMBER(mmap_min_addr, "65536")
NUMBER(nr_open, "1048576")
NUMBER(pipe_max_size, "1048576")
NUMBER(cpu_list, "0")

static const struct synth_entry random_files[] = {
	SYNTH_TEXT("boot_id", 0444, boot_id),
	SYNTH_TEXT("entropy_avail", 0444, entropy),
	SYNTH_TEXT("uuid", 0444, uuid),
};
static const struct synth_entry kernel_files[] = {
	SYNTH_TEXT("cap_last_cap", 0444, cap_last_cap),
	SYNTH_TEXT("domainname", 0444, domainname),
	SYNTH_TEXT("hostname", 0444, hostname),
	SYNTH_TEXT("ngroups_max", 0444, ngroups_max),
	SYNTH_TEXT("osrelease", 0444, osrelease),
	SYNTH_TEXT("ostype", 0444, ostype),
	SYNTH_TEXT("overflowgid", 0444, overflow_id),
	SYNTH_TEXT("overflowuid", 0444, overflow_id),
	SYNTH_TEXT("pid_max", 0444, pid_max),
	SYNTH_DIR("random", random_files),
	SYNTH_TEXT("randomize_va_space", 0444, randomize),
	SYNTH_TEXT("version", 0444, os_version),
};
static const struct synth_entry vm_files[] = {
	SYNTH_TEXT("max_map_count", 0444, max_map_count),
	SYNTH_TEXT("mmap_min_addr", 0444, mmap_min_addr),
	SYNTH_TEXT("overcommit_memory", 0444, overcommit),
};
static const struct synth_entry fs_files[] = {
	SYNTH_TEXT("nr_open", 0444, nr_open),
	SYNTH_TEXT("pipe-max-size", 0444, pipe_max_size),
};
const struct synth_entry procsys_entries[PROCSYS_COUNT] = {
	SYNTH_DIR("fs", fs_files),
	SYNTH_DIR("kernel", kernel_files),
	SYNTH_DIR("vm", vm_files),
};

static int power_state(const struct synth_node *n, struct text *t)
{
	(void)n;
	text_printf(t, "freeze mem\n");
	return 0;
}

static int power_state_store(const struct synth_node *n, const char *text, size_t size)
{
	(void)n;
	if (!text_is(text, size, "freeze") && !text_is(text, size, "mem"))
		return -EINVAL;
	suspend();
	return 0;
}

NUMBER(mem_sleep, "[s2idle]")

static int rtc_since_epoch(const struct synth_node *n, struct text *t)
{
	int64_t sec;

	(void)n;
	if (!arch_wall_time(&sec))
		return -EIO;
	text_printf(t, "%ld\n", sec);
	return 0;
}

static int rtc_wakealarm(const struct synth_node *n, struct text *t)
{
	int64_t at = suspend_wakeup();

	(void)n;
	if (at)
		text_printf(t, "%ld\n", at);
	return 0;
}

/* Seconds since 1970, or +seconds from now. */
static int rtc_wakealarm_store(const struct synth_node *n, const char *text, size_t size)
{
	bool relative = size && *text == '+';
	int64_t sec;

	(void)n;
	if (!text_to_int(text + relative, size - relative, &sec))
		return -EINVAL;
	return suspend_set_wakeup(sec, relative);
}

static int available_clocksource(const struct synth_node *n, struct text *t)
{
	const struct vdk_clocksource *const *cs = clocksource_list();

	(void)n;
	for (; *cs; cs++)
		if (!(*cs)->unstable)
			text_printf(t, "%s ", (*cs)->name);
	text_add(t, "\n", 1);
	return 0;
}

static int current_clocksource(const struct synth_node *n, struct text *t)
{
	(void)n;
	text_printf(t, "%s\n", timekeeping_clocksource()->name);
	return 0;
}

static int current_clocksource_store(const struct synth_node *n, const char *text, size_t size)
{
	(void)n;
	return clocksource_select(text, size && text[size - 1] == '\n' ? size - 1 : size);
}

static const struct synth_entry clocksource0_files[] = {
	SYNTH_TEXT("available_clocksource", 0444, available_clocksource),
	{ .name = "current_clocksource", .mode = S_IFREG | 0644, .show = current_clocksource, .store = current_clocksource_store },
};
static const struct synth_entry clocksource_dirs[] = { SYNTH_DIR("clocksource0", clocksource0_files) };
static const struct synth_entry cpu_files[] = {
	{ .name = "cpu0", .mode = S_IFDIR | 0555 },
	SYNTH_TEXT("online", 0444, cpu_list),
	SYNTH_TEXT("possible", 0444, cpu_list),
	SYNTH_TEXT("present", 0444, cpu_list),
};
static const struct synth_entry system_dirs[] = { SYNTH_DIR("clocksource", clocksource_dirs), SYNTH_DIR("cpu", cpu_files) };
static const struct synth_entry devices_dirs[] = { SYNTH_DIR("system", system_dirs) };
static const struct synth_entry rtc_files[] = {
	SYNTH_TEXT("since_epoch", 0444, rtc_since_epoch),
	{ .name = "wakealarm", .mode = S_IFREG | 0644, .show = rtc_wakealarm, .store = rtc_wakealarm_store },
};
static const struct synth_entry rtc_dirs[] = { SYNTH_DIR("rtc0", rtc_files) };
static const struct synth_entry class_dirs[] = { SYNTH_DIR("rtc", rtc_dirs) };
static const struct synth_entry power_files[] = {
	SYNTH_TEXT("mem_sleep", 0444, mem_sleep),
	{ .name = "state", .mode = S_IFREG | 0644, .show = power_state, .store = power_state_store },
};
static const struct synth_entry sys_dirs[] = {
	SYNTH_DIR("class", class_dirs),
	SYNTH_DIR("devices", devices_dirs),
	SYNTH_DIR("power", power_files),
};

struct inode *sysfs_create(void)
{
	static const struct synth_entry root = SYNTH_DIR(NULL, sys_dirs);

	return synth_create("sysfs", SYSFS_MAGIC, &root);
}
