/* SPDX-License-Identifier: MIT */
/* Boots the system.
 * Owns: the order in which its parts start.
 * Relies on: the architecture having set up memory and the console's line.
 * Never: returns. */
#include "arch/arch.h"
#include "core/bootinfo.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/random.h"
#include "core/string.h"
#include "fs/file.h"
#include "mm/page.h"
#include "proc/process.h"
#include "time/timekeeping.h"
#include "time/timer.h"
#include "vdso.h"

/* Options that the kernel knows, wherever they are read. */
static const char *const options[] = {
	"acpi_pm", "clocksource", "console", "counter", "hpet", "nohz", "norandmaps", "panic", "pit", "selftest", "stats", "trace", "tsc",
	"vdso", "vdso-layout",
};

static bool known(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		size_t n = strlen(options[i]);

		if (!strncmp(word, options[i], n) && (!word[n] || word[n] == '='))
			return true;
	}
	return false;
}

static void tell_unknown_options(void)
{
	const char *word;

	for (size_t i = 0; (word = cmdline_word(i)); i++)
		if (!known(word))
			log_warn("command line: unknown option '%s'", word);
}

_Noreturn void kernel_main(const struct bootinfo *info)
{
	page_init(info);
	cmdline_init(info->cmdline);
	console_init();
	log_info("vdk kernel, " ARCH_NAME ", %zu MiB of memory", page_total() / (1024 * 1024 / PAGE_SIZE));
	tell_unknown_options();
	random_init();
	arch_init(info);
	arch_time_init();
	timekeeping_init();
	vdso_init();
	process_init();
	fs_init(info->initrd, info->initrd_size);
	vdso_load();
	timer_init();
	arch_console_start();
	if (cmdline_is("panic", "test"))
		panic("asked for by the command line");
	if (!cmdline_init_argv())
		panic("command line: no program: -- PROG [ARG]...");
	process_start_first(cmdline_init_argv());
}
