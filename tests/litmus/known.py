# SPDX-License-Identifier: MIT
# Owns: KNOWN, famous litmus tests in short form and whether their model allows the outcome (herd's RC11 and
# published tables).
# Relies on: explore.py's notation. Never: about the latch; a model that is wrong here proves nothing there.
import itertools

ORDERS = {'': 'relaxed', 'a': 'acquire', 'r': 'release'}


def c11(name, condition, *threads):
    """Threads like 'Wx1 Fr Wy1r': kind, location, value, order. Loads fill r0, r1, ..."""
    bodies = []
    for t, steps in enumerate(threads):
        number, lines = itertools.count(), []
        for step in steps.split():
            if step[0] == 'F':
                lines.append(f'atomic_thread_fence(memory_order_{ORDERS[step[1]]});')
            elif step[0] == 'W':
                lines.append(f'atomic_store_explicit({step[1]}, {step[2]}, memory_order_{ORDERS[step[3:]]});')
            else:
                lines.append(f'int r{next(number)} = atomic_load_explicit({step[1]}, memory_order_{ORDERS[step[2:]]});')
        bodies.append(f'P{t} () {{\n' + '\n'.join(lines) + '\n}\n')
    return f'C {name}\n{{ }}\n' + '\n'.join(bodies) + f'\nexists ({condition})\n'


def riscv(name, condition, *threads):
    """Threads like 'Wx fence rw,w; Wy': stores of 1; loads fill x10, x11, ..."""
    columns, initial = [], []
    for t, steps in enumerate(threads):
        number, lines = itertools.count(10), []
        initial += [f'{t}:x1=1;', f'{t}:x2=x;', f'{t}:x3=y;']
        for step in steps.split('; '):
            at = {'x': 'x2', 'y': 'x3'}.get(step[1:])
            if at:
                step = f'sd x1,0({at})' if step[0] == 'W' else f'ld x{next(number)},0({at})'
            lines.append(step)
        columns.append([f'P{t}', *lines])
    rows = itertools.zip_longest(*columns, fillvalue='')
    body = '\n'.join(' | '.join(r) + ' ;' for r in rows)
    return f'RISCV {name}\n{{ {" ".join(initial)} }}\n{body}\nexists ({condition})\n'


SEEN = '1:r0=1 /\\ 1:r1=0'
APART = '2:r0=1 /\\ 2:r1=0 /\\ 3:r0=1 /\\ 3:r1=0'
KNOWN = [
    (c11('MP', SEEN, 'Wx1 Wy1', 'Ry Rx'), True),
    (c11('MP+rel+acq', SEEN, 'Wx1 Wy1r', 'Rya Rx'), False),
    (c11('MP+rel+rlx', SEEN, 'Wx1 Wy1r', 'Ry Rx'), True),
    (c11('MP+fences', SEEN, 'Wx1 Fr Wy1', 'Ry Fa Rx'), False),
    (c11('MP+fence+acq', SEEN, 'Wx1 Fr Wy1', 'Rya Rx'), False),
    (c11('MP+acqfence+acq', SEEN, 'Wx1 Fa Wy1', 'Rya Rx'), True),
    (c11('CoRR', SEEN, 'Wx1', 'Rx Rx'), False),
    (c11('CoWR', '0:r0=0', 'Wx1 Rx'), False),
    (c11('SB+rel+acq', '0:r0=0 /\\ 1:r0=0', 'Wx1r Rya', 'Wy1r Rxa'), True),
    (c11('LB', '0:r0=1 /\\ 1:r0=1', 'Rx Wy1', 'Ry Wx1'), False),
    (c11('WRC+rel+acq', '1:r0=1 /\\ 2:r0=1 /\\ 2:r1=0', 'Wx1r', 'Rxa Wy1r', 'Rya Rx'), False),
    (c11('IRIW+acq', APART, 'Wx1r', 'Wy1r', 'Rxa Rya', 'Rya Rxa'), True),
    (riscv('MP', '1:x10=1 /\\ 1:x11=0', 'Wx; Wy', 'Ry; Rx'), True),
    (riscv('MP+fence', '1:x10=1 /\\ 1:x11=0', 'Wx; fence rw,w; Wy', 'Ry; fence r,rw; Rx'), False),
    (riscv('SB+fence.rw.w', '0:x10=0 /\\ 1:x10=0', 'Wx; fence rw,w; Ry', 'Wy; fence rw,w; Rx'), True),
    (riscv('SB+fence.rw.rw', '0:x10=0 /\\ 1:x10=0', 'Wx; fence rw,rw; Ry', 'Wy; fence rw,rw; Rx'), False),
    (riscv('LB', '0:x10=1 /\\ 1:x10=1', 'Rx; Wy', 'Ry; Wx'), True),
    (riscv('CoRR', '1:x10=1 /\\ 1:x11=0', 'Wx', 'Rx; Rx'), False),
    (riscv('IRIW+fence', '2:x10=1 /\\ 2:x11=0 /\\ 3:x10=1 /\\ 3:x11=0', 'Wx', 'Wy', 'Rx; fence r,rw; Ry',
           'Ry; fence r,rw; Rx'), False),
]
