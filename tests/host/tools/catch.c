/* SPDX-License-Identifier: MIT */
/* Exceptions that a signal handler throws leave the vDSO, whichever instruction it interrupted.
 *
 * Without arguments: of the vDSO that the process was given, each step of each call, but for those after a system call, which the
 * trap flag skips. With a file of the image's instructions: each of them, for each exported function that comes to it, in an image
 * and a page of the program's own; the unwinder is told of it in place of the dynamic linker.
 * Owns: the stepping. Relies on: x86_64's trap flag; throw.cc; a link with --wrap=_dl_find_object and -static-libgcc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "image/unwind/reach.h"
#include "page/latch.h"
#include "throw.h"

int __wrap__dl_find_object(void *pc, struct dl_find_object *found);
int __real__dl_find_object(void *pc, struct dl_find_object *found);

static const void *eh_frame_hdr; /* of an image of this program's own */
static uint64_t breakpoint; /* after a system call instruction, where the trap flag skips one; 0: there is none */
static unsigned char replaced;
static bool publishing;
static bool every; /* throw at every step that is new to the call, else at instructions that are new to the function */
static unsigned int steps, wanted_step, thrown, wrong, most_steps;
static bool reached[VDK_IMAGE_SIZE];
static bool done_of[VDK_IMAGE_SIZE / 16][VDK_IMAGE_SIZE], *done_at; /* of exported functions, which are aligned; of the current one */

int __wrap__dl_find_object(void *pc, struct dl_find_object *found)
{
	if (!eh_frame_hdr || (unsigned char *)pc < image || (unsigned char *)pc >= image + VDK_IMAGE_SIZE)
		return __real__dl_find_object(pc, found);
	*found = (struct dl_find_object){ .dlfo_map_start = image, .dlfo_map_end = image + VDK_IMAGE_SIZE,
		.dlfo_eh_frame = (void *)(uintptr_t)eh_frame_hdr };
	return 0;
}

static void on_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint64_t at = (uint64_t)uc->uc_mcontext.gregs[REG_RIP] - (uint64_t)image;

	(void)sig;
	(void)info;
	if (at >= VDK_IMAGE_SIZE)
		return;
	if (breakpoint) {
		image[breakpoint] = replaced;
		if (at == breakpoint + 1)
			uc->uc_mcontext.gregs[REG_RIP] -= 1, at = breakpoint;
		breakpoint = 0;
	}
	steps++;
	if (eh_frame_hdr && inner[at])
		set_page(next_state);
	if (publishing && steps < 200) /* at last, a reading succeeds */
		publish();
	if (every ? steps != wanted_step : done_at[at]) {
		if (eh_frame_hdr && memcmp(image + at, "\x0f\x05", 2) == 0) {
			breakpoint = at + 2;
			replaced = image[breakpoint];
			image[breakpoint] = 0xcc;
		}
		return;
	}
	done_at[at] = reached[at] = true;
	throw_from_handler((int)wanted_step);
}

/* Again and again, until nothing is thrown. */
void call5(const void *fn, long a, long b, long c, long d, long e)
{
	const long args[] = { a, b, c, d, e };
	enum outcome outcome;

	done_at = done_of[(uint64_t)((const unsigned char *)fn - image) / 16];
	wanted_step = 0;
	do {
		if (eh_frame_hdr)
			set_page(first_state);
		steps = 0;
		wanted_step++;
		outcome = call_stepped((long (*)(long, long, long, long, long))(uintptr_t)fn, args, (int)wanted_step);
		thrown += outcome != RETURNED;
		wrong += outcome == WRONG;
	} while (outcome != RETURNED && wanted_step < 5000);
	if (wanted_step > most_steps)
		most_steps = wanted_step;
}

static void map_own(const char *build)
{
	const Elf64_Phdr *segment;
	unsigned char *data;
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/vdso.so", build);
	file = fopen(path, "rb");
	data = mmap(NULL, VDK_IMAGE_SPACE_BELOW + VDK_IMAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	image = data + VDK_IMAGE_SPACE_BELOW;
	page = (struct vdk_page *)(image - VDK_IMAGE_DATA_SIZE);
	if (!file || data == MAP_FAILED || fread(image, 1, VDK_IMAGE_SIZE, file) == 0 ||
	    mprotect(image, VDK_IMAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		bail("%s: %s", path, strerror(errno));
	fclose(file);
	segment = (const Elf64_Phdr *)(image + ((const Elf64_Ehdr *)image)->e_phoff);
	while (segment->p_type != PT_GNU_EH_FRAME)
		segment++;
	eh_frame_hdr = image + segment->p_vaddr;
}

static void reach_all(const struct vdso *v)
{
	for (unsigned int round = 0; round < 2; round++) {
		publishing = round == 1;
		for (unsigned int state = 0; state < STATES; state++)
			call_all(v, state, state);
		for (unsigned int state = 1; state < STATES && !publishing; state++)
			call_all(v, 0, state);
	}
}

int main(int argc, char **argv)
{
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_NODEFER };
	unsigned int count = 0, missed = 0;
	const char *build = getenv("VDK_BUILD");
	struct vdso v;

	sigaction(SIGTRAP, &step, NULL);
	every = argc == 1;
	if (every)
		image = (unsigned char *)getauxval(AT_SYSINFO_EHDR);
	else
		map_own(build ? build : "build/x86_64");
	if (!image || !vdso_read(&v, image))
		bail("there is no vDSO");
	if (every) {
		call_all(&v, 0, 0);
		diag("%u exceptions, %u steps in the longest call", thrown, most_steps - 1);
		ok(thrown > 100, "exceptions_are_thrown");
		ok(most_steps < 5000, "each_call_ends");
	} else {
		count = read_instructions(argv[1]);
		reach_all(&v);
		for (uint64_t at = 0; at < VDK_IMAGE_SIZE; at++) {
			if (size_at[at] && !reached[at]) {
				diag("+0x%llx is not reached", (unsigned long long)at);
				missed++;
			}
		}
		diag("%u exceptions at %u instructions", thrown, count);
		is_int(missed, 0, "each_instruction_throws");
	}
	is_int(wrong, 0, "each_exception_is_caught_with_destructors_run_and_registers_kept");
	return done();
}
