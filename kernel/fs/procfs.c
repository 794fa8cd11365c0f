/* SPDX-License-Identifier: MIT */
/* /proc: its root, and the directory of a process.
 * Owns: the tables of what is there. Relies on: synth.c.
 * Never: keeps anything about a process but its number. */
#include "core/cmdline.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/proc.h"
#include "fs/timens.h"
#include "mm/page.h"
#include "mm/space.h"
#include "proc/internal.h"
#include "syscall/uts.h"
#include "time/timekeeping.h"
#include "trap/trap.h"

#define PROC_MAGIC 0x9fa0
#define CENTISECOND_NS ((uint64_t)NSEC_PER_SEC / 100)

void procfs_owner(const struct synth_node *n, uint32_t *uid, uint32_t *gid)
{
	struct process *p = n->id[PROC_PID] ? proc_process(n) : NULL;

	if (!p)
		return;
	*uid = p->euid;
	*gid = p->egid;
	process_put(p);
}

static int mounts_text(const struct synth_node *n, struct text *t)
{
	(void)n;
	return mounts_show(t);
}

/* --- Threads --- */

struct smallest {
	int from, found; /* -1: none */
};

static void consider(struct smallest *s, int id)
{
	if (id >= s->from && (s->found < 0 || id < s->found))
		s->found = id;
}

static int next_thread(const struct synth_node *n, int from)
{
	struct smallest s = { from, -1 };
	struct process *p = proc_process(n);
	unsigned long flags;
	struct thread *t;

	if (!p)
		return -1;
	flags = spin_lock(&p->lock);
	list_each(t, &p->threads, in_process)
		consider(&s, t->tid);
	spin_unlock(&p->lock, flags);
	process_put(p);
	return s.found;
}

#define PROCESS_FILES                                                \
	SYNTH_TEXT("auxv", 0400, proc_auxv),                         \
	SYNTH_TEXT("cmdline", 0444, proc_cmdline),                   \
	SYNTH_TEXT("comm", 0444, proc_comm),                         \
	SYNTH_LINK("cwd", proc_cwd_link, proc_cwd_follow),           \
	SYNTH_TEXT("environ", 0400, proc_environ),                   \
	SYNTH_LINK("exe", proc_exe_link, proc_exe_follow),           \
	SYNTH_TEXT("limits", 0444, proc_limits),                     \
	SYNTH_TEXT("maps", 0444, proc_maps),                         \
	SYNTH_TEXT("mounts", 0444, mounts_text),                     \
	SYNTH_LINK("root", proc_root_link, proc_root_follow),        \
	SYNTH_TEXT("stat", 0444, proc_stat),                         \
	SYNTH_TEXT("statm", 0444, proc_statm),                       \
	SYNTH_TEXT("status", 0444, proc_status),                     \
	SYNTH_TEXT("syscalls", 0444, proc_syscalls)

static const struct synth_entry thread_files[] = { PROCESS_FILES };
static const struct synth_entry thread_dir = {
	.mode = S_IFDIR | 0555,
	.children = thread_files,
	.count = ARRAY_SIZE(thread_files),
	.level = PROC_SUB,
};
static const struct synth_entry descriptor_link = {
	.mode = S_IFLNK | 0700,
	.link = proc_fd_link,
	.follow = proc_fd_follow,
	.level = PROC_SUB,
};
static const struct synth_entry ns_files[] = {
	SYNTH_LINK("time", proc_ns_time_link, proc_ns_time_follow),
	SYNTH_LINK("time_for_children", proc_ns_children_link, proc_ns_children_follow),
};
static const struct synth_entry process_files[] = {
	PROCESS_FILES,
	SYNTH_DIR("ns", ns_files),
	{ .name = "timens_offsets", .mode = S_IFREG | 0644, .show = proc_timens_offsets, .store = proc_timens_offsets_store },
	{ .name = "fd", .mode = S_IFDIR | 0500, .next = proc_fd_next, .numbered = &descriptor_link },
	{ .name = "task", .mode = S_IFDIR | 0555, .next = next_thread, .numbered = &thread_dir },
};
static const struct synth_entry process_dir = {
	.mode = S_IFDIR | 0555,
	.children = process_files,
	.count = ARRAY_SIZE(process_files),
	.level = PROC_PID,
};

/* --- The root --- */

static void consider_process(struct process *p, void *arg)
{
	consider(arg, p->pid);
}

static int next_process(const struct synth_node *n, int from)
{
	struct smallest s = { from, -1 };

	(void)n;
	process_each(consider_process, &s);
	return s.found;
}

static int self_link(const struct synth_node *n, struct text *t)
{
	(void)n;
	text_printf(t, "%d", current_process()->pid);
	return 0;
}

static int thread_self_link(const struct synth_node *n, struct text *t)
{
	(void)n;
	text_printf(t, "%d/task/%d", current_process()->pid, current_thread()->tid);
	return 0;
}

static int mounts_link(const struct synth_node *n, struct text *t)
{
	(void)n;
	text_printf(t, "self/mounts");
	return 0;
}

static int meminfo(const struct synth_node *n, struct text *t)
{
	size_t total = page_total() * (PAGE_SIZE / 1024), unused = page_free_count() * (PAGE_SIZE / 1024);
	const struct {
		const char *name;
		size_t kib;
	} lines[] = {
		{ "MemTotal:", total },
		{ "MemFree:", unused },
		{ "MemAvailable:", unused },
		{ "Buffers:", 0 },
		{ "Cached:", 0 },
		{ "SwapCached:", 0 },
		{ "SwapTotal:", 0 },
		{ "SwapFree:", 0 },
		{ "Shmem:", 0 },
		{ "Slab:", 0 },
		{ "SReclaimable:", 0 },
	};

	(void)n;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		text_printf(t, "%-15s %8zu kB\n", lines[i].name, lines[i].kib);
	return 0;
}

static int cpuinfo(const struct synth_node *n, struct text *t)
{
	(void)n;
	text_printf(t, "processor\t: %u\narchitecture\t: %s\n\n", arch_this_cpu()->id, ARCH_NAME);
	return 0;
}

static uint64_t idle_ns(void)
{
	const struct thread *idle = arch_this_cpu()->idle;

	return idle ? idle->kernel_ns : 0;
}

static int uptime(const struct synth_node *n, struct text *t)
{
	uint64_t up = timens_boottime_ns() / CENTISECOND_NS, idle = idle_ns() / CENTISECOND_NS;

	(void)n;
	text_printf(t, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
	return 0;
}

static void newest(struct process *p, void *arg)
{
	int *pid = arg;

	*pid = MAX(*pid, p->pid);
}

static int loadavg(const struct synth_node *n, struct text *t)
{
	uint64_t load[3];
	int last = 0;

	(void)n;
	sched_load(load);
	process_each(newest, &last);
	for (int i = 0; i < 3; i++)
		text_printf(t, "%lu.%02lu ", load[i] >> 16, (load[i] & 0xffff) * 100 >> 16);
	text_printf(t, "%u/%u %d\n", sched_runnable() + 1, thread_total(), last);
	return 0;
}

static int version(const struct synth_node *n, struct text *t)
{
	struct utsname u;

	(void)n;
	uts_get(&u);
	text_printf(t, "%s version %s %s\n", u.sysname, u.release, u.version);
	return 0;
}

struct totals {
	uint64_t user, kernel, switches;
};

static void add_times(struct process *p, void *arg)
{
	struct totals *sum = arg;
	struct thread *t;
	unsigned long flags = spin_lock(&p->lock);

	sum->user += p->user_ns;
	sum->kernel += p->kernel_ns;
	sum->switches += p->dead_switches[0] + p->dead_switches[1];
	list_each(t, &p->threads, in_process) {
		sum->user += t->user_ns;
		sum->kernel += t->kernel_ns;
		sum->switches += t->voluntary_switches + t->forced_switches;
	}
	spin_unlock(&p->lock, flags);
}

/* Times of processes that were reaped are their parents' in time, and not in these sums. */
static int stat(const struct synth_node *n, struct text *t)
{
	struct totals sum = { 0, 0, 0 };
	uint64_t user, kernel, idle = idle_ns() / CENTISECOND_NS;
	int last = 0;

	(void)n;
	process_each(add_times, &sum);
	process_each(newest, &last);
	user = sum.user / CENTISECOND_NS;
	kernel = sum.kernel / CENTISECOND_NS;
	text_printf(t, "cpu  %lu 0 %lu %lu 0 0 0 0 0 0\ncpu0 %lu 0 %lu %lu 0 0 0 0 0 0\n", user, kernel, idle, user,
		    kernel, idle);
	text_printf(t, "intr 0\nctxt %lu\nbtime %ld\nprocesses %d\nprocs_running %u\nprocs_blocked 0\n", sum.switches,
		    (long)((clock_realtime_ns() - (int64_t)timens_boottime_ns()) / NSEC_PER_SEC), last, sched_runnable() + 1);
	return 0;
}

static int filesystems(const struct synth_node *n, struct text *t)
{
	(void)n;
	for (size_t i = 0; fs_type_name(i); i++)
		text_printf(t, "nodev\t%s\n", fs_type_name(i));
	return 0;
}

static int cmdline(const struct synth_node *n, struct text *t)
{
	(void)n;
	text_printf(t, "%s\n", cmdline_text());
	return 0;
}

static int traps(const struct synth_node *n, struct text *t)
{
	size_t count;
	const struct trap_handler *h = trap_handlers(&count);

	(void)n;
	for (size_t i = 0; i < count; i++)
		text_printf(t, "%s %s %lu\n", trap_kind_name(h[i].kind), h[i].name,
			    __atomic_load_n(h[i].calls, __ATOMIC_RELAXED));
	return 0;
}

static const struct synth_entry root_files[] = {
	SYNTH_TEXT("cmdline", 0444, cmdline),
	SYNTH_TEXT("cpuinfo", 0444, cpuinfo),
	SYNTH_TEXT("filesystems", 0444, filesystems),
	SYNTH_TEXT("loadavg", 0444, loadavg),
	SYNTH_TEXT("meminfo", 0444, meminfo),
	SYNTH_LINK("mounts", mounts_link, NULL),
	SYNTH_LINK("self", self_link, NULL),
	SYNTH_TEXT("stat", 0444, stat),
	{ .name = "sys", .mode = S_IFDIR | 0555, .children = procsys_entries, .count = PROCSYS_COUNT },
	SYNTH_LINK("thread-self", thread_self_link, NULL),
	SYNTH_TEXT("traps", 0444, traps),
	SYNTH_TEXT("uptime", 0444, uptime),
	SYNTH_TEXT("version", 0444, version),
};

struct inode *procfs_create(void)
{
	static const struct synth_entry root = {
		.mode = S_IFDIR | 0555,
		.children = root_files,
		.count = ARRAY_SIZE(root_files),
		.next = next_process,
		.numbered = &process_dir,
	};

	return synth_create("proc", PROC_MAGIC, &root);
}
