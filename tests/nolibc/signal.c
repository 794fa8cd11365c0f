/* SPDX-License-Identifier: MIT */
/* Signals, and jumps out of their handlers.
 *
 * Owns: <signal.h>, <setjmp.h>. Relies on: arch.S for the registers. */
#include "nolibc.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SA_RESTORER 0x04000000

/* The kernel's; `restorer` is there where an architecture has it. QEMU 7.2 in user mode takes it to be there on
 * LoongArch too, and so the mask to be the word behind. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
#if SIGACTION_RESTORER
	void (*restorer)(void);
#endif
	sigset_t mask, mask_for_qemu;
};

int sigaction(int signo, const struct sigaction *action, struct sigaction *old)
{
	struct kernel_sigaction new_action, old_action;
	long result;

	if (action) {
		new_action.handler = action->sa_handler;
		new_action.flags = (unsigned int)action->sa_flags;
		new_action.mask = new_action.mask_for_qemu = action->sa_mask;
#if SIGACTION_RESTORER
		new_action.flags |= SA_RESTORER;
		new_action.restorer = nolibc_restore;
#endif
	}
	result = CALL4(rt_sigaction, signo, action ? &new_action : NULL, old ? &old_action : NULL, sizeof(sigset_t));
	if (result == 0 && old) {
		old->sa_handler = old_action.handler;
		old->sa_flags = (int)(old_action.flags & ~(unsigned long)SA_RESTORER);
		old->sa_mask = old_action.mask;
	}
	return (int)nolibc_result(result);
}

void (*signal(int signo, void (*handler)(int)))(int)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	return sigaction(signo, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

int sigemptyset(sigset_t *set)
{
	set->bits = 0;
	return 0;
}

int sigaddset(sigset_t *set, int signo)
{
	set->bits |= 1ul << (signo - 1);
	return 0;
}

int sigismember(const sigset_t *set, int signo)
{
	return (int)(set->bits >> (signo - 1) & 1);
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)nolibc_result(CALL4(rt_sigprocmask, how, set, old, sizeof(sigset_t)));
}

int sigpending(sigset_t *set)
{
	return (int)nolibc_result(CALL2(rt_sigpending, set, sizeof(sigset_t)));
}

int sigsuspend(const sigset_t *set)
{
	return (int)nolibc_result(CALL2(rt_sigsuspend, set, sizeof(sigset_t)));
}

int sigaltstack(const stack_t *stack, stack_t *old)
{
	return (int)nolibc_result(CALL2(sigaltstack, stack, old));
}

int sigqueue(pid_t pid, int signo, union sigval value)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = signo;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value = value;
	return (int)nolibc_result(CALL3(rt_sigqueueinfo, pid, signo, &info));
}

int kill(pid_t pid, int signo)
{
	return (int)nolibc_result(CALL2(kill, pid, signo));
}

int raise(int signo)
{
	return (int)nolibc_result(CALL3(tgkill, getpid(), CALL0(gettid), signo));
}

void nolibc_save_mask(sigjmp_buf env, int save)
{
	env->mask_saved = save;
	if (save)
		sigprocmask(SIG_SETMASK, NULL, &env->mask);
}

void siglongjmp(sigjmp_buf env, int value)
{
	if (env->mask_saved)
		sigprocmask(SIG_SETMASK, &env->mask, NULL);
	nolibc_load_registers(env->registers, value ? value : 1);
}
