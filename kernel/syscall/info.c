/* SPDX-License-Identifier: MIT */
/* What the system says about itself, and its end by request.
 * Owns: host and domain name. Relies on: page.h, sched.c.
 * Never: restarts the machine: there is no hook for it. */
#include "abi/errno.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/file.h"
#include "fs/timens.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "syscall/internal.h"
#include "syscall/uts.h"
#include "time/timekeeping.h"

/* Programs compare the release with what they need: libc 2.36 wants 3.2, systemd's tools 4.15. The version says
 * who this is. */
#define SYSNAME "Linux"
#define RELEASE "6.1.0-vdk"
#define VERSION "vdk"
#define NAME_MAX_LEN 64

static struct spinlock lock;
/* lock */
static char host[NAME_MAX_LEN + 1] = "vdk", domain[NAME_MAX_LEN + 1] = "(none)";

void uts_get(struct utsname *u)
{
	unsigned long flags;

	memset(u, 0, sizeof(*u));
	strlcpy(u->sysname, SYSNAME, sizeof(u->sysname));
	strlcpy(u->release, RELEASE, sizeof(u->release));
	strlcpy(u->version, VERSION, sizeof(u->version));
	strlcpy(u->machine, ARCH_NAME, sizeof(u->machine));
	flags = spin_lock(&lock);
	strlcpy(u->nodename, host, sizeof(u->nodename));
	strlcpy(u->domainname, domain, sizeof(u->domainname));
	spin_unlock(&lock, flags);
}

SYSCALL(uname)
{
	struct utsname u;

	uts_get(&u);
	return copy_to_user(arg[0], &u, sizeof(u));
}

static long set_name(char *name, uaddr_t from, int len)
{
	char copy[NAME_MAX_LEN + 1] = "";
	unsigned long flags;

	if (!process_privileged(current_process()))
		return -EPERM;
	if (len < 0 || len > NAME_MAX_LEN)
		return -EINVAL;
	if (copy_from_user(copy, from, (size_t)len))
		return -EFAULT;
	flags = spin_lock(&lock);
	memcpy(name, copy, sizeof(copy));
	spin_unlock(&lock, flags);
	return 0;
}

SYSCALL(sethostname)
{
	return set_name(host, arg[0], (int)arg[1]);
}

SYSCALL(setdomainname)
{
	return set_name(domain, arg[0], (int)arg[1]);
}

struct sysinfo {
	int64_t uptime;
	uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, pad;
	uint32_t pad2;
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit, pad3;
};
_Static_assert(sizeof(struct sysinfo) == 112, "struct sysinfo of the 64-bit ABIs");

SYSCALL(sysinfo)
{
	struct sysinfo s;
	unsigned int threads = thread_total();

	memset(&s, 0, sizeof(s));
	s.uptime = (int64_t)((timens_boottime_ns() + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
	sched_load(s.loads);
	s.totalram = page_total() * PAGE_SIZE;
	s.freeram = page_free_count() * PAGE_SIZE;
	s.procs = (uint16_t)MIN(threads, 65535u);
	s.mem_unit = 1;
	return copy_to_user(arg[0], &s, sizeof(s));
}

#define REBOOT_MAGIC1 0xfee1deadu
#define REBOOT_CAD_OFF 0u
#define REBOOT_HALT 0xcdef0123u
#define REBOOT_POWER_OFF 0x4321fedcu

static void all_stats(struct process *p, void *arg)
{
	(void)arg;
	if (!p->dead)
		syscall_stats(p);
}

/* Halting is powering off, too: nobody could start a halted guest again. Ctrl-Alt-Del is nothing that could be
 * caught. */
SYSCALL(reboot)
{
	uint32_t magic2 = (uint32_t)arg[1];

	if (!process_privileged(current_process()))
		return -EPERM;
	if ((uint32_t)arg[0] != REBOOT_MAGIC1 ||
	    (magic2 != 672274793 && magic2 != 85072278 && magic2 != 369367448 && magic2 != 537993216))
		return -EINVAL;
	switch ((uint32_t)arg[2]) {
	case REBOOT_CAD_OFF:
		return 0;
	case REBOOT_HALT:
	case REBOOT_POWER_OFF:
		process_each(all_stats, NULL);
		console_exit_status(0);
		arch_power_off(0);
	}
	return -EINVAL;
}
