/* SPDX-License-Identifier: MIT */
/* libgcc's unwinder, from each instruction of the image, finds the caller: by the image's tables, and through its
 * signal trampoline.
 *
 * Each instruction of a writable copy of the image is replaced by a trap. The handler puts the instruction back,
 * and walks: from itself through the signal frame to the trap, and on to the caller, whose registers have known
 * values. It returns by the image's own rt_sigreturn (x86_64 has none), whose instructions are trapped too.
 * Owns: the walk, and the calls that lead to each instruction.
 * Relies on: a static program, linked with --wrap=_dl_find_object: libgcc asks that for tables; argv[1], a file
 *	with the addresses of the image's instructions.
 * Never: passes where an instruction was not reached. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unwind.h>

#include "../../vdso_reader.h"
#include "../map.h"
#include "counter.h"
#include "machine.h"
#include "page/latch.h"
#include "syscall.h" /* what counter.h declares */

uint64_t probe_sp;
const void *trampoline;
void on_trap(int sig, siginfo_t *info, void *context);
int __wrap__dl_find_object(void *pc, struct dl_find_object *found);
int __real__dl_find_object(void *pc, struct dl_find_object *found);

static struct vdk_page *page;
static unsigned char *image;
static const void *eh_frame_hdr;

/* By offset in the image. */
static unsigned char original[VDK_IMAGE_SIZE];
static uint8_t size_at[VDK_IMAGE_SIZE]; /* 0: no instruction begins here */
static bool inner[VDK_IMAGE_SIZE];      /* in a function that is not exported */
static bool trapped[VDK_IMAGE_SIZE], reached[VDK_IMAGE_SIZE];
static bool publishing; /* an update completes at each trap: readings go round */
static unsigned int first_state, next_state; /* of the page: at first, and once a call has come to an inner function */
static void set_page(unsigned int state);

static bool broken; /* the tables are, on purpose */
/* Walks: all, without the caller, with wrong registers of the caller, with a wrong signal frame. */
static unsigned int walks, lost, wrong, strange;
static unsigned int unsupported; /* instructions */

/* As if the dynamic linker knew the image; for the program itself it does. */
int __wrap__dl_find_object(void *pc, struct dl_find_object *found)
{
	if ((unsigned char *)pc < image || (unsigned char *)pc >= image + VDK_IMAGE_SIZE)
		return __real__dl_find_object(pc, found);
	*found = (struct dl_find_object){ .dlfo_map_start = image, .dlfo_map_end = image + VDK_IMAGE_SIZE,
		.dlfo_eh_frame = (void *)eh_frame_hdr };
	return 0;
}

struct walk {
	const ucontext_t *uc;
	unsigned int frames;
	bool interrupted, arrived, wrong, strange;
};
#define MAX_FRAMES 32 /* a wrong table can send a walk round for ever */

/* libgcc faults on a register that no table mentioned, and on a return address that is none. */
static sigjmp_buf *recover;

static void on_fault(int sig)
{
	if (!recover)
		bail("signal %d", sig);
	siglongjmp(*recover, 1);
}

static bool has(struct _Unwind_Context *frame, int number, uint64_t want, const char *whose)
{
	sigjmp_buf here, *const outer = recover;
	volatile bool right = false, known = false;

	recover = &here;
	if (sigsetjmp(here, 1) == 0) {
		right = _Unwind_GetGR(frame, number) == want;
		known = true;
	}
	recover = outer;
	if (!right && !broken)
		diag("%s: register %d: %s", whose, number, known ? "another value" : "no rule");
	return right;
}

static _Unwind_Reason_Code each_frame(struct _Unwind_Context *frame, void *arg)
{
	static const int saved[] = MACHINE_SAVED;
	struct walk *walk = arg;
	const ucontext_t *uc = walk->uc;
	int interrupted;
	const uint64_t ip = _Unwind_GetIPInfo(frame, &interrupted);

	if (interrupted && !walk->interrupted) {
		walk->interrupted = true;
		walk->strange |= ip != (uint64_t)MACHINE_PC(uc);
#define COMPARE(number, value) walk->strange |= !has(frame, number, (uint64_t)(value), "trapped frame");
		MACHINE_REGISTERS(COMPARE)
	}
	if (ip != (uint64_t)probe_return)
		return ++walk->frames < MAX_FRAMES ? _URC_NO_REASON : _URC_NORMAL_STOP;
	walk->arrived = true;
	walk->wrong = _Unwind_GetCFA(frame) != probe_sp;
	for (size_t i = 0; i < sizeof(saved) / sizeof(saved[0]); i++)
		walk->wrong |= !has(frame, saved[i], MARK + (uint64_t)saved[i], "caller");
	return _URC_NORMAL_STOP;
}

static void put(uint64_t at, const void *bytes, size_t size)
{
	memcpy(image + at, bytes, size);
	__builtin___clear_cache((char *)image + at, (char *)image + at + size);
}

void on_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	const uint64_t at = (uint64_t)MACHINE_PC(uc) - (uint64_t)image - (sig == SIGTRAP ? MACHINE_TRAP_SIZE : 0);
	static struct walk walk; /* not in a register: a fault may end the walk */
	sigjmp_buf here;

	(void)info;
	walk = (struct walk){ .uc = uc };
	if (at >= VDK_IMAGE_SIZE || size_at[at] == 0)
		bail("signal %d at 0x%llx, which is no instruction of the image", sig, (unsigned long long)MACHINE_PC(uc));
	if (sig == SIGILL) { /* an optional instruction that this CPU has not */
		MACHINE_PC(uc) += size_at[at];
		unsupported++;
		return;
	}
	if (!trapped[at])
		bail("a trap at +0x%llx that nobody set", (unsigned long long)at);
	MACHINE_PC(uc) -= sig == SIGTRAP ? MACHINE_TRAP_SIZE : 0;
	trapped[at] = false;
	reached[at] = true;
	if (inner[at])
		set_page(next_state);
	if (publishing)
		page->slot[0].seq += 2 * VDK_LATCH_STEP;
	put(at, original + at, sizeof(machine_trap));
	recover = &here;
	if (sigsetjmp(here, 1) == 0)
		_Unwind_Backtrace(each_frame, &walk);
	recover = NULL;
	walks++;
	lost += !walk.arrived;
	wrong += walk.wrong;
	strange += walk.strange || !walk.interrupted;
	if (!broken && (!walk.arrived || walk.wrong || walk.strange || !walk.interrupted))
		diag("+0x%llx: caller %s, registers %s, signal frame %s", (unsigned long long)at,
		     walk.arrived ? "found" : "lost", walk.wrong ? "wrong" : "right",
		     walk.interrupted && !walk.strange ? "right" : "wrong");
}

/* A trap in place of each instruction, or none in any. */
static void set_traps(bool wanted)
{
	for (uint64_t at = 0; at < VDK_IMAGE_SIZE; at++) {
		if (size_at[at] == 0)
			continue;
		put(at, wanted ? machine_trap : original + at, sizeof(machine_trap));
		trapped[at] = wanted;
	}
}

static void call5(const void *fn, long a, long b, long c, long d, long e)
{
	const long args[] = { a, b, c, d, e };

	set_page(first_state);
	set_traps(true);
	probe(fn, args);
	set_traps(false);
}

static void call(const void *fn, long a, long b, long c)
{
	call5(fn, a, b, c, 0, 0);
}

/* --- Calls that lead to each instruction --- */

static void clock_gettime_calls(const void *fn)
{
	struct timespec ts;

	for (int id = -1; id <= 12; id++)
		call(fn, id, (long)&ts, 0);
}

static void clock_getres_calls(const void *fn)
{
	struct timespec ts;

	for (int id = -1; id <= 12; id++)
		call(fn, id, (long)&ts, 0);
	call(fn, CLOCK_MONOTONIC, 0, 0);
}

static void gettimeofday_calls(const void *fn)
{
	struct timeval tv;
	struct timezone tz;

	call(fn, (long)&tv, (long)&tz, 0);
	call(fn, 0, 0, 0);
}

static void time_calls(const void *fn)
{
	long t;

	call(fn, (long)&t, 0, 0);
	call(fn, 0, 0, 0);
}

static void getcpu_calls(const void *fn)
{
	unsigned int cpu, node;

	call(fn, (long)&cpu, (long)&node, 0);
	call(fn, 0, 0, 0);
}

static void flush_icache_calls(const void *fn)
{
	call(fn, (long)image, (long)image + 4, 0);
	call(fn, (long)image, (long)image + 4, 1);
}

static void riscv_hwprobe_calls(const void *fn)
{
	struct {
		int64_t key;
		uint64_t value;
	} pairs[VDK_HWPROBE_MAX + 2];
	static const size_t size = 2 * sizeof(long);
	/* of CPUs: all, another, far more, none */
	static const long sets[][2] = { { 1, 0 }, { 2, 0 }, { 1, 1 }, { 0, 0 } };

	for (unsigned int i = 0; i < VDK_HWPROBE_MAX + 2; i++)
		pairs[i].key = (int)i - 1;
	call(fn, (long)pairs, VDK_HWPROBE_MAX + 2, 0);
	call(fn, (long)pairs, 0, 0);
	call5(fn, (long)pairs, 1, 0, 0, 1);
	call5(fn, (long)pairs, 1, (long)size, 0, 0);
	call5(fn, (long)pairs, 1, (long)size - 1, (long)sets, 0);
	for (unsigned int i = 0; i < 4; i++)
		call5(fn, (long)pairs, 1, (long)size, (long)sets[i], 0);
}

static void no_calls(const void *fn)
{
	(void)fn;
}

static const struct {
	const char *name;
	void (*calls)(const void *fn);
} functions[] = {
	{ "clock_gettime", clock_gettime_calls }, { "clock_getres", clock_getres_calls },
	{ "gettimeofday", gettimeofday_calls },   { "time", time_calls },
	{ "getcpu", getcpu_calls },               { "flush_icache", flush_icache_calls },
	{ "riscv_hwprobe", riscv_hwprobe_calls },
	{ "rt_sigreturn", no_calls /* each trap returns through it */ },
};

/* As a base: the counter's last value with a lower half of 0. With a shift of 20 seconds have gone by since then. */
#define NEAR 1

/* Every state of the page that the read path tells apart. The counter runs from somewhere below 2^63. */
static void set_page(unsigned int state)
{
	static const struct {
		uint64_t cycles, mult;
		uint8_t mode, shift;
		uint32_t res_ns, cpu_mode;
	} states[] = {
		{ 0, 0, VDK_MODE_SYSCALL, 0, 0, VDK_CPU_SYSCALL },
#define OF_MODE(mode, shift, cpu_mode)                                                                    \
		{ 1ull << 63, 1, mode, shift, 1, cpu_mode }, /* a counter behind the base */              \
		{ 0, 1, mode, shift, 1, cpu_mode },                                                       \
		{ 0, 0, mode, shift, 1, cpu_mode }, /* with ns of 1.5e9: one second is carried */         \
		{ 0, UINT64_MAX, mode, shift, 1, cpu_mode } /* many seconds are carried */
		OF_MODE(VDK_MODE_COUNTER, 0, VDK_CPU_RDPID),
		OF_MODE(VDK_MODE_COUNTER | VDK_MODE_SCALED, 3, VDK_CPU_LSL),
		OF_MODE(VDK_MODE_COUNTER_ALT, 0, VDK_CPU_COUNTER_ID),
		OF_MODE(VDK_MODE_COUNTER_ALT | VDK_MODE_SCALED, 1, VDK_CPU_SINGLE),
#undef OF_MODE
		{ NEAR, 1, VDK_MODE_COUNTER, 0, 1, VDK_CPU_RDPID },
		{ NEAR, 0, VDK_MODE_COUNTER, 0, 1, VDK_CPU_RDPID },
		{ NEAR, UINT64_MAX, VDK_MODE_COUNTER | VDK_MODE_SCALED, 20, 1, VDK_CPU_RDPID },
		{ NEAR, 1, VDK_MODE_COUNTER_ALT, 0, 1, VDK_CPU_RDPID },
	};
	struct vdk_slot *slot = page->slot;

	slot->cycles = states[state].cycles == NEAR ? vdk_counter_read(VDK_MODE_COUNTER) >> 32 << 32 : states[state].cycles;
	slot->mult = slot->raw_mult = states[state].mult;
	slot->mode = states[state].mode;
	slot->shift = states[state].shift;
	slot->width = 64;
	slot->ns[0] = slot->ns[1] = slot->boottime_ns = slot->raw_ns = states[state].mult == 0 ? 1500000000 : 7;
	page->res_ns = page->coarse_res_ns = states[state].res_ns;
	page->cpu_mode = states[state].cpu_mode;
	/* 0: every answer is the system call's. */
	page->hwprobe_count = state < VDK_HWPROBE_MAX ? state : VDK_HWPROBE_MAX;
	page->hwprobe_cpus = state == 2 ? 64 : 1;
}
#define STATES 21

static void call_all(const struct vdso *v, unsigned int first, unsigned int next)
{
	first_state = first;
	next_state = next;
	for (uint32_t i = 1; i < v->hash[1]; i++) {
		const char *name = v->strings + v->symbols[i].st_name;
		const size_t skip = strlen(VDSO_PREFIX);
		size_t f = 0;

		if (strncmp(name, VDSO_PREFIX, skip) != 0)
			continue; /* an alias, or the version's own symbol */
		while (f < sizeof(functions) / sizeof(functions[0]) && strcmp(functions[f].name, name + skip) != 0)
			f++;
		if (f == sizeof(functions) / sizeof(functions[0]))
			bail("%s: this test does not know how to call it", name);
		functions[f].calls(v->bias + v->symbols[i].st_value);
	}
}

/* Instruction sizes from the addresses in `path`, where a function of .symtab covers them. */
static unsigned int read_instructions(const char *path)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Shdr *s = (const Elf64_Shdr *)(image + header->e_shoff);
	static bool code[VDK_IMAGE_SIZE];
	unsigned long at, last = 0;
	unsigned int count = 0;
	FILE *file = path ? fopen(path, "r") : NULL;

	if (!file)
		bail("%s: %s", path ? path : "no file", strerror(errno));
	for (unsigned int i = 0; i < header->e_shnum; i++) {
		const Elf64_Sym *symbols = (const Elf64_Sym *)(image + s[i].sh_offset);

		for (size_t k = 0; s[i].sh_type == SHT_SYMTAB && k < s[i].sh_size / sizeof(*symbols); k++) {
			if (ELF64_ST_TYPE(symbols[k].st_info) != STT_FUNC)
				continue;
			memset(code + symbols[k].st_value, 1, symbols[k].st_size);
			memset(inner + symbols[k].st_value, ELF64_ST_BIND(symbols[k].st_info) == STB_LOCAL,
			       symbols[k].st_size);
		}
	}
	while (fscanf(file, "%lx", &at) == 1) {
		if (at >= VDK_IMAGE_SIZE || at <= last)
			bail("%s: 0x%lx after 0x%lx", path, at, last);
		if (code[last])
			size_at[last] = (uint8_t)(at - last);
		last = at;
		count += code[at];
	}
	if (code[last])
		size_at[last] = sizeof(machine_trap);
	fclose(file);
	memcpy(original, image, VDK_IMAGE_SIZE);
	return count;
}

/* The first CIE begins with "the frame address is sp + n": another n must not go unnoticed. */
static void break_tables(void)
{
	const unsigned char *hdr = eh_frame_hdr;
	int32_t distance;
	unsigned char *cie;

	memcpy(&distance, hdr + 4, sizeof(distance));
	cie = image + (hdr + 4 - image) + distance;
	for (unsigned int i = 9; i < 24; i++) {
		if (cie[i] == 0x0c) { /* DW_CFA_def_cfa register, offset */
			cie[i + 2] = (unsigned char)(cie[i + 2] + 16);
			return;
		}
	}
	bail("the first CIE does not say what the frame address is");
}

int main(int argc, char **argv)
{
	struct sigaction trap = { .sa_sigaction = signal_entry, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction fault = { .sa_handler = on_fault };
	unsigned int count, missed = 0;
	const Elf64_Phdr *segment;
	struct vdso v;

	image = (unsigned char *)map_image();
	page = (struct vdk_page *)(image - VDK_IMAGE_DATA_SIZE);
	if (mprotect(page, VDK_IMAGE_DATA_SIZE, PROT_READ | PROT_WRITE) != 0 ||
	    mprotect(image, VDK_IMAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		bail("mprotect: %s", strerror(errno));
	if (!vdso_read(&v, image) || !v.hash)
		bail("the image is none");
	if (MACHINE_TRAMPOLINE[0] && !(trampoline = vdso_function(&v, MACHINE_TRAMPOLINE)))
		bail("the image has no %s", MACHINE_TRAMPOLINE);
	segment = (const Elf64_Phdr *)(image + ((const Elf64_Ehdr *)image)->e_phoff);
	while (segment->p_type != PT_GNU_EH_FRAME)
		segment++;
	eh_frame_hdr = image + segment->p_vaddr;
	count = read_instructions(argc > 1 ? argv[1] : NULL);
	sigaction(SIGTRAP, &trap, NULL);
	sigaction(SIGILL, &trap, NULL);
	sigaction(SIGSEGV, &fault, NULL);

	for (unsigned int state = 0; state < STATES; state++)
		call_all(&v, state, state);
	/* An exported function gives up, and the inner one that it goes to need not. */
	for (unsigned int state = 1; state < STATES; state++)
		call_all(&v, 0, state);
	publishing = true;
	for (unsigned int state = 1; state < STATES; state++)
		call_all(&v, state, state);
	publishing = false;
	diag("%u walks from %u instructions; %u times an instruction that this CPU lacks", walks, count, unsupported);
	is_int(lost, 0, "each_walk_arrives_at_the_caller");
	is_int(wrong, 0, "each_walk_gives_the_caller_its_registers");
	is_int(strange, 0, "each_walk_goes_through_the_signal_frame_with_all_registers");
	for (uint64_t at = 0; at < VDK_IMAGE_SIZE; at++) {
		if (size_at[at] && !reached[at]) {
			diag("+0x%llx is not reached", (unsigned long long)at);
			missed++;
		}
	}
	is_int(missed, 0, "each_instruction_is_reached");

	broken = true;
	break_tables();
	walks = lost = wrong = 0;
	call_all(&v, 0, 0);
	is_int(lost + wrong, walks, "a_wrong_frame_address_is_noticed_by_each_walk");
	return done();
}
