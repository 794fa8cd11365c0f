#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# The image's unwind tables agree with its machine code, instruction by instruction; and with the kernel's signal frame.
#
# Each function is executed symbolically along every path: where the stack pointer is, relative to its value at
# entry, and which register or stack slot holds which register's value at entry. The row of .eh_frame for each
# address must say the same.
# Owns: that execution, for the few instructions that touch sp, callee-saved registers or the return address; each other
#	instruction only makes its destination unknown.
# Relies on: llvm-objdump-19, llvm-dwarfdump-19; for the signal frame, the architecture's Linux headers.
# Assumes: a store through a pointer that is not sp plus a constant leaves the saved registers alone.
# Never: believes a table that it has not seen fail: each directive of a sample function is dropped in turn.
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'cfi'))
from machines import MACHINES, Unknown  # noqa: E402
from samples import FRAMES, SAMPLES  # noqa: E402

arch = os.environ.get('ARCH', 'x86_64')
build = os.environ.get('VDK_BUILD', f'build/{arch}')
m = MACHINES[arch]
out = f'{build}/tests/image/cfi'
tests = 0


def run(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def ok(passed, name, notes=()):
    global tests
    tests += 1
    print(f"{'' if passed else 'not '}ok {tests} - {name}")
    for note in [] if passed else notes:
        print(f'# {note}')


class Fde:
    """One FDE as llvm-dwarfdump prints it: rows[i] = (address, base of the CFA, {register: rule})."""

    def __init__(self, begin, end, signal):
        self.begin, self.end, self.signal, self.rows = begin, end, signal, []

    def row(self, address):
        return [r for r in self.rows if r[0] <= address][-1]


def read_tables(path):
    fdes, signal_cies, cie = [], set(), None
    for line in run('llvm-dwarfdump-19', '--eh-frame', path).splitlines():
        if found := re.match(r'([0-9a-f]{8}) .* CIE$', line):
            cie = int(found[1], 16)
        elif found := re.match(r'  Augmentation: +"(.*)"', line):
            if 'S' in found[1]:
                signal_cies.add(cie)
        elif found := re.match(r'[0-9a-f]{8} .* FDE cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.\.([0-9a-f]+)', line):
            fdes.append(Fde(int(found[2], 16), int(found[3], 16), int(found[1], 16) in signal_cies))
        elif found := re.match(r'  0x([0-9a-f]+): CFA=(.*?)(?:: (.*))?$', line):
            rules = re.findall(r'(\w+)=(\[[^\]]*\]|DW_OP.*|\S+?)(?:, |$)', found[3] or '')
            fdes[-1].rows.append((int(found[1], 16), found[2], dict(rules)))
    return fdes


def read_code(path):
    """{address: (size, mnemonic, [operand])}"""
    listing = run('llvm-objdump-19', '-d', '--no-show-raw-insn', *m.objdump, path)
    lines = re.findall(r'^ *([0-9a-f]+):\s+(\S+)[ \t]*(.*)$', listing, re.M)
    code = {}
    for i, (address, mnemonic, rest) in enumerate(lines):
        at = int(address, 16)
        size = int(lines[i + 1][0], 16) - at if i + 1 < len(lines) else 4
        code[at] = (size, mnemonic, m.operands(re.sub(r'\s*(<.*>|# .*|// .*)$', '', rest)))
    return code


def check_row(fde, at, state):
    """What is wrong with the table at this address, given what is known of the machine there."""
    _, cfa, rules = fde.row(at)
    base = re.fullmatch(r'(\w+?)([+-]\d+)?', cfa)
    where = state.registers.get(base[1]) if base else None
    if not where or where[0] != 'sp' or where[1] + int(base[2] or 0) != m.cfa:
        yield f'+{at:#x}: CFA={cfa}, but {base[1] if base else "?"} is {where}, and sp was at {-m.cfa:+} from it'
    for register in [*m.saved, m.ra]:
        rule = rules.get(register, 'the register itself')
        slot = re.fullmatch(r'\[CFA([+-]\d+)?\]', rule)
        if slot:
            value = state.memory.get(m.cfa + int(slot[1] or 0))
        else:
            value = state.registers.get(register) if rule == 'the register itself' else None
        if value != ('in', register):
            yield f'+{at:#x}: {register}: {rule}, which holds {value}'


def check_function(fde, code):
    """What is wrong with the table of one function; visits every instruction that can be reached from its entry."""
    todo, seen, wrong = [(fde.begin, m.entry_state())], {}, []
    while todo:
        at, state = todo.pop()
        if at in seen:
            merged = seen[at].merge(state)
            if merged.same(seen[at]):
                continue
            state = merged
        seen[at] = state.copy()
        try:
            size, mnemonic, operands = code[at]
            targets, falls = m.step(at, mnemonic, operands, state)
        except (KeyError, Unknown) as reason:
            wrong.append(f'+{at:#x}: not understood: {reason}')
            continue
        for target in targets + [at + size] * falls:
            if target is not None and fde.begin <= target < fde.end:
                todo.append((target, state.copy()))
            elif not m.left_clean(state):
                wrong.append(f'+{at:#x}: leaves with sp at {state.registers.get(m.sp)}, or a register not as at entry')
    for at in seen:
        wrong += check_row(fde, at, seen[at])
    return wrong, seen


def signal_frame():
    """{register: its offset in the kernel's frame}"""
    compiler, source = FRAMES[arch]
    names = {'pc': m.signal_pc, 'sp': m.sp}
    text = run(*compiler.split(), '-x', 'c', '-std=gnu11', '-S', '-o', '-', '-', input=source)
    return {names.get(n, n): int(offset) for n, offset in re.findall(r'"@(\w+) \D*(\d+)"', text)}


def check_signal(fde, want):
    """The rules of the trampoline against where the kernel's headers have each register."""
    for _, cfa, rules in fde.rows:
        for register, offset in want.items():
            place = rf'DW_OP_breg\d+ {m.sp}\+{offset}'
            rule = cfa if register == m.sp else rules.get(register, 'none')
            direct = register in (m.sp, m.signal_pc) # given as a value, not as a place
            if not re.fullmatch(rf'{place}, DW_OP_deref' if direct else rf'\[{place}\]', rule):
                yield f'{register} is at sp+{offset}, the table says {rule}'
        for register in rules.keys() - want.keys():
            yield f'{register} has a rule, and the frame no known place for it'


def check(path):
    """[what is wrong], by FDE address; and the number of instructions looked at."""
    code, looked = read_code(path), 0
    wrong = {}
    for fde in read_tables(path):
        if fde.signal:
            wrong[fde.begin] = list(check_signal(fde, signal_frame()))
        else:
            wrong[fde.begin], seen = check_function(fde, code)
            looked += len(seen)
    return wrong, looked


def build_sample(text):
    source, obj, so = f'{out}/sample.s', f'{out}/sample.o', f'{out}/sample.so'
    with open(source, 'w', encoding='ascii') as file:
        file.write(text)
    run('clang-19', f'--target={arch}-linux-gnu', '-c', '-o', obj, source)
    run('ld.lld-19', '-shared', '--eh-frame-hdr', '-o', so, obj)
    return so


os.makedirs(out, exist_ok=True)
names = {}
for value, name in re.findall(r'^([0-9a-f]+) [Tt] (\w+)$', run('llvm-nm-19', f'{build}/vdso.so'), re.M):
    names[int(value, 16)] = name
faults, instructions = check(f'{build}/vdso.so')
print(f'# {instructions} instructions of {len(faults)} functions')
# A trampoline's table begins early, at a nop.
entry_of = {begin: begin if begin in names else begin + 4 for begin in faults}
for begin, found in faults.items():
    ok(not found, f'{names.get(entry_of[begin])}: each row of its table is what the code does', found)
ok(set(names) == set(entry_of.values()), 'each function has a table, and each table is a function\'s')

lines = SAMPLES[arch].splitlines(keepends=True)
found = check(build_sample(''.join(lines)))[0]
ok(found and not any(found.values()), 'a function with a frame and right tables passes', sum(found.values(), []))
for i, line in enumerate(lines):
    if '.cfi_' in line and 'proc' not in line:
        found = check(build_sample(''.join(lines[:i] + lines[i + 1:])))[0]
        ok(any(found.values()), f'the table without "{line.strip()}" is refused')

for fde in read_tables(f'{build}/vdso.so'):
    if fde.signal:
        frame = signal_frame()
        kept = [r for r in frame if not any(check_signal(fde, {**frame, r: frame[r] + 8}))]
        ok(len(frame) >= 32 and not kept, 'a signal frame with any one register elsewhere is refused', kept)
print(f'1..{tests}')
