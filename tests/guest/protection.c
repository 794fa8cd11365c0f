/* SPDX-License-Identifier: MIT */
/* The vDSO's memory: what a program may do with image and data page, what it may not, and where they are.
 *
 * Owns: the claims about [vvar] and [vdso] as memory. Relies on: guest.h; /proc/self/maps, as Linux writes it.
 * Never: looks into the data page: its layout is the kernel's. */
#define _GNU_SOURCE
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "guest.h"

#define RUNS 8

struct area {
	unsigned long start, end;
	char access[5], name[64];
};

static struct area areas[64];
static size_t area_count;

static char *image;     /* the ELF header */
static char *data_page; /* Linux has several: the first */

static void read_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	if (!maps)
		bail("/proc/self/maps: %s", strerror(errno));
	for (area_count = 0; area_count < LENGTH(areas) && fgets(line, sizeof(line), maps); area_count++) {
		struct area *a = &areas[area_count];

		a->name[0] = '\0';
		if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %63s", &a->start, &a->end, a->access, a->name) < 3)
			bail("/proc/self/maps has a strange line: %s", line);
	}
	fclose(maps);
}

static const struct area *area_named(const char *name)
{
	for (size_t i = 0; i < area_count; i++)
		if (strcmp(areas[i].name, name) == 0)
			return &areas[i];
	return NULL;
}

static void maps_show_image_and_data(void)
{
	const struct area *vdso = area_named("[vdso]"), *vvar = area_named("[vvar]");
	unsigned int writable_code = 0;
	bool below;

	if (!ok(vdso && vvar, "/proc/self/maps shows [vdso] and [vvar]"))
		bail("nothing to test");
	image = (char *)vdso->start;
	data_page = (char *)vvar->start;
	ok(vdso->start == getauxval(AT_SYSINFO_EHDR), "[vdso] begins at AT_SYSINFO_EHDR");
	ok(strcmp(vdso->access, "r-xp") == 0, "[vdso] is r-xp");
	ok(strcmp(vvar->access, "r--p") == 0, "[vvar] is r--p");
	/* Since Linux 6.13 a [vvar_vclock] lies between the two. */
	below = vvar < vdso;
	for (const struct area *a = vvar; a < vdso; a++)
		below = below && a->end == a[1].start && strncmp(a->name, "[vvar", 5) == 0 &&
			strcmp(a->access, "r--p") == 0;
	ok(below, "[vvar] is directly below [vdso]");
	for (size_t i = 0; i < area_count; i++)
		writable_code += areas[i].access[1] == 'w' && areas[i].access[2] == 'x';
	is_int(writable_code, 0, "no mapping is both writable and executable");
}

/* --- Faults ------------------------------------------------------------------------------------------------------- */

static sigjmp_buf after_fault;
static siginfo_t fault;

static void on_fault(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	fault = *info;
	siglongjmp(after_fault, 1);
}

static void store(char *at)
{
	*(volatile char *)at = 0;
}

static void fetch(char *at)
{
	((void (*)(void))at)();
}

/* Does `access` of `at` fault, with the signal that it should have? */
static bool is_refused(void (*access)(char *), char *at)
{
	memset(&fault, 0, sizeof(fault));
	if (sigsetjmp(after_fault, 1) == 0) {
		access(at);
		return false;
	}
	if (fault.si_signo == SIGSEGV && fault.si_code == SEGV_ACCERR && fault.si_addr == at)
		return true;
	diag("signal %d, code %d, address %p; want address %p", fault.si_signo, fault.si_code, fault.si_addr,
	     (void *)at);
	return false;
}

static void accesses_are_refused(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	const struct {
		void (*access)(char *);
		char *at;
		const char *name;
	} accesses[] = {
		{ store, image, "a write to the image's first byte" },
		{ store, image + PAGE - 1, "a write to the last byte of the image's first page" },
		{ store, data_page, "a write to the data page's first byte" },
		{ store, data_page + PAGE - 1, "a write to the data page's last byte" },
#ifndef __loongarch__
		{ fetch, data_page, "execution of the data page" },
		{ fetch, data_page + 128, "execution within the data page" },
#endif
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	for (size_t i = 0; i < LENGTH(accesses); i++)
		ok(is_refused(accesses[i].access, accesses[i].at), "%s is SIGSEGV, SEGV_ACCERR, at its address",
		   accesses[i].name);
#ifdef __loongarch__
	(void)fetch;
	skip("QEMU does not get out of the exception", "execution of the data page is SIGSEGV, SEGV_ACCERR, at its address");
#endif
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
}

/* --- mprotect ----------------------------------------------------------------------------------------------------- */

/* Byte 15 of an ELF header is padding: a program that gets its own copy of the image may change it. */
#define PADDING 15

static int make_image_writable(void)
{
	if (mprotect(image, PAGE, PROT_READ | PROT_WRITE) != 0 &&
	    mprotect(image, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		return 1;
	image[PADDING]++;
	return 2;
}

static int write_after_refused_mprotect(void)
{
	(void)!mprotect(data_page, PAGE, PROT_READ | PROT_WRITE);
	store(data_page);
	return 0;
}

static void mprotect_opens_nothing(void)
{
	int other_access[] = { PROT_READ | PROT_WRITE, PROT_WRITE, PROT_READ | PROT_EXEC };
	char padding = image[PADDING];
	int status = in_child(make_image_writable);

	ok(WIFEXITED(status) && image[PADDING] == padding, "a child's mprotect and write never change another's image");
	diag("mprotect of the image to writable is %s", WEXITSTATUS(status) == 1 ? "refused" : "a private copy");
	for (size_t i = 0; i < LENGTH(other_access); i++)
		ok(mprotect(data_page, PAGE, other_access[i]) != 0 && (errno == EACCES || errno == EPERM),
		   "mprotect(%d) of the data page is refused", other_access[i]);
	status = in_child(write_after_refused_mprotect);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "after a refused mprotect, a write is still SIGSEGV");
}

/* --- Processes ---------------------------------------------------------------------------------------------------- */

/* The coarse clocks come from the page alone: they go on only if the page is the kernel's. */
static int page_is_live(void)
{
	struct timespec pause = { 0, 50 * NS_PER_MS };
	int64_t start = libc_ns(CLOCK_MONOTONIC_COARSE), before, now, after;

	nanosleep(&pause, NULL);
	before = raw_ns(CLOCK_MONOTONIC_COARSE);
	now = libc_ns(CLOCK_MONOTONIC_COARSE);
	after = raw_ns(CLOCK_MONOTONIC_COARSE);
	return now - start >= 40 * NS_PER_MS && before <= now && now <= after ? 0 : 1;
}

static int child_has_the_same(void)
{
	unsigned long image_before = (unsigned long)image, data_before = (unsigned long)data_page;
	const struct area *vdso, *vvar;

	read_maps();
	vdso = area_named("[vdso]");
	vvar = area_named("[vvar]");
	if (!vdso || !vvar || vdso->start != image_before || vvar->start != data_before)
		return 1;
	return page_is_live();
}

static void fork_keeps_them(void)
{
	is_int(in_child(child_has_the_same), 0,
	       "after fork the child's image and data page are in the same place, and live");
	is_int(page_is_live(), 0, "after fork the parent's are live");
}

/* Run this program again with the argument `address`: what it prints. */
static unsigned long address_in_another_run(const char *self)
{
	unsigned long address = 0;
	int ends[2], status;
	pid_t pid;

	if (pipe(ends) != 0 || (pid = fork()) < 0)
		bail("no child process: %s", strerror(errno));
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(self, self, "address", NULL);
		_exit(127);
	}
	close(ends[1]);
	if (read(ends[0], &address, sizeof(address)) != sizeof(address))
		address = 0;
	close(ends[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? address : 0;
}

static void address_is_random(const char *self)
{
	unsigned long seen[RUNS + 1] = { (unsigned long)image };
	unsigned int equal = 0, bad = 0;

	for (int i = 1; i <= RUNS; i++) {
		seen[i] = address_in_another_run(self);
		bad += seen[i] == 0 || seen[i] % PAGE != 0;
		for (int j = 0; j < i; j++)
			equal += seen[i] == seen[j];
	}
	is_int(bad, 0, "the image's address is page-aligned in %d runs", RUNS);
	is_int(equal, 0, "the image's address differs between %d runs", RUNS + 1);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "address") == 0) {
		unsigned long address = getauxval(AT_SYSINFO_EHDR);

		return write(STDOUT_FILENO, &address, sizeof(address)) != sizeof(address);
	}
	read_maps();
	if (argc > 1 && strcmp(argv[1], "none") == 0) {
		ok(!area_named("[vdso]") && !area_named("[vvar]"), "neither [vdso] nor [vvar] is mapped");
		is_int((long long)getauxval(AT_SYSINFO_EHDR), 0, "AT_SYSINFO_EHDR is not set");
		return done();
	}
	maps_show_image_and_data();
	accesses_are_refused();
	mprotect_opens_nothing();
	fork_keeps_them();
	address_is_random((const char *)getauxval(AT_EXECFN));
	return done();
}
