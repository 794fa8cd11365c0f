#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# The latch on machines that reorder: the models say what is known of famous tests; no
# litmus test's bad outcome can be reached; without any one step's order, one can; and the tests are what
# kit/page/latch.h compiles to.
#
# Owns: what is a step of the latch: begin (a load of the number), retry (what comes before the second one), write
#	(before a store to a slot), flip (a store of the number).
# Relies on: explore.py for the models; clang-19 for the code, as LLVM's IR for C and as assembly for the machines.
# Never: lets a file differ from the code: each thread must be a stretch of what the compiler makes of an update or
# a reading.
import glob
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
here = os.path.dirname(__file__)
sys.path.insert(0, here)
from explore import Litmus, mutants, reached  # noqa: E402
from known import KNOWN  # noqa: E402

SOURCE = '''
#include "page/latch.h"

void writer(struct vdk_page *kpage, const struct vdk_slot *now);
bool reader(const struct vdk_page *upage, uint64_t *cycles);

void writer(struct vdk_page *kpage, const struct vdk_slot *now)
{
	vdk_latch_publish(kpage, now);
	vdk_latch_publish(kpage, now);
}

bool reader(const struct vdk_page *upage, uint64_t *cycles)
{
	uint64_t seq = vdk_latch_begin(upage);

	*cycles = VDK_LOAD(vdk_latch_slot(upage, seq)->cycles);
	return vdk_latch_retry(upage, seq);
}
'''
# By machine: target; a load or store, with its mnemonic, address register and offset; the first argument's register.
CODE = {
    'C': ('riscv64', None, None),
    'AArch64': ('aarch64', r'(?P<op>(?:ld|st)\w+) \w+, \[(?P<base>\w+)(?:, #(?P<at>\d+))?\]', 'x0'),
    'RISCV': ('riscv64', r'(?P<op>l[bhwd]u?|s[bhwd]) \w+, (?P<at>\d+)\((?P<base>\w+)\)', 'a0'),
    'LoongArch': ('loongarch64',
                  r'(?P<op>(?:ld|st)\.\w+|amswap\w*\.d)(?: \$zero,)? \$\w+, (?P<base>\$\w+)(?:, (?P<at>\d+))?',
                  '$a0'),
}
# Which files are the latch's; tests/kit/fences.t holds the others against the code.
LATCH = ('latch', 'aarch64', 'riscv64', 'loongarch64')
STEPS = {'begin': 'acquire load', 'retry': 'acquire fence', 'write': 'release fence', 'flip': 'release store'}
tests = 0


def ok(passed, name, *notes):
    global tests
    tests += 1
    print(f"{'' if passed else 'not '}ok {tests} - {name}")
    for note in () if passed else notes:
        print(f'# {note}')


def compiled(machine):
    target = CODE[machine][0]
    kind = ['-emit-llvm'] if machine == 'C' else []
    command = ['clang-19', f'--target={target}-linux-gnu', '-x', 'c', '-std=gnu11', '-O2', '-S', *kind, '-ffreestanding',
               '-fno-asynchronous-unwind-tables', '-nostdlibinc', '-Ikit/include', '-Ikit', '-o', '-', '-']
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, input=SOURCE).stdout


def place_of(offset):
    return 'seq' if offset == 0 else f'slot{offset // 128}'


def token(kind, place, order):
    """A step as both sides spell it: fields of one slot are one, and a reader's slot is any."""
    if kind == 'F':
        return f'F {order}'
    return f'{kind} {place} {order}' if place == 'seq' else f"{kind} {place if kind == 'W' else 'slot'}"


def without_repeats(tokens):
    return [t for i, t in enumerate(tokens) if i == 0 or tokens[i - 1] != t]


def code_tokens(machine):
    """The steps of [two updates, a reading], as compiled."""
    text, (_, access, first) = compiled(machine), CODE[machine]
    found = []
    for function, wanted in (('writer', 'W'), ('reader', 'R')):
        tokens, offsets = [], {'%0': 0}
        if machine == 'C':
            body = re.search(rf'^define .* @{function}\(.*?^}}', text, re.S | re.M)[0]
            for line in body.splitlines():
                if get := re.search(r'(%\d+) = getelementptr \D*i8, ptr (%\d+), i64 (\d+)', line):
                    if get[2] == '%0':
                        offsets[get[1]] = int(get[3])
                elif fence := re.search(r'^  fence (\w+)', line):
                    tokens.append(token('F', None, fence[1]))
                elif use := re.search(r'(load|store) atomic .*ptr (%\d+) (\w+),', line):
                    kind = 'R' if use[1] == 'load' else 'W'
                    if kind == wanted:
                        order = use[3].replace('monotonic', 'relaxed')
                        tokens.append(token(kind, place_of(offsets.get(use[2], 1)), order))
        else:
            body = re.search(rf'^{function}:(.*?)^\.Lfunc_end', text, re.S | re.M)[1]
            for line in body.splitlines():
                line = re.sub(r'\s+', ' ', line.strip())
                if re.match('dmb|dsb|fence|dbar', line):
                    tokens.append(token('F', None, line))
                elif use := re.match(access, line):
                    kind = 'R' if use['op'].startswith('l') else 'W'
                    offset = int(use['at'] or 0) if use['base'] == first else 1
                    if kind == wanted:
                        tokens.append(token(kind, place_of(offset), use['op']))
        found.append(without_repeats(tokens))
    return found


def litmus_tokens(machine, thread):
    def order(event):
        if machine != 'C':
            return event.text if event.kind == 'F' else event.text.split()[0]
        return re.findall(r'memory_order_(\w+)', event.text)[0]
    return without_repeats([token(e.kind, (e.place or '').rstrip('ab'), order(e))
                            for e in thread if e.place != 'counter'])


def stretch(part, whole):
    return any(part == whole[i:i + len(part)] for i in range(len(whole) - len(part) + 1))


def step_of(thread, index):
    """Which of the latch's steps gives this order."""
    event = thread[index]
    if event.kind == 'F':
        following = thread[index + 1] # of a barrier and an access that make one step, or of a fence
        if following.kind == 'R':
            return 'retry' if following.place == 'seq' else 'begin'
        return 'flip' if following.place == 'seq' else 'write'
    return 'begin' if event.kind == 'R' else 'flip'


def check_file(path, code, needed):
    name = os.path.basename(path)
    with open(path, encoding='ascii') as file:
        test = Litmus(file.read())
    ok(not reached(test, test.threads), f'{name}: the bad outcome cannot be reached')
    broken = {step_of(test.threads[t], i) for t, i, changed in mutants(test) if reached(test, changed)}
    ok(broken, f'{name}: it can without the order of {", ".join(sorted(broken)) or "no step"}')
    if not name.startswith(LATCH):
        return
    needed.setdefault(test.machine, {}).update({step: name for step in broken})
    for thread, whole in zip(test.threads, code[test.machine]):
        tokens = litmus_tokens(test.machine, thread)
        if not stretch(tokens, whole):
            ok(False, f'{name}: each thread is a stretch of the code', f'file: {tokens}', f'code: {whole}')
            return
    ok(True, f'{name}: each thread is a stretch of the code')


for text, allowed in KNOWN:
    test = Litmus(text)
    verdict = 'allowed' if allowed else 'forbidden'
    ok(reached(test, test.threads) == allowed, f'{test.machine} {test.name} is {verdict}, as published')


code = {machine: code_tokens(machine) for machine in CODE}
needed = {}
for path in sorted(glob.glob(f'{here}/*.litmus')):
    check_file(path, code, needed)
for machine in CODE:
    for step, order in STEPS.items():
        file = needed.get(machine, {}).get(step)
        ok(file, f'{machine}: the {order} of {step} is needed: {file}')
print(f'1..{tests}')
