/* SPDX-License-Identifier: MIT */
/* The option `trace`: each system call, signal and end of a thread as a line in the manner of strace.
 * Owns: the lines. Relies on: trace_args.c for what arguments mean.
 * Never: changes what a call does; user memory that is not there is shown as an address. */
#include "syscall/trace.h"

#include "core/cmdline.h"
#include "core/log.h"
#include "core/string.h"
#include "mm/kmalloc.h"
#include "proc/internal.h"
#include "syscall/internal.h"

#define LINE_SIZE 480 /* log_trace() takes 512 */

struct trace_call {
	const char *name, *kinds;
	bool ends; /* exit: does not return */
	uint64_t arg[6];
	char number[32];
	char text[6][128]; /* what could be said on entry */
};

bool trace_on(void)
{
	static int on; /* 0: not asked yet */

	if (!on)
		on = cmdline_get("trace") ? 1 : -1;
	return on > 0;
}

void trace_text(struct trace_text *out, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (out->at + 1 >= out->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(out->text + out->at, out->size - out->at, fmt, ap);
	va_end(ap);
	out->at = MIN(out->at + (size_t)MAX(n, 0), out->size - 1);
}

static size_t arg_count(const struct trace_call *c)
{
	const char *eq = strchr(c->kinds, '=');

	return eq ? (size_t)(eq - c->kinds) : strlen(c->kinds);
}

static void format_args(struct trace_call *c, bool leaving, long result)
{
	for (size_t i = 0; i < arg_count(c); i++) {
		struct trace_text out = { c->text[i], 0, sizeof(c->text[i]) };

		if (trace_kind_is_out(c->kinds[i]) == leaving)
			trace_arg(&out, c->kinds[i], c->arg, i, result);
	}
}

static void begin_line(struct trace_text *line, struct trace_call *c)
{
	trace_text(line, "[pid %d] %s(", current_thread()->tid, c->name);
	for (size_t i = 0; i < arg_count(c); i++)
		trace_text(line, "%s%s", i && *c->text[i] ? ", " : "", c->text[i]);
	trace_text(line, ")");
}

struct trace_call *trace_enter(uint64_t nr, const uint64_t arg[6])
{
	struct trace_call *c = trace_on() ? kmalloc(sizeof(*c)) : NULL;
	char text[LINE_SIZE];
	struct trace_text line = { text, 0, sizeof(text) };

	if (!c)
		return NULL;
	c->name = syscall_name(nr);
	c->kinds = trace_kinds(nr);
	memcpy(c->arg, arg, sizeof(c->arg));
	if (!c->name) {
		snprintf(c->number, sizeof(c->number), "syscall_%lu", nr);
		c->name = c->number;
	}
	format_args(c, false, 0);
	if (strcmp(c->name, "exit") && strcmp(c->name, "exit_group"))
		return c;
	begin_line(&line, c);
	log_trace("%s = ?", text);
	kfree(c);
	return NULL;
}

static void show_result(struct trace_text *line, const struct trace_call *c, long result)
{
	const char *eq = strchr(c->kinds, '=');

	switch (result) {
	case -ERESTARTSYS: trace_text(line, " = ? ERESTARTSYS (To be restarted if SA_RESTART is set)"); return;
	case -ERESTARTNOHAND: trace_text(line, " = ? ERESTARTNOHAND (To be restarted if no handler)"); return;
	case -ERESTART_RESTARTBLOCK: trace_text(line, " = ? ERESTART_RESTARTBLOCK (Interrupted by signal)"); return;
	}
	if (result < 0 && result > -4096)
		trace_text(line, " = -1 %s (%s)", errno_name((int)-result), errno_text((int)-result));
	else
		trace_text(line, eq && eq[1] == 'x' ? " = 0x%lx" : " = %ld", (unsigned long)result);
}

void trace_leave(struct trace_call *c, long result)
{
	char text[LINE_SIZE];
	struct trace_text line = { text, 0, sizeof(text) };

	if (!c)
		return;
	format_args(c, true, result);
	begin_line(&line, c);
	show_result(&line, c, result);
	log_trace("%s", text);
	kfree(c);
}

static const char *code_name(const struct ksiginfo *info, char buf[16])
{
	static const char *const child[] = { "", "CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED",
					     "CLD_CONTINUED" };

	switch (info->code) {
	case SI_USER: return "SI_USER";
	case SI_KERNEL: return "SI_KERNEL";
	case SI_QUEUE: return "SI_QUEUE";
	case SI_TIMER: return "SI_TIMER";
	case SI_TKILL: return "SI_TKILL";
	}
	if (info->signo == SIGCHLD && info->code > 0 && (size_t)info->code < ARRAY_SIZE(child))
		return child[info->code];
	if (info->signo == SIGSEGV && info->code == SEGV_MAPERR)
		return "SEGV_MAPERR";
	if (info->signo == SIGSEGV && info->code == SEGV_ACCERR)
		return "SEGV_ACCERR";
	snprintf(buf, 16, "%d", info->code);
	return buf;
}

void trace_signal(const struct thread *t, const struct ksiginfo *info)
{
	char name[16], code[16], text[128] = "";
	struct trace_text more = { text, 0, sizeof(text) };

	if (!trace_on())
		return;
	if (info->signo == SIGCHLD)
		trace_text(&more, ", si_pid=%d, si_status=%d", info->pid, info->status);
	else if (info->code == SI_TIMER)
		trace_text(&more, ", si_timerid=%d, si_overrun=%d", info->status, info->overrun);
	else if (info->code <= 0)
		trace_text(&more, ", si_pid=%d", info->pid);
	else if (info->code != SI_KERNEL)
		trace_text(&more, ", si_addr=0x%lx", info->addr);
	log_trace("[pid %d] --- %s {si_code=%s%s} ---", t->tid, signal_name(info->signo, name),
		  code_name(info, code), text);
}

void trace_exit(const struct thread *t, int status)
{
	char name[16];

	if (!trace_on())
		return;
	if (status & 0x7f)
		log_trace("[pid %d] +++ killed by %s +++", t->tid, signal_name(status & 0x7f, name));
	else
		log_trace("[pid %d] +++ exited with %d +++", t->tid, status >> 8 & 0xff);
}
