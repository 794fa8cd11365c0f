/* SPDX-License-Identifier: MIT */
/* What a program finds on its stack: arguments, environment, auxiliary vector.
 *
 * Owns: the claims about the initial stack. Relies on: guest.h, the System V ABI. */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <signal.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "guest.h"

#define RUNS 4

/* Without AT_MINSIGSTKSZ. */
#if defined(__aarch64__)
#define MINSIGSTKSZ_OF_ABI 5120
#elif defined(__loongarch__)
#define MINSIGSTKSZ_OF_ABI 4096
#else
#define MINSIGSTKSZ_OF_ABI 2048
#endif

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
extern char _start[] __attribute__((visibility("hidden")));
extern char **environ;

static const ElfW(auxv_t) *auxv;

/* The kernel's entry; getauxval() is the libc's view, and glibc has an AT_HWCAP of its own. */
static unsigned long aux(unsigned long type)
{
	for (const ElfW(auxv_t) *entry = auxv; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == type)
			return entry->a_un.a_val;
	return 0;
}

/* What a run of this program with the argument `tell` says of itself. */
struct told {
	unsigned char random[16];
	char name[256];
	char argument[256];
};

static int tell(char **argv)
{
	struct told told = { 0 };

	memcpy(told.random, (const void *)aux(AT_RANDOM), sizeof(told.random));
	strncpy(told.name, (const char *)aux(AT_EXECFN), sizeof(told.name) - 1);
	strncpy(told.argument, argv[0], sizeof(told.argument) - 1);
	return write(STDOUT_FILENO, &told, sizeof(told)) != sizeof(told);
}

static struct told ask(const char *self)
{
	struct told told = { 0 };
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0 || (pid = fork()) < 0)
		bail("no child process: %s", strerror(errno));
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(self, "another name", "tell", NULL);
		_exit(127);
	}
	close(ends[1]);
	if (read(ends[0], &told, sizeof(told)) != sizeof(told))
		bail("%s tell: no answer", self);
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return told;
}

static void stack_is_laid_out(int argc, char **argv)
{
	uintptr_t entry = (uintptr_t)(argv - 1);
	const char *next = argv[0];
	size_t types = 0;
	int twice = 0;

	is_int(((long *)argv)[-1], argc, "argc is below argv");
	is_int((long long)(entry % 16), 0, "the stack pointer is a multiple of 16 at entry");
	ok(argv[argc] == NULL, "argv ends with a null pointer");
	ok(environ == argv + argc + 1, "the environment follows argv");
	for (; auxv[types].a_type != AT_NULL; types++)
		for (size_t i = 0; i < types; i++)
			twice += auxv[i].a_type == auxv[types].a_type && auxv[i].a_type != AT_IGNORE;
	is_int(twice, 0, "the auxiliary vector follows the environment, and no entry is there twice");
	ok((const char *)(auxv + types + 1) <= argv[0], "the strings lie above it");
	/* Programs that change their title write over the strings and rely on this. */
	for (char **string = argv; string < argv + argc; next += strlen(*string++) + 1)
		if (*string != next)
			break;
	for (char **string = environ; *string && *string == next; string++)
		next += strlen(*string) + 1;
	ok(next == (const char *)aux(AT_EXECFN), "arguments, environment and AT_EXECFN are one run of strings");
}

static void vdso_is_an_elf_file(void)
{
	const ElfW(Ehdr) *vdso = (const ElfW(Ehdr) *)aux(AT_SYSINFO_EHDR);

	if (!ok(vdso && (uintptr_t)vdso % PAGE == 0, "AT_SYSINFO_EHDR is the beginning of a page"))
		return;
	ok(memcmp(vdso->e_ident, ELFMAG, SELFMAG) == 0 && vdso->e_type == ET_DYN &&
	   vdso->e_machine == __ehdr_start.e_machine, "AT_SYSINFO_EHDR is the ELF header of a shared object");
}

static void program_headers_are_this_programs(void)
{
	const ElfW(Phdr) *ph = (const ElfW(Phdr) *)aux(AT_PHDR);
	bool covered = false;

	ok((const char *)ph == (const char *)&__ehdr_start + __ehdr_start.e_phoff,
	   "AT_PHDR is where the program has them");
	is_int((long long)aux(AT_PHENT), sizeof(*ph), "AT_PHENT is the size of one");
	is_int((long long)aux(AT_PHNUM), __ehdr_start.e_phnum, "AT_PHNUM is their number");
	ok(aux(AT_ENTRY) == (unsigned long)_start, "AT_ENTRY is _start");
	is_int((long long)aux(AT_BASE), 0, "AT_BASE is 0 in a static program");
	for (size_t i = 0; i < aux(AT_PHNUM); i++) {
		uintptr_t bias = __ehdr_start.e_type == ET_DYN ? (uintptr_t)&__ehdr_start : 0;

		covered = covered || (ph[i].p_type == PT_LOAD && (ph[i].p_flags & PF_X) &&
				      aux(AT_ENTRY) - bias - ph[i].p_vaddr < ph[i].p_memsz);
	}
	ok(covered, "AT_ENTRY is in an executable segment");
}

static void identity_is_right(void)
{
	is_int((long long)aux(AT_UID), getuid(), "AT_UID is getuid()");
	is_int((long long)aux(AT_EUID), geteuid(), "AT_EUID is geteuid()");
	is_int((long long)aux(AT_GID), getgid(), "AT_GID is getgid()");
	is_int((long long)aux(AT_EGID), getegid(), "AT_EGID is getegid()");
	is_int((long long)aux(AT_SECURE), 0, "AT_SECURE is 0");
	is_int((long long)aux(AT_FLAGS), 0, "AT_FLAGS is 0");
	is_int((long long)aux(AT_PAGESZ), PAGE, "AT_PAGESZ is %ld", PAGE);
	is_int((long long)aux(AT_CLKTCK), 100, "AT_CLKTCK is 100");
}

/* Every bit that AT_HWCAP announces is among `possible`, and what every program may expect is there. */
static void hwcap_is(unsigned long possible, unsigned long expected)
{
	unsigned long hwcap = aux(AT_HWCAP);

	ok((hwcap & ~possible) == 0, "AT_HWCAP announces only what the processor has");
	ok((hwcap & expected) == expected, "AT_HWCAP announces what every program may expect");
	diag("AT_HWCAP %lx, possible %lx, expected %lx", hwcap, possible, expected);
}

#if defined(__x86_64__)
#define PLATFORM "x86_64"

/* CPUID's word; a kernel may hide some of it. Expected: FPU, TSC, CX8, CMOV, MMX, FXSR, SSE, SSE2. */
static void processor_is_right(void)
{
	unsigned int a, b, c, d;

	__cpuid(1, a, b, c, d);
	hwcap_is(d, 0x07808111);
	/* Bit 1: programs may use RDFSBASE and its like, as glibc and language runtimes ask here. The word that FS:0
	 * addresses holds FS itself. */
	if (aux(AT_HWCAP2) & 2) {
		uintptr_t base, self;

		__asm__ volatile("rdfsbase %0; mov %%fs:0, %1" : "=r"(base), "=r"(self));
		ok(base == self, "RDFSBASE works where AT_HWCAP2 says so");
	} else {
		skip("AT_HWCAP2 does not say so", "RDFSBASE works where AT_HWCAP2 says so");
	}
}
#elif defined(__riscv)
#define PLATFORM NULL

/* A bit for each extension of one letter. Expected: I, M, A, F, D, C, by which this program is built. */
static void processor_is_right(void)
{
	hwcap_is(0x3ffffff, 0x112d);
}
#elif defined(__aarch64__)
#define PLATFORM "aarch64"

/* Expected: FP, ASIMD. Where bit 8 announces the atomic instructions, there they are. */
static void processor_is_right(void)
{
	unsigned long value = 5, old = 0;

	hwcap_is(~0ul, 3);
	if (aux(AT_HWCAP) & 1 << 8) {
		__asm__ volatile(".arch armv8-a+lse\n\tldadd %2, %0, [%1]" : "=&r"(old) : "r"(&value), "r"(2ul) : "memory");
		ok(old == 5 && value == 7, "LDADD works where AT_HWCAP says so");
	} else {
		skip("AT_HWCAP does not say so", "LDADD works where AT_HWCAP says so");
	}
}
#elif defined(__loongarch__)
#define PLATFORM "loongarch"

static unsigned long cpucfg(unsigned long word)
{
	__asm__("cpucfg %0, %0" : "+r"(word));
	return word;
}

/* Bits for CPUCFG itself, LAM, UAL, FPU, LSX, LASX, and seven more that are in CPUCFG too. Expected: CPUCFG, LAM, FPU.
 */
static void processor_is_right(void)
{
	unsigned long one = cpucfg(1), two = cpucfg(2), possible = 1 | 0x1fc0;

	possible |= (two >> 22 & 1) << 1 | (one >> 20 & 1) << 2 | (two & 1) << 3 | (two >> 6 & 3) << 4;
	hwcap_is(possible, 0xb);
}
#endif

static void platform_is_right(void)
{
	const char *platform = (const char *)aux(AT_PLATFORM), *expected = PLATFORM;

	if (expected)
		ok(platform && strcmp(platform, expected) == 0, "AT_PLATFORM is %s", expected);
	else
		ok(!platform, "there is no AT_PLATFORM");
}

static char stack[65536];
static unsigned long frame_size;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)info;
	frame_size = (unsigned long)(stack + sizeof(stack) - (char *)context);
}

/* The signal's frame holds the whole register state; the kernel tells how much that is on this processor. */
static void signal_frame_fits(void)
{
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	unsigned long said = aux(AT_MINSIGSTKSZ) ? aux(AT_MINSIGSTKSZ) : MINSIGSTKSZ_OF_ABI;

	if (sigaltstack(&alternate, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0)
		bail("no signal stack: %s", strerror(errno));
	raise(SIGUSR1);
	ok(frame_size > 0 && frame_size <= said, "AT_MINSIGSTKSZ, or the ABI's MINSIGSTKSZ, is enough for a signal's frame");
	diag("a frame of at least %lu bytes, AT_MINSIGSTKSZ %lu, MINSIGSTKSZ %d", frame_size, aux(AT_MINSIGSTKSZ),
	     MINSIGSTKSZ_OF_ABI);
}

static void runs_differ(const char *self)
{
	struct told told[RUNS];
	int equal = 0;

	for (int i = 0; i < RUNS; i++) {
		told[i] = ask(self);
		for (int j = 0; j < i; j++)
			equal += memcmp(told[i].random, told[j].random, sizeof(told[i].random)) == 0;
	}
	is_int(equal, 0, "the 16 bytes at AT_RANDOM differ between runs");
	ok(strcmp(told[0].name, self) == 0, "AT_EXECFN is the path given to execve");
	ok(strcmp(told[0].argument, "another name") == 0, "argv[0] is what execve was given, not the path");
}

int main(int argc, char **argv)
{
	char **end = environ;

	while (*end)
		end++;
	auxv = (const ElfW(auxv_t) *)(end + 1);
	if (argc == 2 && strcmp(argv[1], "tell") == 0)
		return tell(argv);
	stack_is_laid_out(argc, argv);
	vdso_is_an_elf_file();
	program_headers_are_this_programs();
	identity_is_right();
	processor_is_right();
	platform_is_right();
	signal_frame_fits();
	runs_differ((const char *)aux(AT_EXECFN));
	return done();
}
