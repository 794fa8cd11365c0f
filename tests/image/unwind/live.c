/* SPDX-License-Identifier: MIT */
/* libgcc's unwinder, from each instruction of the image, finds the caller: by the image's tables, and through its
 * signal trampoline.
 *
 * Each instruction of a writable copy of the image is replaced by a trap. The handler puts the instruction back,
 * and walks: from itself through the signal frame to the trap, and on to the caller, whose registers have known
 * values. It returns by the image's own rt_sigreturn (x86_64 has none), whose instructions are trapped too.
 * Owns: the walk. The calls are reach.h's.
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
#include "machine.h"
#include "reach.h"

uint64_t probe_sp;
const void *trampoline;
void on_trap(int sig, siginfo_t *info, void *context);
int __wrap__dl_find_object(void *pc, struct dl_find_object *found);
int __real__dl_find_object(void *pc, struct dl_find_object *found);

static const void *eh_frame_hdr;

/* By offset in the image. */
static unsigned char original[VDK_IMAGE_SIZE];
static bool trapped[VDK_IMAGE_SIZE], reached[VDK_IMAGE_SIZE];
static bool publishing; /* an update completes at each trap: readings go round */
static bool relentless; /* the hypervisor's does, and each trap is set again: readings give up */

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
		publish();
	put(at, original + at, sizeof(machine_trap));
	if (relentless) {
		static uint64_t last;

		publish_hypervisor();
		if (last && last != at) {
			put(last, machine_trap, sizeof(machine_trap));
			trapped[last] = true;
		}
		last = at;
	}
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

void call5(const void *fn, long a, long b, long c, long d, long e)
{
	const long args[] = { a, b, c, d, e };

	set_page(first_state);
	set_traps(true);
	probe(fn, args);
	set_traps(false);
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
	page = open_page(image);
	if (mprotect(image, VDK_IMAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
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
	memcpy(original, image, VDK_IMAGE_SIZE);
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
#ifdef VDK_IMAGE_PVCLOCK_BELOW
	/* Not where handlers return through the image: each return would be a trap again. */
	relentless = true;
	for (unsigned int state = HYPERVISOR_FIRST; state < OUTSIDE; state++)
		call_all(&v, state, state);
	relentless = false;
#endif
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
